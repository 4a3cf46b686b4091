from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from projects import Project, make_project
from repro_project import CHAIN, run, status, with_python
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.executors import EXECUTORS, StageCommand
from treering.pipelines.graph import CyclicGraph
from treering.pipelines.lockfile import read_lock
from treering.pipelines.logs import StageLogs
from treering.pipelines.stage import Stage
from treering.versioning.errors import OutputClash
from treering.versioning.imports import ImportOptions, import_url


@pytest.fixture
def chain(project: Project) -> Project:
    project.write("dvc.yaml", CHAIN)
    project.write("in", "1\n")
    return project


@pytest.fixture
def done(chain: Project) -> Project:
    run(chain)
    return chain


def test_stages_run_in_their_order_and_then_nothing_is_left_to_do(chain: Project) -> None:
    first = run(chain)
    assert first.how == {"a": "ran", "b": "ran", "c": "ran"}
    assert chain.read("c.txt") == "1\n"
    assert chain.read(".gitignore") == "/a.txt\n/b.txt\n/c.txt\n"
    lock = (chain.root / "dvc.lock").stat()
    again = run(chain)
    assert again.happened == [("unchanged", "a"), ("unchanged", "b"), ("unchanged", "c")]
    assert again.report.reproduced == []
    assert (chain.root / "dvc.lock").stat().st_mtime_ns == lock.st_mtime_ns
    assert status(chain) == {}


def test_only_what_depends_on_a_change_runs(done: Project) -> None:
    done.write("a.txt", "by hand\n")
    assert run(done, "c").how == {"a": "cached", "b": "unchanged", "c": "unchanged"}
    done.write("dvc.yaml", CHAIN.replace("cp a.txt b.txt", "cp -f a.txt b.txt"))
    assert run(done).how == {"a": "unchanged", "b": "ran", "c": "unchanged"}


def test_a_change_that_ends_nowhere_stops_the_rest(done: Project) -> None:
    done.write("dvc.yaml", CHAIN.replace("cp in a.txt", "sort -u in > a.txt"))
    done.write("in", "1\n1\n")
    assert run(done).how == {"a": "ran", "b": "unchanged", "c": "unchanged"}


def test_what_ran_before_is_restored_and_not_run_again(done: Project) -> None:
    done.write("in", "2\n")
    assert run(done).how == {"a": "ran", "b": "ran", "c": "ran"}
    done.write("in", "1\n")
    restored = run(done)
    assert restored.how == {"a": "cached", "b": "cached", "c": "cached"}
    assert ("running", "a") not in restored.happened
    assert done.read("c.txt") == "1\n"
    assert status(done) == {}
    done.write("in", "2\n")
    assert run(done, run_cache=False).how == {"a": "ran", "b": "ran", "c": "ran"}


def test_the_lock_alone_brings_outputs_back_without_the_run_cache(done: Project) -> None:
    for name in "abc":
        (done.root / f"{name}.txt").unlink()
    shutil.rmtree(done.root / ".dvc" / "cache" / "runs")
    assert run(done, run_cache=False).how == {"a": "cached", "b": "cached", "c": "cached"}


def test_a_lost_lock_is_made_again_from_the_run_cache(done: Project) -> None:
    before = (done.root / "dvc.lock").read_bytes()
    (done.root / "dvc.lock").unlink()
    assert run(done).how == {"a": "cached", "b": "cached", "c": "cached"}
    assert (done.root / "dvc.lock").read_bytes() == before


def test_a_run_whose_outputs_are_gone_from_the_cache_is_run_again(done: Project) -> None:
    shutil.rmtree(done.root / ".dvc" / "cache" / "files")
    assert status(done)["a"] == [{"changed outs": {"a.txt": "not in cache"}}]
    # The others have the same content, which is there again when their turn comes.
    assert run(done).how == {"a": "ran", "b": "unchanged", "c": "unchanged"}
    assert status(done) == {}


