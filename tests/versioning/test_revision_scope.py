from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from treering.core.errors import InvalidInput
from treering.versioning.errors import UnknownRevision
from treering.versioning.git import GitRepository
from treering.versioning.repository import Repository
from treering.versioning.revision_scope import RevisionScope, revisions_in

Git = Callable[..., str]


@pytest.fixture
def history(repo: Repository, git: Git) -> Iterator[GitRepository]:
    """Three commits on main, the second a tag, the first a branch; and references of experiments."""
    for number, day in enumerate(("2024-01-01", "2024-06-01", "2025-01-01")):
        git("-c", f"user.useConfigOnly={number}", "commit", "--quiet", "--allow-empty", "-m", day, "--date", day)
    git("branch", "old", "HEAD~2")
    git("tag", "v1", "HEAD~1")
    made = git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "experiment")
    git("update-ref", f"refs/exps/{made[:2]}/{made[2:]}/brave-name", made)
    git("update-ref", "refs/exps/exec/EXEC_HEAD", "HEAD")
    git("update-ref", "refs/exps/celery/stash", "HEAD~1")
    opened = repo.require_git()
    yield opened
    opened.close()


def names(git: GitRepository, scope: RevisionScope) -> list[list[str]]:
    return list(revisions_in(git, scope).values())


def test_nothing_asked_for_is_the_working_tree_alone(history: GitRepository) -> None:
    assert not RevisionScope()
    assert revisions_in(history, RevisionScope()) == {}


def test_a_commit_has_all_names_that_led_to_it(history: GitRepository) -> None:
    scope = RevisionScope(revs=("HEAD", "main"), branches=True, tags=True)
    assert scope
    assert names(history, scope) == [["HEAD", "main"], ["old"], ["v1"]]


def test_earlier_commits_of_a_name_have_their_own(history: GitRepository) -> None:
    second, first = history.resolve("HEAD~1"), history.resolve("HEAD~2")
    assert names(history, RevisionScope(revs=("main",), num=2)) == [["main"], [second]]
    assert names(history, RevisionScope(branches=True, num=0)) == [["main"], [second], [first, "old"]]


def test_all_commits_are_those_of_branches_and_tags_and_not_of_experiments(history: GitRepository) -> None:
    assert set(revisions_in(history, RevisionScope(commits=True, branches=True))) == {
        history.resolve(rev) for rev in ("HEAD", "HEAD~1", "HEAD~2")
    }


def test_experiments_are_found_and_the_machinery_is_not(history: GitRepository) -> None:
    assert names(history, RevisionScope(experiments=True)) == [["brave-name"]]


def test_commits_can_be_asked_for_by_day(history: GitRepository) -> None:
    # A commit counts from when it was made, not from what its author said.
    assert len(revisions_in(history, RevisionScope(since="2024-05-01"))) == 3
    assert revisions_in(history, RevisionScope(since="2999-01-01")) == {}
    with pytest.raises(InvalidInput, match="YYYY-MM-DD"):
        revisions_in(history, RevisionScope(since="yesterday"))


def test_a_name_that_is_none_is_told(history: GitRepository) -> None:
    with pytest.raises(UnknownRevision, match="'none'"):
        revisions_in(history, RevisionScope(revs=("none",)))
