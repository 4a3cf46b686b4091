"""How two lists of files differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from treering.storage.content.manifest import Manifest

__all__ = ["Difference", "difference"]

_DIGEST = 16


class Difference(NamedTuple):
    """Numbers of rows: of the new list, of both, and of the old one."""

    added: list[int]
    modified: list[tuple[int, int]]
    deleted: list[int]

    def __bool__(self) -> bool:
        return bool(self.added or self.modified or self.deleted)


def difference(old: Manifest, new: Manifest, selected: Callable[[str], bool] | None = None) -> Difference:
    """What leads from one list to the other.

    Args:
        selected: Which paths count; all, unless given.
    """
    found = Difference([], [], [])
    if old.paths == new.paths:
        if old.digests != new.digests:
            pairs = enumerate(zip(old.hexes(0, len(old)), new.hexes(0, len(new)), strict=True))
            found.modified.extend((at, at) for at, (one, other) in pairs if one != other)
    else:
        _merge(old, new, found)
    if selected is None:
        return found
    return Difference(
        [at for at in found.added if selected(new.paths[at])],
        [pair for pair in found.modified if selected(new.paths[pair[1]])],
        [at for at in found.deleted if selected(old.paths[at])],
    )


def _merge(old: Manifest, new: Manifest, found: Difference) -> None:
    ours, theirs = old.paths, new.paths
    here, end = 0, len(ours)
    for there, path in enumerate(theirs):
        while here < end and ours[here] < path:
            found.deleted.append(here)
            here += 1
        if here < end and ours[here] == path:
            if (
                old.digests[here * _DIGEST : (here + 1) * _DIGEST]
                != new.digests[there * _DIGEST : (there + 1) * _DIGEST]
            ):
                found.modified.append((here, there))
            here += 1
        else:
            found.added.append(there)
    found.deleted.extend(range(here, end))