@pytest.mark.parametrize(
    ("targets", "options", "seen"),
    [
        (["b"], {}, ["a", "b"]),
        (["b"], {"single_item": True}, ["b"]),
        (["c", "b"], {"single_item": True}, ["c", "b"]),
        (["b"], {"downstream": True}, ["b", "c"]),
        (["b"], {"pipeline": True}, ["a", "b", "c"]),
        (["b"], {"pipeline": True, "single_item": True}, ["a", "b", "c"]),
        (["x"], {"pipeline": True}, ["x"]),
        ([], {"all_pipelines": True}, ["a", "b", "c", "x"]),
        (["[bx]"], {"glob": True}, ["a", "b", "x"]),
        (["c.txt"], {}, ["a", "b", "c"]),
        (["dvc.yaml:b"], {}, ["a", "b"]),
        (["."], {"recursive": True}, ["a", "b", "c", "x"]),
    ],
)
def test_targets_and_options_choose_stages(
    chain: Project, targets: list[str], options: dict[str, bool], seen: list[str]
) -> None:
    chain.write("dvc.yaml", f"{CHAIN}  x:\n    cmd: echo x > x.txt\n    outs: [x.txt]\n")
    run(chain, all_pipelines=True)
    assert [address for _, address in run(chain, *targets, **options).happened] == seen


def test_force_runs_what_has_not_changed(done: Project) -> None:
    assert run(done, "b", force=True).how == {"a": "ran", "b": "ran"}
    assert run(done, "b", force=True, single_item=True).how == {"b": "ran"}


def test_force_downstream_runs_who_needs_what_ran(done: Project) -> None:
    done.write("dvc.yaml", CHAIN.replace("cp a.txt b.txt", "cp -f a.txt b.txt"))
    assert run(done, force_downstream=True).how == {"a": "unchanged", "b": "ran", "c": "ran"}


def test_a_dry_run_tells_and_does_nothing(chain: Project) -> None:
    told = run(chain, dry=True)
    assert told.how == {"a": "planned", "b": "planned", "c": "planned"}
    assert [event.text for event in told.events if event.kind == "command"] == [
        "cp in a.txt", "cp a.txt b.txt", "cp b.txt c.txt",
    ]  # fmt: skip
    assert sorted(path.name for path in chain.root.iterdir()) == [".dvc", ".git", "dvc.yaml", "in"]


def test_a_failure_ends_it_and_what_was_done_before_is_locked(chain: Project) -> None:
    chain.write("dvc.yaml", CHAIN.replace("cp a.txt b.txt", "echo half > b.txt; exit 3"))
    failed = run(chain)
    assert failed.happened == [("running", "a"), ("ended", "a"), ("running", "b"), ("failed", "b")]
    assert "failed to reproduce 'b'" in failed.error
    assert "exited with 3" in failed.error
    assert failed.events[-1].status == 3
    assert list(read_lock((chain.root / "dvc.lock").read_bytes(), "").stages) == ["a"]
    chain.write("dvc.yaml", CHAIN)
    assert run(chain).how == {"a": "unchanged", "b": "ran", "c": "ran"}


BRANCHES = """\
stages:
  bad:
    cmd: exit 1
    outs: [bad]
  needs-bad:
    cmd: echo n > needs
    deps: [in]
    outs: [needs]
    params: []
  after-bad:
    cmd: cp bad after
    deps: [bad]
    outs: [after]
  last:
    cmd: cp after last
    deps: [after]
    outs: [last]
  good:
    cmd: echo g > good
    outs: [good]
"""


@pytest.mark.parametrize("jobs", [1, 3])
def test_keep_going_leaves_out_only_what_needs_the_failed(project: Project, jobs: int) -> None:
    project.write("dvc.yaml", BRANCHES)
    project.write("in", "1\n")
    ran = run(project, keep_going=True, jobs=jobs)
    assert ran.how == {"needs-bad": "ran", "good": "ran"}
    assert list(ran.report.failed) == ["bad"]
    assert ran.report.blocked == {"after-bad": "bad", "last": "bad"}
    assert "failed to reproduce 'bad'" in ran.error


@pytest.mark.parametrize("jobs", [1, 3])
def test_ignoring_errors_goes_on_as_if_nothing_had_happened(project: Project, jobs: int) -> None:
    project.write("dvc.yaml", BRANCHES)
    project.write("in", "1\n")
    ran = run(project, ignore_errors=True, jobs=jobs)
    assert ran.error == ""
    assert sorted(ran.report.failed) == ["after-bad", "bad", "last"]
    assert sorted(ran.how) == ["good", "needs-bad"]


def test_a_missing_dependency_is_told_before_anything_is_lost(done: Project) -> None:
    (done.root / "in").unlink()
    failed = run(done)
    assert "dependency 'in' does not exist" in failed.error
    assert done.read("a.txt") == "1\n"


def test_an_output_that_was_not_made_is_a_failure(project: Project) -> None:
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: echo\n    outs: [o]\n")
    assert "output 'o' does not exist" in run(project).error
    assert not (project.root / "dvc.lock").exists()


