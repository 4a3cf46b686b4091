"""Which files are not linked to the cache as the config wants them."""

from __future__ import annotations

import os

from treering.storage.content.cache import Cache
from treering.storage.content.links import LinkKind
from treering.storage.content.oid import Oid
from treering.versioning.snapshots import Snapshot

__all__ = ["is_linked", "rows_to_relink"]


def rows_to_relink(cache: Cache, root: str, seen: Snapshot, *, legacy: bool = False) -> list[int]:
    """The numbers of the rows whose files are to be made anew.

    A file that is of any of the configured kinds is left alone.

    Args:
        root: The folder that was seen.
    """
    rows = seen.rows
    if not any(kind.is_shared for kind in cache.kinds):
        return sorted(rows.links | rows.shared)
    manifest = seen.manifest
    found = []
    for at, (path, digest) in enumerate(manifest):
        link = at in rows.links
        alone = not link and at not in rows.shared
        name = cache.file_name(Oid(digest, legacy))
        if not _fits(cache.kinds, f"{root}/{path}", name, rows.inodes[at], link=link, alone=alone):
            found.append(at)
    return found


def is_linked(cache: Cache, path: str, oid: Oid) -> bool:
    """Whether a single file is linked as the config wants it."""
    state = os.stat(path)
    link = os.path.islink(path)
    return _fits(
        cache.kinds, path, cache.file_name(oid), state.st_ino, link=link, alone=not link and state.st_nlink == 1
    )


def _fits(kinds: tuple[LinkKind, ...], path: str, name: str, inode: int, *, link: bool, alone: bool) -> bool:
    for kind in kinds:
        if not kind.is_shared:
            if alone:
                return True
        elif kind is LinkKind.SYMLINK:
            if link:
                return os.readlink(path) == name
        elif not link and not alone:
            try:
                return os.stat(name).st_ino == inode
            except OSError:
                return False
    return False
