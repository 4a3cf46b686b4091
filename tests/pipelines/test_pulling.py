"""Runs that bring what is missing from elsewhere: with a remote that is another cache on this disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from projects import Project
from repro_project import CHAIN, run, status
from treering.versioning.checkout import CheckoutOptions, Wanted, checkout_outputs
from treering.versioning.pointers import Output, read_pointer


class Remote:
    """Another cache, and what was asked of it."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.folder = folder
        self.asked: list[str] = []

    def runs(self) -> None:
        self.asked.append("runs")
        shutil.copytree(self.folder / "runs", self.project.root / ".dvc/cache/runs", dirs_exist_ok=True)

    def outputs(self, wanted: Sequence[tuple[Output, str]]) -> None:
        for out, path in wanted:
            self.asked.append(Path(path).name)
            if out.oid is not None:
                self._copy(out.oid.value)

    def paths(self, paths: Sequence[str]) -> None:
        for path in paths:
            self.asked.append(f"path {Path(path).name}")
            pointer = read_pointer(Path(f"{path}.dvc"))
            self.outputs([(pointer.outs[0], path)])
            checkout_outputs(self.project.repo, [Wanted(pointer.outs[0], path)], CheckoutOptions())

    def _copy(self, value: str) -> None:
        source = self.folder / "files/md5" / value[:2] / value[2:]
        if source.exists():
            target = self.project.root / ".dvc/cache/files/md5" / value[:2] / value[2:]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


@pytest.fixture
def remote(project: Project, tmp_path: Path) -> Remote:
    """What a colleague has pushed, of a project in which everything is up to date."""
    project.write("dvc.yaml", CHAIN)
    project.write("in", "1\n")
    project.write("in.dvc", "outs:\n- md5: b026324c6904b2a9cb4b88d6d61c81d1\n  size: 2\n  hash: md5\n  path: in\n")
    run(project)
    shutil.move(project.root / ".dvc/cache", tmp_path / "remote")
    return Remote(project, tmp_path / "remote")


def clone(project: Project) -> None:
    """Leave what Git has."""
    for name in ("in", "a.txt", "b.txt", "c.txt"):
        (project.root / name).unlink()


def test_what_is_only_missing_is_pulled_and_not_run(project: Project, remote: Remote) -> None:
    clone(project)
    ran = run(project, pull=True, puller=remote)
    assert ran.how == {"in.dvc": "pulled", "a": "pulled", "b": "pulled", "c": "pulled"}
    assert project.read("c.txt") == "1\n"
    assert status(project) == {}
    assert remote.asked[0] == "runs"
    assert run(project, pull=True, puller=remote).report.reproduced == []


def test_without_being_asked_nothing_is_pulled(project: Project, remote: Remote) -> None:
    clone(project)
    assert "missing data 'source': in" in run(project, puller=remote).error
    assert remote.asked == []


def test_what_has_changed_runs_with_the_data_that_is_pulled(project: Project, remote: Remote) -> None:
    clone(project)
    project.write("dvc.yaml", CHAIN.replace("cp in a.txt", "sed s/1/2/ in > a.txt"))
    ran = run(project, "a", single_item=True, pull=True, puller=remote)
    assert ran.how == {"a": "ran"}
    assert "path in" in remote.asked
    assert project.read("a.txt") == "2\n"


def test_a_run_of_somebody_else_is_taken_with_what_it_made(project: Project, remote: Remote) -> None:
    clone(project)
    project.write("in", "1\n")
    (project.root / "dvc.lock").unlink()
    assert run(project, pull=True, puller=remote).how == {
        "in.dvc": "pulled",
        "a": "cached",
        "b": "cached",
        "c": "cached",
    }
    assert project.read("c.txt") == "1\n"


def test_what_is_nowhere_to_be_had_runs(project: Project, remote: Remote) -> None:
    clone(project)
    project.write("in", "1\n")
    shutil.rmtree(remote.folder / "files")
    ran = run(project, pull=True, puller=remote)
    assert {name: ran.how[name] for name in "abc"} == {"a": "ran", "b": "pulled", "c": "pulled"}
    assert any("Unable to pull data for stage: 'a'" in event.text for event in ran.events if event.kind == "warning")
    assert status(project) == {}