def test_missing_parameters_are_named(project: Project) -> None:
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: echo > o\n    params: [lr, train.epochs]\n    outs: [o]\n")
    assert "dependency 'params.yaml' does not exist" in run(project).error
    project.write("params.yaml", "lr: 1\n")
    assert "Parameters 'train.epochs' are missing from 'params.yaml'" in run(project).error


def test_allow_missing_takes_what_is_locked(done: Project) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (done.root / name).unlink()
    shutil.rmtree(done.root / ".dvc" / "cache")
    assert run(done, allow_missing=True).how == {"a": "unchanged", "b": "unchanged", "c": "unchanged"}
    done.write("in", "2\n")
    assert run(done, allow_missing=True).how == {"a": "ran", "b": "ran", "c": "ran"}


def test_no_commit_hashes_and_locks_but_stores_nothing(chain: Project) -> None:
    run(chain, commit=False)
    assert not list(chain.root.glob(".dvc/cache/files/**/*"))
    assert not (chain.root / ".dvc" / "cache" / "runs").exists()
    assert status(chain)["a"] == [{"changed outs": {"a.txt": "not in cache"}}]


def test_a_stage_that_is_frozen_follows_nothing(done: Project) -> None:
    done.write("dvc.yaml", CHAIN.replace("outs: [b.txt]", "outs: [b.txt]\n    frozen: true"))
    done.write("in", "2\n")
    ran = run(done)
    assert ran.how == {"a": "ran", "b": "unchanged", "c": "unchanged"}
    warnings = [event.text for event in ran.events if event.kind == "warning"]
    assert warnings == ["stage: 'b' is frozen. Its dependencies are not going to be reproduced."]
    done.write("b.txt", "by hand\n")
    assert run(done, "c").how == {"b": "verified", "c": "ran"}
    (done.root / "b.txt").unlink()
    assert "missing data 'source': b.txt" in run(done, "c").error


@pytest.mark.parametrize(
    "stage",
    ["cmd: echo hi", "cmd: echo > o\n    always_changed: true\n    deps: [in]\n    outs: [o]"],
    ids=["callback", "always"],
)
def test_some_stages_always_run(project: Project, stage: str) -> None:
    project.write("dvc.yaml", f"stages:\n  a:\n    {stage}\n")
    project.write("in", "")
    assert [run(project).how for _ in range(3)] == [{"a": "ran"}] * 3
    assert status(project) == {"a": ["always changed"]}


def test_a_persistent_output_is_there_when_its_stage_runs_and_may_be_written(project: Project) -> None:
    text = "stages:\n  a:\n    cmd: echo x >> o/log\n    deps: [in]\n    outs:\n    - o:\n        persist: true\n"
    project.write("dvc.yaml", text)
    project.write(".dvc/config", "[cache]\n    type = hardlink\n")
    project.write("in", "1")
    project.write("o/log", "")
    for count in (1, 2, 3):
        project.write("in", str(count))
        assert run(project).how == {"a": "ran"}
        assert project.read("o/log") == "x\n" * count
    # Each version is whole in the cache: none was written through a link.
    project.write("in", "1")
    assert status(project)["a"] == [{"changed deps": {"in": "modified"}}]
    sizes = sorted(
        path.stat().st_size for path in project.root.glob(".dvc/cache/files/md5/*/*") if path.suffix != ".dir"
    )
    assert sizes == [2, 4, 6]


def test_what_is_not_persistent_is_gone_when_its_stage_runs(project: Project) -> None:
    project.write(
        "dvc.yaml", "stages:\n  a:\n    cmd: test ! -e d && mkdir d && cp in d/x\n    deps: [in]\n    outs: [d]\n"
    )
    for content in "12":
        project.write("in", content)
        assert run(project).how == {"a": "ran"}
    project.write("d/stray", "")
    assert run(project, force=True).how == {"a": "ran"}
    assert [path.name for path in (project.root / "d").iterdir()] == ["x"]


METRICS = """\
stages:
  a:
    cmd: cp in m.json && cp in o
    deps: [in]
    outs: [o]
    metrics:
    - m.json:
        cache: false
"""


