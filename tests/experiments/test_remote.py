"""Experiments to and from another Git repository, and removing them here and there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from projects import Project
from treering.core.errors import InvalidInput, NotFound
from treering.experiments.asked import Asked
from treering.experiments.found import Selection
from treering.experiments.listing import exp_list
from treering.experiments.queue import exp_queue
from treering.experiments.queue_status import queue_status
from treering.experiments.refs import ExperimentRef
from treering.experiments.remote import exp_pull, exp_push
from treering.experiments.remove import RemoveOptions, exp_remove
from treering.versioning.errors import GitFailed


def experiment(project: Project, name: str, content: str = "") -> str:
    """An experiment with a file of its own."""
    project.write("own.txt", content or name)
    project.git("add", "own.txt")
    tree = project.git("write-tree")
    project.git("rm", "--quiet", "--force", "own.txt")
    head = project.git("rev-parse", "HEAD")
    rev = project.git("commit-tree", tree, "-p", head, "-m", name)
    project.git("update-ref", ExperimentRef(head, name).path, rev)
    return rev


def names(project: Project, remote: str = "") -> list[str]:
    found = exp_list(project.repo, Selection(all_commits=True), remote=remote)
    return sorted(name for group in found.values() for name, _ in group)


@pytest.fixture
def far(project: Project, tmp_path: Path) -> str:
    """Another repository, which the project knows as `origin`."""
    project.git("clone", "--quiet", "--bare", ".", str(tmp_path / "far"))
    project.git("remote", "add", "origin", str(tmp_path / "far"))
    return "origin"


@pytest.fixture
def friend(far: str, project: Project, tmp_path: Path) -> Project:
    """Somebody else's clone."""
    assert far == "origin"
    project.git("clone", "--quiet", str(tmp_path / "far"), str(tmp_path / "friend"))
    return Project(tmp_path / "friend", project.environ)


def test_experiments_go_there_and_come_back(project: Project, far: str, friend: Project) -> None:
    for name in ("a", "b"):
        experiment(project, name)
    pushed = exp_push(project.repo, far, ["a"])
    assert (pushed.success, pushed.up_to_date, pushed.diverged) == (("a",), (), ())
    pushed = exp_push(project.repo, far)
    assert (pushed.success, pushed.up_to_date) == (("b",), ("a",))
    assert names(friend, far) == ["a", "b"]
    pulled = exp_pull(friend.repo, far, ["b"])
    assert (pulled.success, names(friend)) == (("b",), ["b"])
    pulled = exp_pull(friend.repo, far)
    assert (pulled.success, pulled.up_to_date, names(friend)) == (("a",), ("b",), ["a", "b"])
    with pytest.raises(NotFound, match="in the Git remote 'origin'"):
        exp_pull(friend.repo, far, ["c"])
    with pytest.raises(GitFailed):
        exp_push(project.repo, "nowhere", ["a"])


def test_another_experiment_of_the_same_name_is_not_overwritten_unless_forced(
    project: Project, far: str, friend: Project
) -> None:
    mine, theirs = experiment(project, "same", "mine"), experiment(friend, "same", "theirs")
    exp_push(project.repo, far)
    assert exp_push(friend.repo, far).diverged == ("same",)
    assert exp_pull(friend.repo, far).diverged == ("same",)
    path = ExperimentRef(project.git("rev-parse", "HEAD"), "same").path
    assert friend.git("rev-parse", path) == theirs
    assert exp_pull(friend.repo, far, force=True).success == ("same",)
    assert friend.git("rev-parse", path) == mine
    friend.git("update-ref", path, theirs)
    assert exp_push(friend.repo, far, force=True).success == ("same",)
    assert exp_pull(project.repo, far, force=True).success == ("same",)
    assert project.git("rev-parse", path) == theirs


def test_data_goes_along_for_what_is_there_now(project: Project, far: str, friend: Project) -> None:
    a, b = experiment(project, "a"), experiment(project, "b")
    asked: list[Sequence[str]] = []

    def move(commits: Sequence[str]) -> int:
        asked.append(commits)
        return 3

    exp_push(project.repo, far, ["a"])
    assert exp_push(project.repo, far, data=move).data == 3
    assert sorted(asked.pop()) == sorted([a, b])
    assert exp_pull(friend.repo, far, ["b"], data=move).data == 3
    assert asked == [[b]]

    def fail(_commits: Sequence[str]) -> int:
        msg = "no network"
        raise OSError(msg)

    pulled = exp_pull(friend.repo, far, ["a"], data=fail)
    assert pulled.success == ("a",)
    assert "no network" in str(pulled.data_error)


def test_experiments_of_chosen_baselines_go(project: Project, far: str) -> None:
    experiment(project, "old")
    project.commit("second")
    experiment(project, "new")
    assert exp_push(project.repo, far, selection=Selection(["HEAD~1"])).success == ("old",)
    assert exp_push(project.repo, far, selection=Selection(all_commits=True)).success == ("new",)


def test_experiments_are_removed_by_name_baseline_or_all(project: Project) -> None:
    experiment(project, "old")
    project.commit("second")
    for name in ("a", "b", "c"):
        experiment(project, name)
    with pytest.raises(NotFound, match="'nothing'"):
        exp_remove(project.repo, RemoveOptions(["a", "nothing"]))
    assert names(project) == ["a", "b", "c", "old"]
    assert exp_remove(project.repo, RemoveOptions(["a"])) == ["a"]
    assert sorted(exp_remove(project.repo, RemoveOptions(["b"], keep=True))) == ["c", "old"]
    assert names(project) == ["b"]
    experiment(project, "d")
    assert exp_remove(project.repo, RemoveOptions(selection=Selection(["HEAD~1"]))) == []
    assert sorted(exp_remove(project.repo, RemoveOptions(selection=Selection(["HEAD"])))) == ["b", "d"]
    experiment(project, "e")
    assert exp_remove(project.repo, RemoveOptions(selection=Selection(all_commits=True))) == ["e"]
    assert exp_remove(project.repo, RemoveOptions()) == []
    with pytest.raises(InvalidInput, match="--keep"):
        exp_remove(project.repo, RemoveOptions(keep=True, queue=True))


def test_experiments_of_a_remote_are_removed_there(project: Project, far: str) -> None:
    experiment(project, "a")
    experiment(project, "b")
    exp_push(project.repo, far)
    assert exp_remove(project.repo, RemoveOptions(["a"], remote=far)) == ["a"]
    assert names(project, far) == ["b"]
    assert names(project) == ["a", "b"]


def test_queued_experiments_are_removed_by_name_or_all(pipeline: Project) -> None:
    exp_queue(pipeline.repo, Asked(params=["lr=1,2,3"], name="q"))
    assert exp_remove(pipeline.repo, RemoveOptions(["q-2"])) == ["q-2"]
    assert sorted(exp_remove(pipeline.repo, RemoveOptions(queue=True))) == ["q-1", "q-3"]
    assert list(queue_status(pipeline.repo).tasks) == []
