"""Changes of data between the last commit, the pointers and the workspace, in the shape of `dvc data status --json`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from treering.storage.content.oid import Oid
from treering.versioning.changes import Change, Side, compare, with_renames
from treering.versioning.errors import UnknownRevision
from treering.versioning.outputs import Outputs
from treering.versioning.repository import Repository
from treering.versioning.sides import told_side, workspace_side
from treering.versioning.sources import OutputSource, Revisions

__all__ = ["DataChanges", "DataStatus", "DataStatusOptions", "RemoteCheck", "data_status"]

RemoteCheck = Callable[[Sequence[Oid]], set[Oid]]
"""Takes what should be on a remote; gives what is not there."""

_KINDS = ("modified", "added", "deleted", "renamed", "unknown")


@dataclass(frozen=True, slots=True)
class DataStatusOptions:
    """What is asked.

    Attributes:
        granular: Whether files in folders are told of one by one.
        untracked: Whether files that Git does not know are listed.
        head: What the pointers are compared with.
        missing_remotely: Asks a remote; without it, no remote is asked.
    """

    granular: bool = False
    untracked: bool = False
    head: str = "HEAD"
    missing_remotely: RemoteCheck | None = None


@dataclass(frozen=True, slots=True)
class DataChanges:
    """Paths by what became of them, sorted, relative to the repository; folders end with `/`. Renames are pairs."""

    modified: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, list[str] | list[dict[str, str]]]:
        """In DVC's shape, without what is empty."""
        found: dict[str, list[str] | list[dict[str, str]]] = {}
        for kind in _KINDS:
            if kind == "renamed" and self.renamed:
                found[kind] = [{"old": old, "new": new} for old, new in self.renamed]
            elif kind != "renamed" and (paths := getattr(self, kind)):
                found[kind] = list(paths)
        return found


@dataclass(frozen=True, slots=True)
class DataStatus:
    """What is to be told.

    Attributes:
        committed: From the last commit to the pointers.
        uncommitted: From the pointers to the workspace.
        git: What Git says: "is_empty", "is_dirty"; empty without Git.
    """

    committed: DataChanges = field(default_factory=DataChanges)
    uncommitted: DataChanges = field(default_factory=DataChanges)
    not_in_cache: tuple[str, ...] = ()
    not_in_remote: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    git: dict[str, bool] = field(default_factory=dict)

    @property
    def has_changes(self) -> bool:
        """Whether there is anything to tell but what is unchanged."""
        told = (self.committed.as_dict(), self.uncommitted.as_dict())
        return any((*told, self.not_in_cache, self.not_in_remote, self.untracked))

    def as_dict(self) -> dict[str, object]:
        """In DVC's shape and order, without `git`."""
        return {
            "not_in_cache": list(self.not_in_cache),
            "not_in_remote": list(self.not_in_remote),
            "committed": self.committed.as_dict(),
            "uncommitted": self.uncommitted.as_dict(),
            "untracked": list(self.untracked),
            "unchanged": list(self.unchanged),
        }


def data_status(
    repo: Repository,
    targets: Iterable[str | Path] | None = None,
    options: DataStatusOptions | None = None,
    *,
    sources: Sequence[OutputSource] | None = None,
) -> DataStatus:
    """Compare the last commit, the pointers and the workspace.

    Args:
        targets: Only these paths and what is in them; relative to the current folder.
        sources: Whose outputs there are; pointers only, unless given.
    """
    options = options or DataStatusOptions()
    keys = [repo.relpath(os.path.abspath(target)) for target in targets or ()]
    outputs = Outputs(repo, sources)
    told = told_side(repo, outputs)
    uncommitted = _selected(compare(told, workspace_side(repo, outputs), granular=options.granular), keys)
    uncommitted = [change for change in uncommitted if _says_something(change)]
    unchanged = {change.shown for change in uncommitted if change.kind == "unchanged"}
    committed: list[Change] = []
    head = _head(repo, options.head, sources)
    if head is not None:
        committed = [
            one for one in _selected(compare(head, told, granular=options.granular), keys) if _says_something(one)
        ]
        unchanged &= {change.shown for change in committed if change.kind == "unchanged"}
    return DataStatus(
        committed=_sorted_out(committed),
        uncommitted=_sorted_out(uncommitted),
        not_in_cache=_not_in_cache(repo, uncommitted),
        not_in_remote=_not_in_remote(outputs, told, keys, options),
        unchanged=tuple(sorted(unchanged)),
        untracked=_untracked(repo, keys) if options.untracked else (),
        git=_git_state(repo),
    )