def test_a_metric_that_git_keeps_is_restored_with_its_run_and_is_no_link(project: Project) -> None:
    project.write("dvc.yaml", METRICS)
    project.write(".dvc/config", "[cache]\n    type = symlink\n")
    for content in "12":
        project.write("in", content)
        run(project)
    project.write("in", "1")
    assert run(project).how == {"a": "cached"}
    metric = project.root / "m.json"
    assert metric.read_text() == "1"
    assert not metric.is_symlink()
    assert metric.stat().st_mode & stat.S_IWUSR
    assert (project.root / "o").is_symlink()
    assert project.read(".gitignore") == "/o\n"


def test_an_output_that_is_not_cached_keeps_its_run_from_the_run_cache(project: Project) -> None:
    project.write(
        "dvc.yaml", METRICS.replace("metrics:", "outs2:").replace("    outs: [o]\n    outs2:", "    outs:\n    - o")
    )
    for content in "121":
        project.write("in", content)
        assert run(project).how == {"a": "ran"}


def test_a_binary_metric_is_refused(project: Project) -> None:
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: head -c 600 /dev/zero > m\n    metrics: [m]\n")
    assert "cannot be used as metrics" in run(project).error


def test_an_output_that_git_tracks_is_refused_with_what_to_do(chain: Project) -> None:
    chain.write("a.txt", "old\n")
    chain.commit()
    assert "git rm -r --cached 'a.txt'" in run(chain).error


def test_data_that_was_edited_is_taken_into_its_pointer(chain: Project) -> None:
    chain.write("in.dvc", "outs:\n- md5: b026324c6904b2a9cb4b88d6d61c81d1\n  size: 2\n  hash: md5\n  path: in\n")
    assert run(chain).how["in.dvc"] == "verified"
    chain.write("in", "2\n")
    ran = run(chain)
    assert ran.how == {"in.dvc": "verified", "a": "ran", "b": "ran", "c": "ran"}
    assert "26ab0db90d72e28ad0ba1e22ee510510" in chain.read("in.dvc")
    assert run(chain).report.reproduced == []


def test_each_command_has_a_shell_and_a_folder_of_its_own(project: Project) -> None:
    text = 'stages:\n  a:\n    wdir: sub\n    cmd:\n    - X=1; pwd > where\n    - echo "${X:-none}" > other\n    outs: [where, other]\n'
    project.write("sub/keep", "")
    project.write("dvc.yaml", text.replace("${X", "\\${X"))
    run(project)
    assert project.read("sub/where") == f"{project.root}/sub\n"
    assert project.read("sub/other") == "none\n"
    assert project.read("sub/.gitignore") == "/where\n/other\n"


def test_commands_know_their_stage_and_their_repository(project: Project) -> None:
    project.write("sub/dvc.yaml", 'stages:\n  a:\n    cmd: echo "$DVC_STAGE $DVC_ROOT $MORE" > o\n    outs: [o]\n')

    def environment(stage: Stage) -> dict[str, str]:
        return {"MORE": stage.name.upper()}

    run(project, "sub/dvc.yaml", environment=environment)
    assert project.read("sub/o") == f"sub/dvc.yaml:a {project.root} A\n"
    run(project, "a", force=True, base=project.root / "sub")
    assert project.read("sub/o") == f"a {project.root} \n"


def test_a_stage_is_told_before_it_runs_and_who_says_no_ends_it(chain: Project) -> None:
    asked: list[str] = []

    def confirm(question: str) -> bool:
        asked.append(question)
        return "'b'" not in question

    ran = run(chain, confirm=confirm, jobs=4)
    assert ran.how == {"a": "ran"}
    assert "aborted by the user" in ran.error
    assert asked == [
        "Going to reproduce stage: 'a'. Are you sure you want to continue?",
        "Going to reproduce stage: 'b'. Are you sure you want to continue?",
    ]


def test_an_event_tells_what_a_run_made(done: Project) -> None:
    done.write("in", "3\n")
    ended = [event for event in run(done, captured=True).events if event.kind == "ended"]
    assert [event.stage.address for event in ended] == ["a", "b", "c"]
    assert ended[0].entry is not None
    assert ended[0].entry["outs"][0]["path"] == "a.txt"
    assert ended[0].entry == read_lock((done.root / "dvc.lock").read_bytes(), "").stages["a"]
    assert ended[0].seconds > 0
    # The stage is the one that was planned: with what was locked before.
    assert ended[0].stage.locked is not None
    assert ended[0].stage.locked.data != ended[0].entry


