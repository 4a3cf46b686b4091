"""Running experiments in the working tree and in trees of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from projects import Project
from treering.core.errors import AlreadyExists, InvalidInput, NotFound, NotSupported
from treering.experiments.apply import exp_apply
from treering.experiments.asked import Asked
from treering.experiments.isolated import clear_trees
from treering.experiments.listing import exp_list
from treering.experiments.refs import ExperimentRef
from treering.experiments.run import Ran, exp_run, exp_run_apart
from treering.experiments.workspace_run import running_here
from treering.pipelines.events import ignore_events
from treering.pipelines.reproduce import ReproFailed, ReproOptions
from treering.versioning.errors import Busy
from treering.versioning.repository import Repository


def shown(project: Project, rev: str, path: str) -> str:
    return project.git("show", f"{rev}:{path}")


def names(project: Project) -> list[str]:
    return [name for found in exp_list(project.repo).values() for name, _ in found]


def rev(ran: Ran) -> str:
    assert ran.committed is not None
    return ran.committed.rev


def quiet(repo: Repository, asked: Asked) -> Ran:
    """A run in the working tree, what it prints caught."""
    return exp_run(repo, asked, ignore_events)


@pytest.fixture
def captured() -> ReproOptions:
    return ReproOptions(captured=True)


def test_a_run_in_the_working_tree_leaves_its_result_there(pipeline: Project, captured: ReproOptions) -> None:
    head = pipeline.git("rev-parse", "HEAD")
    ran = quiet(pipeline.repo, Asked(params=["lr=2.5"], name="mine", repro=captured))
    assert pipeline.git("rev-parse", "HEAD") == head
    assert pipeline.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert pipeline.git("diff", "--cached", "--name-only") == ""
    assert pipeline.read("params.yaml") == "lr: 2.5  # the rate\nfail: no\nlayers: [1, 2]\n"
    assert json.loads(pipeline.read("metrics.json"))["acc"] == 2.5
    assert pipeline.git("rev-parse", f"refs/exps/{head[:2]}/{head[2:]}/mine") == rev(ran)
    assert pipeline.git("log", "-1", "--format=%P", rev(ran)) == head
    for path in ("params.yaml", "metrics.json", "dvc.lock"):
        assert shown(pipeline, rev(ran), path) == pipeline.read(path).strip()
    assert "model.txt" not in pipeline.git("ls-tree", "-r", "--name-only", rev(ran)).splitlines()
    assert ran.report.ran == ["train"]
    assert not list(pipeline.repo.our_tmp.glob("index-*"))


def test_the_message_is_the_hash_of_what_was_locked(pipeline: Project, captured: ReproOptions) -> None:
    ran = quiet(pipeline.repo, Asked(params=["lr=2"], repro=captured))
    message = pipeline.git("log", "-1", "--format=%B", rev(ran))
    assert ran.committed is not None
    assert message == f"dvc: commit experiment {ran.committed.hash}"
    again = quiet(pipeline.repo, Asked(repro=captured))
    # Of nothing at all.
    empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert pipeline.git("log", "-1", "--format=%s", rev(again)) == f"dvc: commit experiment {empty}"
    own = quiet(pipeline.repo, Asked(params=["lr=3"], message="with\nlines", repro=captured))
    assert pipeline.git("log", "-1", "--format=%B", rev(own)) == "with\nlines"


def test_commands_know_which_experiment_they_belong_to(pipeline: Project, captured: ReproOptions) -> None:
    head = pipeline.git("rev-parse", "HEAD")
    told: list[bytes] = []
    exp_run(pipeline.repo, Asked(name="mine", repro=captured), lambda event: told.append(event.data))
    assert b"".join(told).decode() == f"training with 1 as mine on {head}\n"


def test_without_a_name_one_is_made_up(pipeline: Project, captured: ReproOptions) -> None:
    made = {quiet(pipeline.repo, Asked(params=[f"lr={number}"], repro=captured)).name for number in range(3)}
    assert len(made) == 3
    assert set(names(pipeline)) == made
    assert all(name.count("-") == 1 for name in made)


def test_a_name_is_taken_once(pipeline: Project, captured: ReproOptions) -> None:
    first = quiet(pipeline.repo, Asked(params=["lr=2"], name="mine", repro=captured))
    with pytest.raises(AlreadyExists, match="conflicts with existing experiment 'mine'"):
        quiet(pipeline.repo, Asked(params=["lr=3"], name="mine", repro=captured))
    assert "lr: 2" in pipeline.read("params.yaml")
    forced = ReproOptions(captured=True, force=True)
    second = quiet(pipeline.repo, Asked(params=["lr=3"], name="mine", repro=forced))
    assert (
        rev(first)
        != rev(second)
        == pipeline.git("rev-parse", ExperimentRef(pipeline.git("rev-parse", "HEAD"), "mine").path)
    )
    with pytest.raises(InvalidInput, match="cannot be the name"):
        quiet(pipeline.repo, Asked(name="a/b", repro=captured))


def test_a_failed_run_leaves_parameters_set_and_no_experiment(pipeline: Project, captured: ReproOptions) -> None:
    with pytest.raises(ReproFailed, match="failed to reproduce 'train'"):
        quiet(pipeline.repo, Asked(params=["fail=yes", "lr=2"], repro=captured))
    assert pipeline.read("params.yaml").startswith("lr: 2  # the rate\nfail: yes")
    assert names(pipeline) == []
    assert running_here(pipeline.repo) is None


def test_nothing_is_set_if_one_parameter_cannot_be(pipeline: Project) -> None:
    before = pipeline.read("params.yaml")
    for wrong in (["lr=2", "other=1"], ["lr=2", "x.yaml:a=1"], ["lr=1,2"], ["lr"]):
        with pytest.raises(InvalidInput):
            quiet(pipeline.repo, Asked(params=wrong))
        assert pipeline.read("params.yaml") == before
    assert not (pipeline.root / "x.yaml").exists()


def test_what_stages_need_belongs_to_the_experiment_and_other_files_do_not(
    pipeline: Project, captured: ReproOptions
) -> None:
    pipeline.git("rm", "--quiet", "--cached", "train.sh")
    pipeline.commit("without code")
    pipeline.git("rm", "--quiet", "--cached", "train.sh", "--ignore-unmatch")
    pipeline.git("commit", "--quiet", "--amend", "--allow-empty", "-m", "without code")
    pipeline.write("stray.txt", "stray")
    pipeline.write("staged.txt", "staged")
    pipeline.git("add", "staged.txt")
    ran = quiet(pipeline.repo, Asked(params=["lr=2"], repro=captured))
    listed = pipeline.git("ls-tree", "-r", "--name-only", rev(ran)).splitlines()
    assert "train.sh" in listed
    assert "staged.txt" in listed
    assert "stray.txt" not in listed
    assert ran.committed is not None
    assert ran.committed.untracked == ("stray.txt",)


def test_a_tree_of_its_own_begins_with_the_working_tree_and_leaves_it_alone(
    pipeline: Project, captured: ReproOptions
) -> None:
    pipeline.write("train.sh", pipeline.read("train.sh").replace("model $lr", "better model $lr"))
    pipeline.write("data.txt", "changed data\n")
    before = pipeline.git("status", "--porcelain"), pipeline.git("ls-files", "--stage"), pipeline.read("data.txt.dvc")
    ran = exp_run_apart(pipeline.repo, Asked(params=["lr=7"], name="apart", repro=captured))
    assert (
        pipeline.git("status", "--porcelain"),
        pipeline.git("ls-files", "--stage"),
        pipeline.read("data.txt.dvc"),
    ) == before
    assert not (pipeline.root / "model.txt").exists()
    assert "better model" in shown(pipeline, rev(ran), "train.sh")
    assert shown(pipeline, rev(ran), "data.txt.dvc") != before[2].strip()
    assert shown(pipeline, rev(ran), "params.yaml").startswith("lr: 7")
    model = "better model 7 of changed data\n"
    (oid,) = [line.split()[-1] for line in shown(pipeline, rev(ran), "dvc.lock").splitlines() if "md5:" in line][-1:]
    assert (pipeline.repo.cache_dir / "files" / "md5" / oid[:2] / oid[2:]).read_text() == model
    assert pipeline.git("worktree", "list").count("\n") == 0
    assert not list((pipeline.repo.our_tmp / "trees").glob("exp-*"))


def test_relative_remotes_and_caches_are_the_same_in_a_tree_of_its_own(
    pipeline: Project, captured: ReproOptions
) -> None:
    pipeline.write(".dvc/config", "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../store\n")
    pipeline.write(".dvc/config.local", "[cache]\n    dir = ../../elsewhere\n")
    pipeline.write("train.sh", "cp .dvc/config.local config.txt; echo x > model.txt; echo '{}' > metrics.json")
    pipeline.write(
        "dvc.yaml",
        pipeline.read("dvc.yaml").replace("    metrics:", "    - config.txt:\n        cache: false\n    metrics:"),
    )
    (pipeline.root / ".dvc" / "cache").rename(pipeline.root.parent / "elsewhere")
    ran = exp_run_apart(pipeline.repo, Asked(repro=captured))
    local = shown(pipeline, rev(ran), "config.txt")
    assert f"dir = {pipeline.root.parent / 'elsewhere'}" in local
    assert f"url = {pipeline.root.parent / 'store'}" in local


def test_untracked_files_come_along_only_if_asked(pipeline: Project, captured: ReproOptions) -> None:
    pipeline.write("extra/deep.txt", "5")
    pipeline.write("train.sh", "cat extra/deep.txt > model.txt && echo '{}' > metrics.json")
    with pytest.raises(ReproFailed):
        exp_run_apart(pipeline.repo, Asked(repro=captured))
    ran = exp_run_apart(pipeline.repo, Asked(repro=captured, copy_paths=["extra"]))
    assert "extra" not in pipeline.git("ls-tree", "-r", "--name-only", rev(ran))
    with pytest.raises(NotFound, match="no 'nothing'"):
        exp_run_apart(pipeline.repo, Asked(repro=captured, copy_paths=["nothing"]))
    with pytest.raises(InvalidInput, match="lies outside"):
        exp_run_apart(pipeline.repo, Asked(repro=captured, copy_paths=["../other"]))


def test_a_dry_run_makes_nothing(pipeline: Project) -> None:
    before = pipeline.git("status", "--porcelain")
    ran = quiet(pipeline.repo, Asked(params=["lr=5"], repro=ReproOptions(dry=True, captured=True)))
    assert ran.committed is None
    assert pipeline.git("status", "--porcelain") == before
    assert names(pipeline) == []


def test_a_repository_in_a_folder_of_git_works_in_a_tree_of_its_own(tmp_path: Path, pipeline: Project) -> None:
    outer = Project(tmp_path / "outer", pipeline.environ)
    outer.root.mkdir()
    outer.git("init", "--quiet", "--initial-branch=main")
    inner = Project(outer.root / "sub" / "project", pipeline.environ)
    (outer.root / "sub").mkdir()
    pipeline.git("worktree", "prune")
    subprocess.run(["cp", "-r", str(pipeline.root), str(inner.root)], check=True)
    subprocess.run(["rm", "-rf", str(inner.root / ".git")], check=True)
    outer.write("beside.txt", "1")
    outer.commit("all")
    ran = exp_run_apart(inner.repo, Asked(params=["lr=4"], repro=ReproOptions(captured=True)))
    assert shown(outer, rev(ran), "sub/project/params.yaml").startswith("lr: 4")
    here = quiet(inner.repo, Asked(params=["lr=6"], repro=ReproOptions(captured=True)))
    assert shown(outer, rev(here), "sub/project/metrics.json").startswith('{"acc": 6')


RUN = """
import sys
from pathlib import Path
from treering.core.variables import process_variables
from treering.experiments.apply import exp_apply
from treering.experiments.asked import Asked
from treering.experiments.run import exp_run, exp_run_apart
from treering.versioning.repository import find_repository
run = exp_run if sys.argv[1] == "here" else exp_run_apart
run(find_repository(Path.cwd(), process_variables()), Asked(params=["lr=9"], name="killed"))
"""


def running(project: Project, where: str, gate: Path) -> subprocess.Popen[bytes]:
    """A run in a process of its own, whose stage waits for a file."""
    started = gate.with_name("started")
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, where],
        cwd=project.root,
        env={**project.environ, "GATE": str(gate), "STARTED": str(started)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not started.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert started.exists()
    return process


@pytest.mark.parametrize("where", ["here", "apart"])
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_run_loses_nothing_and_the_next_command_clears_up(
    pipeline: Project, tmp_path: Path, where: str, sign: signal.Signals
) -> None:
    pipeline.write("notes.txt", "untracked")
    pipeline.write("train.sh", pipeline.read("train.sh") + "# changed\n")
    head = pipeline.git("rev-parse", "HEAD")
    gate = tmp_path / "gate"
    process = running(pipeline, where, gate)
    told = running_here(pipeline.repo)
    assert (told is not None and told.name == "killed") == (where == "here")
    process.send_signal(sign)
    assert process.wait(60) != 0
    if sign == signal.SIGINT:
        assert not list((pipeline.repo.our_tmp / "trees").glob("exp-*"))
    gate.touch()
    assert running_here(pipeline.repo) is None
    assert names(pipeline) == []
    assert pipeline.git("rev-parse", "HEAD") == head
    assert pipeline.read("notes.txt") == "untracked"
    assert pipeline.read("train.sh").endswith("# changed\n")
    run = exp_run if where == "here" else exp_run_apart
    ran = run(pipeline.repo, Asked(params=["lr=9"], name="killed", repro=ReproOptions(captured=True)))
    assert shown(pipeline, rev(ran), "metrics.json").startswith('{"acc": 9')
    assert not list((pipeline.repo.our_tmp / "trees").glob("exp-*"))
    assert pipeline.git("worktree", "list").count("\n") == 0


def test_a_tree_that_is_in_use_is_not_cleared_away(pipeline: Project, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    process = running(pipeline, "apart", gate)
    try:
        assert clear_trees(pipeline.repo) == []
        assert len(list((pipeline.repo.our_tmp / "trees").glob("exp-*"))) == 1
    finally:
        gate.touch()
    assert process.wait(60) == 0
    assert names(pipeline) == ["killed"]


def test_one_experiment_at_a_time_runs_in_the_working_tree(pipeline: Project, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    process = running(pipeline, "here", gate)
    try:
        with pytest.raises(Busy, match=r"'killed'.*--temp or --queue"):
            quiet(pipeline.repo, Asked(params=["lr=2"]))
        assert pipeline.read("params.yaml").startswith("lr: 9")
        apart = exp_run_apart(
            Repository(pipeline.root, pipeline.environ), Asked(params=["lr=3"], repro=ReproOptions(captured=True))
        )
        assert rev(apart)
    finally:
        gate.touch()
    assert process.wait(60) == 0
    assert sorted(names(pipeline)) == sorted(["killed", apart.name])


def test_the_pid_of_another_process_is_no_run(pipeline: Project) -> None:
    pipeline.repo.our_tmp.mkdir(parents=True, exist_ok=True)
    told = {"name": "old", "baseline": "b", "pid": os.getppid()}
    (pipeline.repo.our_tmp / "workspace-run.json").write_text(json.dumps(told))
    assert running_here(pipeline.repo) is None
    (pipeline.repo.our_tmp / "workspace-run.json").write_text("{")
    assert running_here(pipeline.repo) is None


def test_what_hydra_would_compose_is_refused_unless_told(pipeline: Project, captured: ReproOptions) -> None:
    pipeline.write(".dvc/config", "[hydra]\n    enabled = true\n")
    for run in (exp_run, exp_run_apart):
        with pytest.raises(NotSupported, match="--no-hydra"):
            run(pipeline.repo, Asked(repro=captured))
    assert rev(quiet(pipeline.repo, Asked(repro=captured, no_hydra=True)))


def test_an_experiment_is_pushed_when_it_is_made_where_the_config_says_so(
    pipeline: Project, tmp_path: Path, captured: ReproOptions, caplog: pytest.LogCaptureFixture
) -> None:
    far, store = tmp_path / "far", tmp_path / "store"
    pipeline.write(".dvc/config", "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../store\n")
    pipeline.commit("remote")
    pipeline.git("clone", "--quiet", "--bare", ".", str(far))
    pipeline.git("remote", "add", "team", str(far))
    pipeline.environ["DVC_EXP_AUTO_PUSH"] = "true"
    pipeline.environ["DVC_EXP_GIT_REMOTE"] = "team"
    ran = exp_run_apart(pipeline.repo, Asked(params=["lr=4"], name="mine", repro=captured))
    assert exp_list(pipeline.repo, remote="team").popitem()[1] == [("mine", None)]
    (oid,) = [line.split()[-1] for line in shown(pipeline, rev(ran), "dvc.lock").splitlines() if "md5:" in line][-1:]
    assert (store / "files" / "md5" / oid[:2] / oid[2:]).is_file()
    pipeline.environ["DVC_EXP_GIT_REMOTE"] = "nowhere"
    assert rev(quiet(pipeline.repo, Asked(params=["lr=5"], repro=captured)))
    assert "could not be pushed to 'nowhere'" in caplog.text


def test_without_a_commit_there_is_nothing_to_derive_from(tmp_path: Path, pipeline: Project) -> None:
    empty = Project(tmp_path / "empty", pipeline.environ)
    (empty.root / ".dvc").mkdir(parents=True)
    empty.git("init", "--quiet")
    for run in (exp_run, exp_run_apart):
        with pytest.raises(NotSupported, match="git commit"):
            run(empty.repo, Asked())


def test_submodules_are_left_alone(pipeline: Project, tmp_path: Path, captured: ReproOptions) -> None:
    other = Project(tmp_path / "other", pipeline.environ)
    other.root.mkdir()
    other.git("init", "--quiet")
    other.write("lib.py", "1\n")
    other.commit("lib")
    pipeline.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "lib")
    pipeline.commit("submodule")
    pipeline.write("lib/lib.py", "changed\n")
    pipeline.write("lib/new.py", "new\n")
    runs = [
        exp_run_apart(pipeline.repo, Asked(params=["lr=4"], name="apart", repro=captured)),
        quiet(pipeline.repo, Asked(params=["lr=5"], name="here", repro=captured)),
    ]
    for ran in runs:
        assert pipeline.git("ls-tree", rev(ran), "lib").startswith("160000 commit")
    exp_apply(pipeline.repo, "apart")
    assert pipeline.read("params.yaml").startswith("lr: 4")
    assert (pipeline.read("lib/lib.py"), pipeline.read("lib/new.py")) == ("changed\n", "new\n")
    assert not list((pipeline.repo.our_tmp / "trees").glob("exp-*"))


def test_a_detached_head_does_not_matter(pipeline: Project, captured: ReproOptions) -> None:
    pipeline.git("checkout", "--quiet", "--detach")
    head = pipeline.git("rev-parse", "HEAD")
    quiet(pipeline.repo, Asked(params=["lr=4"], repro=captured))
    exp_run_apart(pipeline.repo, Asked(params=["lr=5"], repro=captured))
    assert pipeline.git("rev-parse", "HEAD") == head
    assert len(names(pipeline)) == 2


def test_paths_are_relative_to_where_the_user_stands(pipeline: Project, captured: ReproOptions) -> None:
    pipeline.write("sub/params.yaml", "depth: 1\n")
    pipeline.write("sub/extra.txt", "x")
    pipeline.commit("sub")
    (pipeline.root / "sub" / "extra.txt").write_text("here")
    pipeline.git("rm", "--quiet", "--cached", "sub/extra.txt")
    pipeline.commit("without")
    asked = Asked(
        ["../dvc.yaml:train"],
        ["depth=2", "../params.yaml:lr=6"],
        copy_paths=["extra.txt"],
        repro=captured,
        folder=pipeline.root / "sub",
    )
    for run in (exp_run_apart, exp_run):
        made = rev(run(pipeline.repo, asked))
        assert shown(pipeline, made, "sub/params.yaml") == "depth: 2"
        assert shown(pipeline, made, "params.yaml").startswith("lr: 6")


def test_parameters_that_git_does_not_track_yet_belong_to_the_experiment(
    pipeline: Project, captured: ReproOptions
) -> None:
    pipeline.git("rm", "--quiet", "--cached", "params.yaml")
    pipeline.commit("untracked")
    pipeline.git("rm", "--quiet", "--cached", "--ignore-unmatch", "params.yaml")
    pipeline.git("commit", "--quiet", "--amend", "--allow-empty", "-m", "untracked")
    pipeline.write("other.yaml", "deep: {a: 1}\n")
    # What is not set is not taken along, as under DVC.
    with pytest.raises(ReproFailed):
        exp_run_apart(pipeline.repo, Asked(params=["other.yaml:deep.a=2"], repro=captured))
    for run in (exp_run_apart, exp_run):
        made = rev(run(pipeline.repo, Asked(params=["lr=4", "other.yaml:deep.a=3"], repro=captured)))
        assert shown(pipeline, made, "params.yaml").startswith("lr: 4")
        assert shown(pipeline, made, "other.yaml") == "deep: {a: 3}"


def test_what_a_stage_stages_does_not_stay_staged_and_what_the_user_staged_does(
    pipeline: Project, captured: ReproOptions
) -> None:
    pipeline.write(
        "train.sh",
        pipeline.read("train.sh") + "git add -f params.yaml mine.txt made.txt\ngit rm -q --cached gone.txt\n",
    )
    for name in ("mine.txt", "gone.txt", "dropped.txt"):
        pipeline.write(name, "committed\n")
    pipeline.commit("more")
    pipeline.write("made.txt", "new\n")
    pipeline.write("mine.txt", "staged\n")
    pipeline.git("add", "mine.txt")
    pipeline.git("rm", "-q", "--cached", "dropped.txt")
    pipeline.write("mine.txt", "later\n")
    before = pipeline.git("ls-files", "--stage")
    ran = quiet(pipeline.repo, Asked(params=["lr=2"], repro=captured))
    assert pipeline.git("ls-files", "--stage") == before
    assert pipeline.read("mine.txt") == "later\n"
    assert shown(pipeline, rev(ran), "made.txt") == "new"
    assert shown(pipeline, rev(ran), "mine.txt") == "later"


def test_what_a_failed_stage_staged_does_not_stay_staged(pipeline: Project, captured: ReproOptions) -> None:
    pipeline.write("train.sh", "touch made && git add made && exit 1\n")
    pipeline.commit("more")
    with pytest.raises(ReproFailed):
        quiet(pipeline.repo, Asked(repro=captured))
    assert pipeline.git("diff", "--cached", "--name-only") == ""
