"""How data differs between two commits, or a commit and the workspace, in the shape of `dvc diff --json --show-hash`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.core.errors import NotFound
from treering.versioning.changes import Change, Side, Thing, compare, with_renames
from treering.versioning.outputs import Outputs
from treering.versioning.repository import Repository
from treering.versioning.sides import told_side, workspace_side
from treering.versioning.sources import OutputSource, Revisions

__all__ = ["DataDiff", "diff"]


@dataclass(frozen=True, slots=True)
class DataDiff:
    """What changed; each sorted by path.

    Attributes:
        not_in_cache: What the first side has and the cache has not; only where the second is the workspace.
    """

    added: tuple[Thing, ...] = ()
    deleted: tuple[Thing, ...] = ()
    modified: tuple[tuple[Thing, Thing], ...] = ()
    renamed: tuple[tuple[Thing, Thing], ...] = ()
    not_in_cache: tuple[Thing, ...] = ()

    def __bool__(self) -> bool:
        return any((self.added, self.deleted, self.modified, self.renamed, self.not_in_cache))

    def as_dict(self, *, hashes: bool = True) -> dict[str, list[dict[str, object]]]:
        """In DVC's shape; nothing at all where nothing changed.

        Args:
            hashes: Whether content is told, too.
        """
        if not self:
            return {}
        found: dict[str, list[dict[str, object]]] = {
            "added": [_entry(one) for one in self.added],
            "deleted": [_entry(one) for one in self.deleted],
            "modified": [
                {"path": old.shown, "hash": {"old": _hash(old), "new": _hash(new)}} for old, new in self.modified
            ],
            "renamed": [
                {"path": {"old": old.shown, "new": new.shown}, "hash": _hash(old)} for old, new in self.renamed
            ],
            "not in cache": [_entry(one) for one in self.not_in_cache],
        }
        if not hashes:
            for entry in (entry for entries in found.values() for entry in entries):
                del entry["hash"]
        return found


def diff(
    repo: Repository,
    old: str = "HEAD",
    new: str | None = None,
    targets: Iterable[str | Path] | None = None,
    *,
    sources: Sequence[OutputSource] | None = None,
) -> DataDiff:
    """Compare the data of a commit with that of another, or of the workspace.

    Args:
        old: A commit, branch or tag.
        new: The same; None is the workspace.
        targets: Only these outputs, and what lies in them; relative to the current folder.
        sources: Whose outputs there are; pointers only, unless given.

    Raises:
        NotFound: If a target is in neither of the two.
        UnknownRevision: If Git does not know a commit.
        NotSupported: If the repository is under no Git.
    """
    git = repo.require_git()
    if not git.has_commits:
        return DataDiff()
    revisions = Revisions(repo)
    first = told_side(repo, Outputs(repo, sources, revisions.tree(old)))
    if new is None:
        outputs = Outputs(repo, sources)
        # A pointer that says nothing of its content has none to compare.
        second = workspace_side(repo, outputs)
    else:
        second = told_side(repo, Outputs(repo, sources, revisions.tree(new)))
    changes = compare(first, second, granular=True)
    keys = [repo.relpath(os.path.abspath(target)) for target in targets or ()]
    if keys:
        changes = _selected(changes, keys, [os.fspath(target) for target in targets or ()])
    if new is None:
        changes = [change for change in changes if not _is_still_folder(change, second)]
    found = [change for change in with_renames(changes) if change.kind not in {"unchanged", "unknown"}]
    return DataDiff(
        added=tuple(one.new for one in found if one.kind == "added" and one.new is not None),
        deleted=tuple(one.old for one in found if one.kind == "deleted" and one.old is not None),
        modified=_pairs(found, "modified"),
        renamed=_pairs(found, "renamed"),
        not_in_cache=_not_in_cache(repo, changes) if new is None else (),
    )


def _is_still_folder(change: Change, workspace: Side) -> bool:
    """Whether an output was a folder in which others are outputs now; DVC does not tell of it."""
    if change.kind != "deleted" or change.old is None or not change.old.is_dir:
        return False
    return any(path.startswith(f"{change.old.path}/") for path in workspace.outputs)


def _selected(changes: list[Change], keys: Sequence[str], words: Sequence[str]) -> list[Change]:
    found: dict[int, Change] = {}
    for key, word in zip(keys, words, strict=True):
        chosen = {
            at: change
            for at, change in enumerate(changes)
            if key in (".", change.path) or change.path.startswith(f"{key}/")
        }
        if not chosen:
            msg = f"No such file or directory: {word!r} is in neither of the two. Give the path of an output, or of something in one."
            raise NotFound(msg)
        found.update(chosen)
    return [found[at] for at in sorted(found)]


def _pairs(changes: Iterable[Change], kind: str) -> tuple[tuple[Thing, Thing], ...]:
    return tuple(
        (one.old, one.new) for one in changes if one.kind == kind and one.old is not None and one.new is not None
    )


def _not_in_cache(repo: Repository, changes: Iterable[Change]) -> tuple[Thing, ...]:
    olds = [change.old for change in changes if change.old is not None and change.old.oid is not None]
    there = repo.cache.has_many({one.oid for one in olds if one.oid is not None})
    return tuple(one for one in olds if one.oid not in there)


def _entry(thing: Thing) -> dict[str, object]:
    return {"path": thing.shown, "hash": _hash(thing)}


def _hash(thing: Thing) -> str | None:
    return None if thing.oid is None else thing.oid.value
