"""Making files of the workspace the user's own: links into the cache become copies that may be written to."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from treering.core.errors import NotFound
from treering.storage.content.links import copy
from treering.versioning.placing import Place, Placed, Stage
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.walk import scan

__all__ = ["unprotect"]

_MAY_WRITE = 0o200
_STEP = 256


def unprotect(repo: Repository, targets: Iterable[str | Path], progress: Progress = NO_PROGRESS) -> int:
    """Make files one's own.

    Args:
        targets: Files and folders, tracked or not, relative to the current folder.

    Returns:
        How many files were changed.

    Raises:
        NotFound: If a target does not exist.
        StorageFull: If there is no room for a copy; the link is still there then.
    """
    changed = 0
    with repo.lock():
        for target in targets:
            path = os.path.abspath(target)
            if not os.path.exists(path):
                msg = (
                    f"can't unprotect non-existing data {os.fspath(target)!r}. Check it out first, or correct the path."
                )
                raise NotFound(msg)
            changed += _folder(repo, path, progress) if os.path.isdir(path) else _file(repo, path)
        repo.index.save()
    return changed


def _folder(repo: Repository, path: str, progress: Progress) -> int:
    rows = scan(path)
    key = repo.relpath(path)
    record = repo.index.tree(key)
    known = (
        record is not None
        and record.names == rows.names()
        and record.inodes == rows.inodes
        and record.mtimes == rows.mtimes
    )
    changed = 0
    with Stage(repo.our_tmp) as stage:
        place = Place(path, stage)
        for at, relative in enumerate(rows.paths):
            found = _own(place, relative, shared=at in rows.links or at in rows.shared)
            if found is not None:
                changed += 1
                rows.mtimes[at], rows.inodes[at], rows.sizes[at] = found
            if at % _STEP == 0:
                progress("Unprotecting", at, len(rows))
    if known and record is not None and changed:
        record.mtimes, record.inodes, record.sizes = rows.mtimes, rows.inodes, rows.sizes
        repo.index.keep_tree(key, record, repo.index.settled(max(rows.mtimes)))
    return changed


def _file(repo: Repository, path: str) -> int:
    before = os.stat(path)
    key = repo.relpath(path)
    value = repo.index.file(key, before)
    with Stage(repo.our_tmp) as stage:
        found = _own(Place(path, stage), "", shared=os.path.islink(path) or before.st_nlink != 1)
    if found is not None and value is not None:
        repo.index.keep_file(key, os.stat(path), value, repo.index.settled(found[0]))
    return 0 if found is None else 1


def _own(place: Place, relative: str, *, shared: bool) -> Placed | None:
    path = f"{place.path}/{relative}" if relative else place.path
    before = os.stat(path)
    if not shared:
        if before.st_mode & _MAY_WRITE:
            return None
        os.chmod(path, stat.S_IMODE(before.st_mode) | _MAY_WRITE)
        return before.st_mtime_ns, before.st_ino, before.st_size

    def make(target: str) -> Placed:
        copy(path, target)
        if before.st_mode & 0o111:
            os.chmod(target, stat.S_IMODE(os.stat(target).st_mode) | before.st_mode & 0o111)
        found = os.stat(target)
        return found.st_mtime_ns, found.st_ino, found.st_size

    return place.put(relative, make)