def test_what_is_captured_is_logged_and_told(project: Project) -> None:
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: echo out; echo err >&2; exit 1\n")
    ran = run(project, captured=True)
    assert {(event.data, event.is_error) for event in ran.events if event.kind == "output"} == {
        (b"out\n", False), (b"err\n", True),
    }  # fmt: skip
    log = ran.events[-1].log
    assert log is not None
    assert sorted(log.read_text().splitlines()) == ["err", "out"]
    assert log.is_relative_to(project.root / ".dvc" / "tmp" / "treering")
    assert str(log) in ran.error


def test_what_is_printed_is_logged_too_and_no_event(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: echo out; echo err >&2; exit 1\n")
    ran = run(project)
    assert tuple(capfd.readouterr()) == ("out\n", "err\n")
    assert not [event for event in ran.events if event.kind == "output"]
    log = ran.events[-1].log
    assert log is not None
    assert sorted(log.read_text().splitlines()) == ["err", "out"]
    assert str(log) in ran.error


def test_a_stage_runs_to_its_end_when_nobody_reads_what_it_prints(project: Project) -> None:
    text = "stages:\n  a:\n    cmd: for x in $(seq 20000); do echo line $x; done; echo done > o\n    outs: [o]\n"
    project.write("dvc.yaml", text)
    program = (
        "import os\nfrom pathlib import Path\nfrom treering.pipelines.reproduce import reproduce\n"
        "from treering.versioning.repository import find_repository\n"
        "reproduce(find_repository(Path.cwd(), dict(os.environ)))\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=project.root, env=project.environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
    assert process.returncode == 0
    assert project.read("o") == "done\n"
    (log,) = StageLogs(project.repo.our_tmp).of("a")
    assert log.read_text().endswith("line 20000\n")


def test_the_files_that_git_should_see_are_told(chain: Project) -> None:
    assert sorted(Path(path).name for path in run(chain).report.touched) == [".gitignore", "dvc.lock"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (CHAIN.replace("deps: [in]", "deps: [c.txt]"), CyclicGraph),
        (CHAIN.replace("outs: [c.txt]", "outs: [a.txt]"), OutputClash),
        (CHAIN.replace("cmd:", "command:"), InvalidInput),
        ("stages: [", InvalidInput),
    ],
)
def test_a_pipeline_that_cannot_be_is_refused(chain: Project, text: str, error: type[Exception]) -> None:
    chain.write("dvc.yaml", text)
    with pytest.raises(error):
        run(chain)


@pytest.mark.parametrize("target", ["nope", "dvc.yaml:nope", "sub/dvc.yaml", "nope.dvc"])
def test_a_target_that_is_not_there_is_refused(chain: Project, target: str) -> None:
    with pytest.raises(NotFound):
        run(chain, target)


def test_a_lock_that_git_ignores_is_refused(chain: Project) -> None:
    chain.write(".gitignore", "dvc.lock\n")
    with pytest.raises(InvalidInput, match="git-ignored"):
        run(chain)


def test_a_folder_that_is_not_there_is_told_by_its_stage(project: Project) -> None:
    project.write("dvc.yaml", "stages:\n  a:\n    wdir: nowhere\n    cmd: echo\n")
    assert "nowhere" in run(project).error


def test_a_project_without_git_works(tmp_path: Path) -> None:
    project = make_project(tmp_path, git=False)
    project.write("dvc.yaml", CHAIN)
    project.write("in", "1\n")
    run(project)
    assert not (project.root / ".gitignore").exists()
    assert run(project).report.reproduced == []


class Elsewhere:
    """A place that is not this machine."""

    ran: list[StageCommand] = []  # noqa: RUF012 - of the class: the table makes the objects

    def run(self, command: StageCommand, /) -> int:
        self.ran.append(command)
        Path(command.folder, "o").write_text("from elsewhere\n")
        if command.output:
            command.output(b"far away\n", False)
        return 0


def test_a_stage_can_run_elsewhere(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXECUTORS._loaded, "elsewhere", Elsewhere)
    project.write(
        "dvc.yaml",
        "stages:\n  a:\n    cmd: not-to-be-found\n    outs: [o]\n    meta: {treering: {executor: elsewhere, queue: big}}\n",
    )
    ran = run(project, captured=True)
    assert ran.how == {"a": "ran"}
    assert project.read("o") == "from elsewhere\n"
    assert Elsewhere.ran[-1].settings["queue"] == "big"
    assert [event.data for event in ran.events if event.kind == "output"] == [b"far away\n"]


def test_an_executor_that_is_not_known_is_told_with_those_that_are(project: Project) -> None:
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: echo\n    meta: {treering: {executor: moon}}\n")
    assert "local" in run(project).error


def test_parameters_in_four_languages_are_locked_and_watched(project: Project) -> None:
    project.write(
        "dvc.yaml",
        "stages:\n  a:\n    cmd: echo > o\n    outs: [o]\n    params:\n    - lr\n    - t.toml: [s.v]\n    - p.json: [x.y]\n"
        "    - q.py: [A, C.k]\n    - w.yaml:\n",
    )
    project.write("params.yaml", "lr: 0.1\nother: 1\n")
    project.write("p.json", {"x": {"y": [1, 2]}})
    project.write("t.toml", '[s]\nv = "z"\n')
    project.write("q.py", "A = (1, 2)\nclass C:\n    k = {'a': None}\n")
    project.write("w.yaml", "one: 1\n")
    run(project)
    locked = read_lock((project.root / "dvc.lock").read_bytes(), "").stages["a"]["params"]
    assert locked == {
        "params.yaml": {"lr": 0.1},
        "p.json": {"x.y": [1, 2]},
        "q.py": {"A": [1, 2], "C.k": {"a": None}},
        "t.toml": {"s.v": "z"},
        "w.yaml": {"one": 1},
    }
    assert status(project) == {}
    project.write("params.yaml", "lr: 0.1\nother: 2\n")
    assert status(project) == {}
    project.write("w.yaml", "one: 1\ntwo: 2\n")
    project.write("q.py", "A = (2, 1)\n")
    assert status(project) == {
        "a": [{"changed deps": {"q.py": {"A": "modified", "C.k": "deleted"}, "w.yaml": {"two": "new"}}}]
    }


def test_a_python_program_runs_with_the_python_of_the_path(project: Project) -> None:
    project = with_python(project)
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: python -c 'print(6 * 7)' > o\n    outs: [o]\n")
    run(project)
    assert project.read("o") == "42\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file outside of the project."""
    file = tmp_path / "elsewhere" / "data.csv"
    file.parent.mkdir()
    file.write_text("1\n")
    return file


def test_a_dependency_outside_of_the_project_is_watched(project: Project, source: Path) -> None:
    project.write("dvc.yaml", f"stages:\n  a:\n    cmd: cp {source} o\n    deps: [{source}]\n    outs: [o]\n")
    assert run(project).how == {"a": "ran"}
    assert status(project) == {}
    source.write_text("2\n")
    assert status(project) == {"a": [{"changed deps": {str(source): "modified"}}]}
    assert run(project).how == {"a": "ran"}
    source.unlink()
    assert status(project) == {"a": [{"changed deps": {str(source): "deleted"}}]}


@pytest.mark.parametrize("where", ["remote://far/data.csv", "file://{folder}/data.csv"])
def test_a_dependency_at_a_url_is_watched(project: Project, source: Path, where: str) -> None:
    project.write(".dvc/config", f"['remote \"far\"']\n    url = {source.parent}\n")
    url = where.format(folder=source.parent)
    project.write("dvc.yaml", f"stages:\n  a:\n    cmd: cp {source} o\n    deps: ['{url}']\n    outs: [o]\n")
    assert run(project).how == {"a": "ran"}
    assert read_lock((project.root / "dvc.lock").read_bytes(), "").stages["a"]["deps"][0]["path"] == url
    assert status(project) == {}
    source.write_text("2\n")
    assert status(project) == {"a": [{"changed deps": {url: "modified"}}]}
    assert run(project).how == {"a": "ran"}
    source.unlink()
    assert status(project) == {"a": [{"changed deps": {url: "deleted"}}]}
    assert "does not exist" in run(project).error


def test_an_import_that_is_not_frozen_is_brought_up_to_date(project: Project, source: Path) -> None:
    import_url(project.repo, str(source), ImportOptions(out=str(project.root / "in")))
    project.write("dvc.yaml", CHAIN)
    assert run(project).how == {"in.dvc": "unchanged", "a": "ran", "b": "ran", "c": "ran"}
    source.write_text("2\n")
    assert status(project) == {}
    project.write("in.dvc", project.read("in.dvc").replace("frozen: true\n", ""))
    assert status(project)["in.dvc"] == [{"changed deps": {str(source): "modified"}}]
    assert run(project).how == {"in.dvc": "imported", "a": "ran", "b": "ran", "c": "ran"}
    assert project.read("c.txt") == "2\n"
    assert status(project) == {}
