"""How the outputs of two states of a repository differ: two commits, or one and the workspace.

An output is compared by its content's name; where it is asked for, folders are opened
and their files compared, too. A thing that went from one place and came to another
with the same content was renamed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.tree_diff import difference

__all__ = ["Change", "Kind", "Side", "Thing", "compare", "with_renames"]

Kind = Literal["added", "deleted", "modified", "renamed", "unchanged", "unknown"]


class Thing(NamedTuple):
    """A file, or a folder that is an output.

    Attributes:
        path: Relative to the repository, with `/`.
        oid: Its content; None where that is not known.
    """

    path: str
    oid: Oid | None
    is_dir: bool

    @property
    def shown(self) -> str:
        """The path; that of a folder ends with `/`."""
        return f"{self.path}/" if self.is_dir else self.path


class Change(NamedTuple):
    """What became of a thing."""

    kind: Kind
    old: Thing | None
    new: Thing | None

    @property
    def path(self) -> str:
        """Where it is now, or was."""
        return (self.new or self.old or _NOTHING).path

    @property
    def shown(self) -> str:
        """As `Thing.shown`."""
        return (self.new or self.old or _NOTHING).shown


_NOTHING = Thing("", None, is_dir=False)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two states.

    Attributes:
        outputs: By path.
        files_of: The list of the files of a folder; None where it is not at hand.
    """

    outputs: Mapping[str, Thing]
    files_of: Callable[[Thing], Manifest | None]


def compare(old: Side, new: Side, *, granular: bool = False) -> list[Change]:
    """All outputs, and if `granular` all of their files, with what became of them; sorted by path."""
    found: list[Change] = []
    for path in {**old.outputs, **new.outputs}:
        was, now = old.outputs.get(path), new.outputs.get(path)
        found.append(_change(was, now))
        if granular:
            found += _inside(old, new, was, now)
    found.sort(key=lambda change: change.path.split("/"))
    return list(_joined(found))


def with_renames(changes: Iterable[Change]) -> list[Change]:
    """Join what went and what came with the same content."""
    kept: list[Change] = []
    added: list[Change] = []
    gone: dict[Oid, deque[Change]] = {}
    for change in changes:
        if change.kind == "added" and change.new is not None and change.new.oid is not None:
            added.append(change)
        elif change.kind == "deleted" and change.old is not None and change.old.oid is not None:
            gone.setdefault(change.old.oid, deque()).append(change)
        else:
            kept.append(change)
    for change in added:
        waiting = gone.get(change.new.oid) if change.new is not None and change.new.oid is not None else None
        kept.append(Change("renamed", waiting.popleft().old, change.new) if waiting else change)
    kept += [change for waiting in gone.values() for change in waiting]
    return sorted(kept, key=lambda change: change.path.split("/"))


def _change(was: Thing | None, now: Thing | None) -> Change:
    old = was.oid if was is not None else None
    new = now.oid if now is not None else None
    if old == new:
        return Change("unchanged", was, now)
    if old is None:
        return Change("added", was, now)
    return Change("deleted" if new is None else "modified", was, now)


def _inside(old: Side, new: Side, was: Thing | None, now: Thing | None) -> Iterator[Change]:
    before, after = _files(old, was), _files(new, now)
    if before is None or after is None:
        # The names that are known may or may not have changed.
        yield from (Change("unknown", None, thing) for thing in _things(now, after))
        return
    if was is None or was.oid is None or now is None or now.oid is None or was.oid.legacy != now.oid.legacy:
        olds, news = {one.path: one for one in _things(was, before)}, {one.path: one for one in _things(now, after)}
        for path in {**olds, **news}:
            yield _change(olds.get(path), news.get(path))
        return
    olds_at, news_at = list(_things(was, before)), list(_things(now, after))
    steps = difference(before, after)
    yield from (Change("added", None, news_at[at]) for at in steps.added)
    yield from (Change("deleted", olds_at[at], None) for at in steps.deleted)
    yield from (Change("modified", olds_at[here], news_at[there]) for here, there in steps.modified)
    touched = set(steps.added).union(there for _, there in steps.modified)
    same = (thing for at, thing in enumerate(news_at) if at not in touched)
    yield from (Change("unchanged", thing, thing) for thing in same)


def _files(side: Side, thing: Thing | None) -> Manifest | None:
    if thing is None or not thing.is_dir or thing.oid is None:
        return Manifest([], b"")
    return side.files_of(thing)


def _things(folder: Thing | None, files: Manifest | None) -> Iterator[Thing]:
    if folder is None or folder.oid is None or files is None:
        return
    for path, digest in files:
        yield Thing(f"{folder.path}/{path}", Oid(digest, folder.oid.legacy), is_dir=False)


def _joined(changes: Sequence[Change]) -> Iterator[Change]:
    """Make one of what is told twice of a path, as where a file of a folder became an output of its own."""
    waiting: Change | None = None
    for change in changes:
        if waiting is not None and waiting.path == change.path and _is_file(waiting) and _is_file(change):
            waiting = _change(waiting.old or change.old, waiting.new or change.new)
            continue
        if waiting is not None:
            yield waiting
        waiting = change
    if waiting is not None:
        yield waiting


def _is_file(change: Change) -> bool:
    return not any(thing is not None and thing.is_dir for thing in (change.old, change.new))
