"""`exp push` and `exp pull`: experiments go to a Git remote and come from it, and their data with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from treering.core.errors import TreeringError
from treering.experiments.found import Found, Selection, all_experiments, baselines_of, by_baseline, by_name
from treering.experiments.rows import open_rows
from treering.versioning.errors import GitFailed
from treering.versioning.git import GitRepository
from treering.versioning.repository import Repository

__all__ = ["Exchanged", "MoveData", "exp_pull", "exp_push"]

MoveData = Callable[[Sequence[str]], int]
"""Moves the data of these commits between the cache and its remote; how many files."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What became of experiments, by name.

    Attributes:
        success: Those that were moved.
        up_to_date: Those that were there.
        diverged: Those of which the other side has another one, that was not overwritten.
        data: How many files of data were moved.
        data_error: Why data could not be moved; the experiments were.
    """

    success: tuple[str, ...] = ()
    up_to_date: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()
    data: int = 0
    data_error: Exception | None = field(default=None, compare=False)


def exp_push(
    repo: Repository,
    remote: str,
    names: Sequence[str] = (),
    selection: Selection | None = None,
    *,
    force: bool = False,
    data: MoveData | None = None,
) -> Exchanged:
    """Bring experiments to a Git remote.

    Args:
        repo: The repository.
        remote: A name or URL.
        names: Which ones; without names, those of the selected baselines, or of the commit that is checked out.
        selection: Of baselines.
        force: Overwrite others of the same name there.
        data: Moves their data, too.

    Raises:
        NotFound: If one that was named is not there.
        GitFailed: If the remote cannot be reached, or refuses.
    """
    git = repo.require_git()
    found = _chosen(git, names, selection, "")
    there = {one.ref.path: one.rev for one in all_experiments(git, remote)}
    groups = _Groups()
    for one in found:
        groups.add(one, _state(git, there.get(one.ref.path, ""), one.rev, force=force))
    if groups.success:
        flags = git.push(remote, [f"{one.ref.path}:{one.ref.path}" for one in groups.success], force=force)
        refused = [one.ref.name for one in groups.success if flags.get(one.ref.path, "") == "!"]
        if refused:
            msg = f"{remote!r} refused the experiments {', '.join(refused)}. Look at its rules for references."
            raise GitFailed(msg)
    return groups.exchanged(_moved(repo, groups, data))


def exp_pull(
    repo: Repository,
    remote: str,
    names: Sequence[str] = (),
    selection: Selection | None = None,
    *,
    force: bool = False,
    data: MoveData | None = None,
) -> Exchanged:
    """Bring experiments from a Git remote; as `exp_push`."""
    git = repo.require_git()
    found = _chosen(git, names, selection, remote)
    here = {one.ref.path: one.rev for one in all_experiments(git)}
    # What is compared has to be here; without a reference, nothing is changed by it.
    wanted = [one for one in found if here.get(one.ref.path) != one.rev]
    if wanted:
        git.fetch(remote, [one.ref.path for one in wanted])
    groups = _Groups()
    for one in found:
        groups.add(one, _state(git, here.get(one.ref.path, ""), one.rev, force=force))
    git.update_refs(f"update {one.ref.path} {one.rev}" for one in groups.success)
    return groups.exchanged(_moved(repo, groups, data))


def _chosen(git: GitRepository, names: Sequence[str], selection: Selection | None, remote: str) -> list[Found]:
    if selection is not None and selection.all_commits:
        return all_experiments(git, remote)
    if names:
        return list(by_name(git, names, remote).values())
    grouped = by_baseline(git, set(baselines_of(git, selection or Selection())), remote)
    return [one for group in grouped.values() for one in group]


def _state(git: GitRepository, old: str, new: str, *, force: bool) -> str:
    if old == new:
        return "up_to_date"
    if not old or force or (git.reader.find_commit(old) is not None and git.is_ancestor(old, new)):
        return "success"
    return "diverged"


@dataclass(slots=True)
class _Groups:
    success: list[Found] = field(default_factory=list)
    up_to_date: list[Found] = field(default_factory=list)
    diverged: list[Found] = field(default_factory=list)

    def add(self, one: Found, state: str) -> None:
        getattr(self, state).append(one)

    def exchanged(self, moved: tuple[int, Exception | None]) -> Exchanged:
        return Exchanged(_names(self.success), _names(self.up_to_date), _names(self.diverged), *moved)


def _moved(repo: Repository, groups: _Groups, data: MoveData | None) -> tuple[int, Exception | None]:
    found = [*groups.success, *groups.up_to_date]
    if data is None or not found:
        return 0, None
    with open_rows(repo) as rows:
        commits = dict.fromkeys(commit for one in found for commit in rows.line(one.rev, one.ref.baseline))
    try:
        return data(list(commits)), None
    except (OSError, TreeringError) as error:
        return 0, error


def _names(found: Iterable[Found]) -> tuple[str, ...]:
    return tuple(one.ref.name for one in found)