def _says_something(change: Change) -> bool:
    if change.kind == "unknown":
        return change.new is not None
    return any(thing is not None and thing.oid is not None for thing in (change.old, change.new))


def _selected(changes: list[Change], keys: Sequence[str]) -> list[Change]:
    if not keys or "." in keys:
        return changes
    return [
        change for change in changes if any(change.path == key or change.path.startswith(f"{key}/") for key in keys)
    ]


def _sorted_out(changes: list[Change]) -> DataChanges:
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    renamed = []
    for change in with_renames(changes):
        if change.kind == "renamed" and change.old is not None and change.new is not None:
            renamed.append((change.old.shown, change.new.shown))
        elif change.kind in found:
            found[change.kind].append(change.shown)
    return DataChanges(
        tuple(found["modified"]),
        tuple(found["added"]),
        tuple(found["deleted"]),
        tuple(renamed),
        tuple(found["unknown"]),
    )


def _not_in_cache(repo: Repository, changes: Iterable[Change]) -> tuple[str, ...]:
    olds = {
        change.old.shown: change.old.oid for change in changes if change.old is not None and change.old.oid is not None
    }
    there = repo.cache.has_many(set(olds.values()))
    return tuple(sorted(shown for shown, oid in olds.items() if oid not in there))


def _not_in_remote(outputs: Outputs, told: Side, keys: Sequence[str], options: DataStatusOptions) -> tuple[str, ...]:
    if options.missing_remotely is None:
        return ()
    pushed = {
        outputs.repo.relpath(one.path)
        for one in outputs
        if one.output.push and not (one.pointer is not None and one.pointer.is_repo_import)
    }
    empty = Side({}, told.files_of)
    changes = _selected(compare(empty, told, granular=options.granular), keys)
    wanted = {
        change.shown: change.new.oid
        for change in changes
        if change.new is not None and change.new.oid is not None and _root_of(change.path, told) in pushed
    }
    missing = options.missing_remotely(sorted(set(wanted.values())))
    return tuple(sorted(shown for shown, oid in wanted.items() if oid in missing))


def _root_of(path: str, side: Side) -> str:
    while path not in side.outputs and "/" in path:
        path = path.rpartition("/")[0]
    return path


def _head(repo: Repository, head: str, sources: Sequence[OutputSource] | None) -> Side | None:
    """The outputs of a commit; nothing where there is no commit yet, None where there is no Git."""
    if repo.git is None:
        return None
    try:
        tree = Revisions(repo).tree(head)
    except UnknownRevision:
        return Side({}, lambda _: None)
    return told_side(repo, Outputs(repo, sources, tree))


def _untracked(repo: Repository, keys: Sequence[str]) -> tuple[str, ...]:
    if repo.git is None or repo.git_root is None:
        return ()
    found = []
    for path in repo.git.untracked():
        key = repo.relpath(os.path.join(repo.git_root, path))
        if not key.startswith("../") and (not keys or any(key == one or key.startswith(f"{one}/") for one in keys)):
            found.append(key)
    return tuple(found)


def _git_state(repo: Repository) -> dict[str, bool]:
    if repo.git is None:
        return {}
    return {"is_empty": not repo.git.has_commits, "is_dirty": bool(repo.git.dirty())}
