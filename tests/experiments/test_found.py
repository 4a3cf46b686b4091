"""Listing, naming, branching and renaming: what needs references alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects import Project
from treering.core.errors import AlreadyExists, InvalidInput, NotFound, NotSupported
from treering.experiments.branch import exp_branch
from treering.experiments.found import Selection, baselines_of, by_name, describe, resolve
from treering.experiments.listing import exp_list
from treering.experiments.refs import ExperimentRef
from treering.experiments.rename import exp_rename
from treering.versioning.errors import UnknownRevision
from treering.versioning.repository import Repository


def experiment(project: Project, name: str, baseline: str = "HEAD") -> str:
    """An experiment as only Git sees it: a commit on a baseline, and a reference."""
    base = project.git("rev-parse", baseline)
    rev = project.git("commit-tree", f"{base}^{{tree}}", "-p", base, "-m", f"dvc: commit experiment {name}")
    project.git("update-ref", ExperimentRef(base, name).path, rev)
    return rev


def test_experiments_are_listed_by_baseline(project: Project) -> None:
    first = project.git("rev-parse", "HEAD")
    old = experiment(project, "old")
    second = project.commit("second")
    new = [("a", experiment(project, "a")), ("b", experiment(project, "b"))]
    project.git("update-ref", "refs/exps/exec/EXEC_HEAD", second)
    project.git("update-ref", "refs/exps/celery/stash", second)
    assert exp_list(project.repo) == {second: new}
    assert exp_list(project.repo, Selection(num=2)) == {second: new, first: [("old", old)]}
    assert exp_list(project.repo, Selection(num=-1)) == exp_list(project.repo, Selection(all_commits=True))
    assert exp_list(project.repo, Selection(["HEAD~1"])) == {first: [("old", old)]}
    with pytest.raises(UnknownRevision):
        exp_list(project.repo, Selection(["nothing"]))


def test_experiments_of_a_remote_are_listed_without_commits(project: Project, tmp_path: Path) -> None:
    experiment(project, "a")
    head = project.git("rev-parse", "HEAD")
    project.git("clone", "--quiet", "--bare", ".", str(tmp_path / "far"))
    project.git("push", "--quiet", str(tmp_path / "far"), "refs/exps/*:refs/exps/*")
    project.git("update-ref", "-d", ExperimentRef(head, "a").path)
    assert exp_list(project.repo) == {}
    assert exp_list(project.repo, remote=str(tmp_path / "far")) == {head: [("a", None)]}


def test_baselines_are_chosen_as_dvc_does(project: Project) -> None:
    first = project.git("rev-parse", "HEAD")
    second = project.commit("second", tag="v1")
    project.git("checkout", "--quiet", "-b", "side", first)
    side = project.commit("side")
    git = project.repo.require_git()
    assert baselines_of(git, Selection()) == [side]
    assert baselines_of(git, Selection(["main", "side"], num=2)) == [second, first, side]
    assert set(baselines_of(git, Selection(all_branches=True))) == {second, side}
    assert baselines_of(git, Selection(all_tags=True)) == [second]
    assert set(baselines_of(git, Selection(all_commits=True))) == {first, second, side}
    assert describe(git, [first, second, side]) == {first: None, second: "v1", side: "side"}


def test_a_name_of_several_means_that_of_the_commit_that_is_checked_out(project: Project) -> None:
    first = project.git("rev-parse", "HEAD")
    old = experiment(project, "same")
    second = project.commit("second")
    new = experiment(project, "same")
    git = project.repo.require_git()
    assert by_name(git, ["same"])["same"].rev == new
    path = ExperimentRef(first, "same").path
    assert by_name(git, [path])[path].rev == old
    project.commit("third")
    with pytest.raises(InvalidInput, match="several experiments") as refused:
        by_name(project.repo.require_git(), ["same"])
    assert path in str(refused.value)
    assert ExperimentRef(second, "same").path in str(refused.value)
    with pytest.raises(NotFound, match="no experiment 'x', 'y'"):
        by_name(git, ["x", "y"])


def test_a_revision_is_a_commit_before_it_is_an_experiment(project: Project) -> None:
    rev = experiment(project, "mine")
    git = project.repo.require_git()
    assert resolve(git, "mine") == rev
    assert resolve(git, "HEAD") == git.head()
    project.git("branch", "mine")
    assert resolve(project.repo.require_git(), "mine") == git.head()
    with pytest.raises(UnknownRevision, match="no commit, branch, tag or experiment 'nothing'"):
        resolve(git, "nothing")


def test_an_experiment_becomes_a_branch(project: Project) -> None:
    rev = experiment(project, "mine")
    assert exp_branch(project.repo, "mine") == ("mine-branch", "mine")
    assert project.git("rev-parse", "mine-branch") == rev
    assert exp_branch(project.repo, rev[:10], "other") == ("other", "mine")
    with pytest.raises(AlreadyExists, match="'other' already exists"):
        exp_branch(project.repo, "mine", "other")
    with pytest.raises(InvalidInput, match="cannot be the name of a branch"):
        exp_branch(project.repo, "mine", "a..b")
    with pytest.raises(UnknownRevision):
        exp_branch(project.repo, "nothing")
    project.git("checkout", "--quiet", "--orphan", "apart")
    project.commit("apart")
    with pytest.raises(NotFound, match="is no experiment"):
        exp_branch(project.repo, "HEAD")


def test_an_experiment_gets_another_name(project: Project) -> None:
    rev = experiment(project, "old")
    experiment(project, "taken")
    assert exp_rename(project.repo, "old", "new")
    assert not exp_rename(project.repo, "new", "new")
    assert dict(exp_list(project.repo)[project.git("rev-parse", "HEAD")])["new"] == rev
    with pytest.raises(AlreadyExists, match="'taken'"):
        exp_rename(project.repo, "new", "taken")
    assert exp_rename(project.repo, "new", "taken", force=True)
    assert [name for name, _ in exp_list(project.repo)[project.git("rev-parse", "HEAD")]] == ["taken"]
    with pytest.raises(NotFound):
        exp_rename(project.repo, "old", "x")
    with pytest.raises(InvalidInput):
        exp_rename(project.repo, "taken", "a/b")


def test_an_experiment_of_a_remote_gets_another_name_there(project: Project, tmp_path: Path) -> None:
    far = str(tmp_path / "far")
    rev = experiment(project, "old")
    project.git("clone", "--quiet", "--bare", ".", far)
    project.git("push", "--quiet", far, "refs/exps/*:refs/exps/*")
    assert exp_rename(project.repo, "old", "new", remote=far)
    head = project.git("rev-parse", "HEAD")
    assert project.git("ls-remote", far, "refs/exps/*").split() == [rev, ExperimentRef(head, "new").path]
    assert exp_list(project.repo) == {head: [("old", rev)]}


def test_without_git_there_are_no_experiments(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = True\n")
    with pytest.raises(NotSupported):
        exp_list(Repository(tmp_path, {}))
