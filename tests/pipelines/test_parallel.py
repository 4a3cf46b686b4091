"""Stages that run at the same time: with commands that wait for each other, so that they would hang if they did not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from projects import Project
from repro_project import run, status
from treering.core.errors import InvalidInput
from treering.pipelines.lockfile import read_lock

# Says that it is there, and waits until all the others are.
MEET = "touch meet-{name}; for i in $(seq 600); do test $(ls meet-* | wc -l) -ge {count} && break; sleep 0.05; done; test $(ls meet-* | wc -l) -ge {count}"


def wide(names: str, meta: str = "") -> str:
    """A pipeline of stages that need nothing of each other, and one at the end that needs all."""
    text = "stages:\n"
    for name in names:
        met = MEET.format(name=name, count=len(names))
        text += (
            f'  {name}:\n    cmd: "{met} && echo {name} > {name}.txt"\n    deps: [in]\n    outs: [{name}.txt]\n{meta}'
        )
    outs = ", ".join(f"{name}.txt" for name in names)
    return text + f"  all:\n    cmd: cat {outs.replace(',', '')} > all.txt\n    deps: [{outs}]\n    outs: [all.txt]\n"


def test_independent_stages_run_at_once_and_who_needs_them_later(project: Project) -> None:
    project.write("in", "1\n")
    project.write("dvc.yaml", wide("abc"))
    ran = run(project, jobs=3)
    assert set(ran.how.values()) == {"ran"}
    assert list(ran.how)[-1] == "all"
    assert project.read("all.txt") == "a\nb\nc\n"
    assert status(project) == {}


def test_the_lock_file_is_that_of_one_job_whoever_ends_first(project: Project, tmp_path: Path) -> None:
    # Each waits until the one behind it is locked.
    text, names = "stages:\n", "abcdef"
    for at, name in enumerate(names):
        waits = (
            f"for i in $(seq 600); do grep -qs ^..{names[at + 1]}: dvc.lock && break; sleep 0.02; done; "
            if at < len(names) - 1
            else ""
        )
        text += f'  {name}:\n    cmd: "test -z \\"$ALONE\\" && {{ {waits}true; }}; echo {name} > {name}.txt"\n    outs: [{name}.txt]\n'
    project.write("dvc.yaml", text)
    assert set(run(project, jobs=6).how.values()) == {"ran"}
    together = project.read("dvc.lock")
    assert list(read_lock(together.encode(), "").stages) == list(names)
    alone = Project(tmp_path / "alone", project.environ)
    shutil.copytree(project.root, alone.root, ignore=shutil.ignore_patterns("*.txt", "dvc.lock", "cache"))
    assert set(run(alone, environment=lambda _stage: {"ALONE": "1"}).how.values()) == {"ran"}
    assert alone.read("dvc.lock") == together


def test_of_a_mutex_one_runs_at_a_time(project: Project) -> None:
    text = "stages:\n"
    for name in "abc":
        text += (
            f"  {name}:\n    cmd: mkdir busy && sleep 0.05 && rmdir busy && echo {name} > {name}.txt\n"
            f"    outs: [{name}.txt]\n    meta: {{treering: {{mutex: busy}}}}\n"
        )
    project.write("dvc.yaml", text)
    assert set(run(project, jobs=3).how.values()) == {"ran"}


def test_a_resource_is_shared_by_as_many_as_it_is_enough_for(project: Project) -> None:
    project.write("in", "1\n")
    claim = "    meta: {treering: {resources: {gpu: 1}}}\n"
    project.write("dvc.yaml", wide("abc", claim))
    assert set(run(project, jobs=3, resources={"gpu": 3}).how.values()) == {"ran"}
    with pytest.raises(InvalidInput, match="wants 1 of the resource 'gpu', of which there is 0"):
        run(project, jobs=3, resources={"gpu": 0}, force=True)


def test_what_stages_print_is_told_and_logged_apart(project: Project) -> None:
    project.write("in", "1\n")
    project.write("dvc.yaml", wide("abc").replace("&& echo ", "&& seq 1000 && echo "))
    ran = run(project, jobs=3)
    wanted = b"".join(b"%d\n" % number for number in range(1, 1001))
    for name in "abc":
        printed = b"".join(event.data for event in ran.events if event.kind == "output" and event.stage.address == name)
        assert printed == wanted
        log = ran.report.done[name].log
        assert log is not None
        assert log.read_bytes() == wanted


def test_after_a_failure_what_runs_is_waited_for_and_locked(project: Project) -> None:
    text = (
        "stages:\n  bad:\n    cmd: for i in $(seq 600); do test -e begun && break; sleep 0.02; done; exit 1\n    outs: [bad]\n"
        "  slow:\n    cmd: touch begun; sleep 0.3; echo s > slow.txt\n    outs: [slow.txt]\n"
        "  later:\n    cmd: cp slow.txt later.txt\n    deps: [slow.txt]\n    outs: [later.txt]\n"
    )
    project.write("dvc.yaml", text)
    ran = run(project, jobs=2)
    assert "failed to reproduce 'bad'" in ran.error
    assert ran.how == {"slow": "ran"}
    assert list(read_lock((project.root / "dvc.lock").read_bytes(), "").stages) == ["slow"]


def test_many_jobs_find_nothing_to_do(project: Project) -> None:
    project.write("in", "1\n")
    project.write("dvc.yaml", wide("abc"))
    run(project, jobs=3)
    before = (project.root / "dvc.lock").stat().st_mtime_ns
    assert set(run(project, jobs=8).how.values()) == {"unchanged"}
    assert (project.root / "dvc.lock").stat().st_mtime_ns == before


def test_stages_in_several_files_lock_each_its_own(project: Project) -> None:
    for name in ("one", "two"):
        project.write(
            f"{name}/dvc.yaml",
            f"stages:\n  a:\n    cmd: echo {name} > o\n    outs: [o]\n  b:\n    cmd: cp o p\n    deps: [o]\n    outs: [p]\n",
        )
    ran = run(project, all_pipelines=True, jobs=4)
    assert sorted(ran.how) == ["one/dvc.yaml:a", "one/dvc.yaml:b", "two/dvc.yaml:a", "two/dvc.yaml:b"]
    for name in ("one", "two"):
        assert list(read_lock((project.root / name / "dvc.lock").read_bytes(), "").stages) == ["a", "b"]
        assert project.read(f"{name}/.gitignore") == "/o\n/p\n"


def test_a_hundred_stages_at_once_are_all_locked_in_order(project: Project) -> None:
    project.write(
        "dvc.yaml",
        "stages:\n  a:\n    matrix: {n: ["
        + ", ".join(map(str, range(60)))
        + "]}\n    cmd: echo ${item.n} > o${item.n}\n    outs: ['o${item.n}']\n",
    )
    assert set(run(project, jobs=8).how.values()) == {"ran"}
    assert list(read_lock((project.root / "dvc.lock").read_bytes(), "").stages) == [f"a@{n}" for n in range(60)]
    assert list((project.root / ".dvc" / "tmp" / "treering" / "running").iterdir()) == []
