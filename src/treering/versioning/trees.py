"""What content lies at a path now, and whether that is what a pointer or lock file says.

The one place that answers it: the folder is walked, the index tells what is known,
and only the rest is read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from treering.core.errors import InvalidInput, NotFound
from treering.storage.content.cache import Cache
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.digests import Reader
from treering.versioning.entries import Output, VersionedFile
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.snapshots import Snapshot, is_whole, name_of, snapshot

__all__ = [
    "Tree",
    "file_tree",
    "folder_tree",
    "is_cached",
    "is_unchanged",
    "output_state",
    "stored_tree",
    "told_files",
    "tracked_oid",
    "tree_of",
    "with_tree",
]


@dataclass(frozen=True, slots=True)
class Tree:
    """The content of a file or folder.

    Attributes:
        size: Bytes of all files.
        nfiles: How many, for a folder.
        entries: For a folder: path and MD5 of each.
        isexec: Whether a single file may be executed.
    """

    oid: Oid
    size: int
    nfiles: int | None = None
    entries: Manifest | None = None
    isexec: bool = False


def tree_of(
    repo: Repository,
    path: str | os.PathLike[str],
    *,
    legacy: bool = False,
    store: bool = False,
    share: bool = True,
    progress: Progress = NO_PROGRESS,
) -> Tree | None:
    """What lies at a path.

    Args:
        legacy: Count as DVC 2 did, to compare with what it wrote.
        store: Put the content into the cache, too; what is read for it is read once.
        share: As for `snapshot`.

    Returns:
        None if nothing lies there, or what lies there is ignored.

    Raises:
        InvalidInput: If what lies there cannot be tracked.
        StorageFull: If the cache has no room.
    """
    text = os.path.abspath(path)
    try:
        found = os.stat(text)
    except (FileNotFoundError, NotADirectoryError):
        return None
    is_dir = stat.S_ISDIR(found.st_mode)
    if repo.ignore.is_ignored(text, is_dir=is_dir):
        return None
    cache = repo.cache if store else None
    if is_dir:
        seen = snapshot(repo, text, legacy=legacy, cache=cache, share=share, progress=progress)
        return folder_tree(seen, legacy=legacy)
    return file_tree(repo, text, found, legacy=legacy, cache=cache, share=share)[0]


def folder_tree(seen: Snapshot, *, legacy: bool = False) -> Tree:
    """The content of a folder that was looked at."""
    return Tree(Oid(seen.value, legacy), sum(seen.rows.sizes), len(seen.rows), seen.manifest)


def file_tree(
    repo: Repository,
    path: str,
    found: os.stat_result,
    *,
    legacy: bool = False,
    cache: Cache | None = None,
    share: bool = True,
) -> tuple[Tree, os.stat_result]:
    """The content of a single file, and what it looked like before it was read.

    Args:
        path: Absolute.
        found: What it looks like.
        cache: Where its content is stored; None for nowhere.
        share: As for `snapshot`.

    Raises:
        InvalidInput: If it is neither a file nor a folder.
    """
    if not stat.S_ISREG(found.st_mode):
        msg = f"{path!r} is neither a file nor a folder, so it cannot be tracked. Give the path of one."
        raise InvalidInput(msg)
    key = repo.relpath(path)
    isexec = bool(found.st_mode & 0o111)
    value = repo.index.file(key, found, legacy=legacy)
    if value is None or (cache is not None and not cache.is_sound(Oid(value, legacy))):
        stamp = repo.index.now(path)
        found = os.stat(path)
        share = share and cache is not None and cache.kinds[0].is_shared and not isexec
        value, _ = Reader(path, cache, share, legacy).read_file(path)
        repo.index.keep_file(key, found, value, stamp, legacy=legacy)
    return Tree(Oid(value, legacy), found.st_size, isexec=isexec), found


def stored_tree(repo: Repository, out: Output) -> Manifest:
    """The list of files of a folder that was tracked.

    Raises:
        NotFound: If it is not in the cache.
        DamagedData: If it is, and damaged.
    """
    if out.oid is None and out.files is not None:
        pairs = [(file.relpath, file.oid.value) for file in out.files if file.oid is not None]
        if len(pairs) < len(out.files):
            msg = f"{out.path!r} has files without an MD5, known by their version in a bucket only. Pull it instead."
            raise NotFound(msg)
        return Manifest.of(pairs)
    if out.oid is None or not out.oid.is_dir:
        msg = f"{out.path!r} is no folder whose files are known."
        raise NotFound(msg)
    return repo.cache.read_manifest(out.oid)


def is_unchanged(repo: Repository, path: str | os.PathLike[str], oid: Oid) -> bool:
    """Whether that content lies at a path."""
    found = tree_of(repo, path, legacy=oid.legacy)
    return found is not None and found.oid == oid


def is_cached(repo: Repository, oid: Oid) -> bool:
    """Whether the content is in the cache; for a folder, its list of files and all of them."""
    return _is_cached(repo, oid, None)


def _is_cached(repo: Repository, oid: Oid, there: Tree | None) -> bool:
    if not oid.is_dir:
        return repo.cache.has(oid)
    # What was just found in the workspace need not be read again.
    return is_whole(repo, oid, there.entries if there is not None and there.oid == oid else None)


def output_state(repo: Repository, out: Output, path: str | os.PathLike[str]) -> str:
    """What `status` says of an output: "", "modified", "deleted" or "not in cache".

    DVC asks the cache first. An output that was never saved counts as modified.
    """
    oid = tracked_oid(repo, out)
    found = tree_of(repo, path, legacy=oid is not None and oid.legacy)
    if oid is not None and out.cache and not _is_cached(repo, oid, found):
        return "not in cache"
    if found is None:
        return "deleted"
    return "" if found.oid == oid else "modified"


def tracked_oid(repo: Repository, out: Output) -> Oid | None:
    """What an output should hold, also where its files are told one by one; None if that is not known by MD5."""
    if out.oid is not None or out.files is None:
        return out.oid
    try:
        return name_of(stored_tree(repo, out))
    except NotFound:
        return None


def with_tree(out: Output, tree: Tree, sizes: Mapping[str, int] | None = None) -> Output:
    """An output as it is written when `tree` is what it holds.

    Args:
        sizes: Of files in a folder, as far as they are known: for one whose files are told one by one.
    """
    if out.oid == tree.oid and out.oid.legacy:
        return out
    if out.oid is None and out.files is not None and tree.entries is not None:
        return replace(out, files=told_files(out.files, tree.entries, sizes or {}))
    # What a bucket called the former content says nothing of this one.
    cleared = replace(out, etag="", checksum="", version_id="", files=None, cloud={}) if out.oid != tree.oid else out
    return replace(cleared, oid=tree.oid, hash="md5", size=tree.size, nfiles=tree.nfiles, isexec=tree.isexec)


def told_files(old: Iterable[VersionedFile], entries: Manifest, sizes: Mapping[str, int]) -> tuple[VersionedFile, ...]:
    """The files of a folder one by one; what a bucket calls one is kept as long as it holds the same."""
    known = {file.relpath: file for file in old}
    found = []
    for path, digest in entries:
        file = known.get(path)
        if file is None or file.oid != Oid(digest):
            file = VersionedFile(path, Oid(digest), size=sizes.get(path))
        found.append(file)
    return tuple(found)
