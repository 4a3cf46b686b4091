"""Taking what lies at an output's place into the cache, and leaving in the workspace the link that the config wants."""

from __future__ import annotations

import os
import stat
from array import array
from dataclasses import dataclass, replace
from functools import partial

from treering.core.errors import InvalidInput, NotFound
from treering.core.log import logger
from treering.storage.content.links import LinkKind
from treering.versioning.bounds import is_inside
from treering.versioning.entries import Output
from treering.versioning.errors import OutOfBounds
from treering.versioning.link_record import LinkRecord
from treering.versioning.placing import Place, Placed, Placer, Stage
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.relink import is_linked, rows_to_relink
from treering.versioning.repository import Repository
from treering.versioning.snapshots import Snapshot, snapshot
from treering.versioning.trees import Tree, file_tree, folder_tree, is_cached, is_unchanged, with_tree
from treering.versioning.walk import Rows

__all__ = ["Taken", "Taking", "save_output", "saved_output", "take_in"]


@dataclass(frozen=True, slots=True)
class Taking:
    """How content is taken in.

    Attributes:
        store: Whether it goes into the cache; else it is only found out what it is.
        link: Whether the workspace's files become the links that the config wants.
        share: Whether a file may become the object itself, where it is to be a link to it anyway.
    """

    store: bool = True
    link: bool = True
    share: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in: the content, and the state of the files that hold it.

    Attributes:
        rows: Of a single file: one row, whose path is "".
    """

    tree: Tree
    rows: Rows


def save_output(
    repo: Repository,
    out: Output,
    path: str | os.PathLike[str],
    *,
    commit: bool = True,
    link: bool = True,
    progress: Progress = NO_PROGRESS,
) -> Output:
    """Find out what an output holds, and store it.

    All files are stored before the list that names them, and that before this returns.

    Args:
        path: Where it lies.
        commit: Unless set, nothing is stored: only what it holds is found out.
        link: Unless set, the workspace is left as it is.

    Returns:
        The output as it is to be written into its pointer or lock file.

    Raises:
        NotFound: If nothing lies there.
        InvalidInput: If what lies there cannot be tracked.
        OutOfBounds: If it lies outside of the repository, and would be stored.
        StorageFull: If the cache has no room.
    """
    place = os.path.abspath(path)
    with repo.lock():
        record = LinkRecord(repo.our_tmp)
        saved = saved_output(repo, out, place, Taking(commit, link), record, progress)
        record.save()
        repo.index.save()
    return saved


def saved_output(
    repo: Repository, out: Output, path: str, how: Taking, record: LinkRecord, progress: Progress = NO_PROGRESS
) -> Output:
    """As `save_output`, for who saves many: the lock is held, and the record and the index are written by the caller."""
    if out.oid is not None and out.oid.legacy and is_unchanged(repo, path, out.oid) and is_cached(repo, out.oid):
        # What DVC 2 stored keeps its name until it changes.
        return out
    how = replace(how, store=how.store and out.cache)
    if how.store and not is_inside(repo, path):
        msg = f"Saving cached external output {path!r} is not supported since DVC 3.0. Correct the path, or set `cache: false`."
        raise OutOfBounds(msg)
    taken = take_in(repo, path, how, progress)
    tree = taken.tree
    if tree.nfiles == 0 or (tree.nfiles is None and tree.size == 0):
        logger.warning("%r is empty.", repo.relpath(path))
    if how.store:
        record.note(repo.relpath(path), path, tree.oid)
    sizes = dict(zip(taken.rows.paths, taken.rows.sizes, strict=True)) if out.files is not None else None
    return with_tree(out, tree, sizes)


def take_in(repo: Repository, path: str, how: Taking, progress: Progress = NO_PROGRESS) -> Taken:
    """Find out what lies at a path, and store it.

    Args:
        path: Absolute.

    Raises:
        NotFound, InvalidInput, StorageFull: As `save_output`.
    """
    cache = repo.cache if how.store else None
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _absent(repo, path) from error
    is_dir = stat.S_ISDIR(found.st_mode)
    if repo.ignore.is_ignored(path, is_dir=is_dir):
        raise _absent(repo, path)
    if is_dir:
        seen = snapshot(repo, path, cache=cache, share=how.share and how.link, progress=progress)
        for passed in seen.rows.folder_links:
            logger.warning("%s/%s is a symbolic link to a folder, so it is left out.", repo.relpath(path), passed)
        if how.link and cache is not None and (rows := rows_to_relink(cache, path, seen)):
            _relink_folder(repo, path, seen, rows)
        return Taken(folder_tree(seen), seen.rows)
    tree, found = file_tree(repo, path, found, cache=cache, share=how.share and how.link)
    if how.link and cache is not None and not _is_right(repo, path, tree):
        found = _relink_file(repo, path, tree, found)
    one = Rows([""], array("q", [found.st_mtime_ns]), array("Q", [found.st_ino]), array("q", [found.st_size]))
    return Taken(tree, one)


def _is_right(repo: Repository, path: str, tree: Tree) -> bool:
    # What may be run is never a link: the permission would be the object's, too.
    return not os.path.islink(path) if tree.isexec else is_linked(repo.cache, path, tree.oid)


def _relink_folder(repo: Repository, path: str, seen: Snapshot, rows: list[int]) -> None:
    placer = Placer(repo.cache, repo.cache.kinds)
    known = seen.rows
    manifest = seen.manifest
    with Stage(repo.our_tmp) as stage:
        place = Place(path, stage)
        for at in rows:
            relative, digest = manifest[at]
            if _state(f"{path}/{relative}") != (known.mtimes[at], known.inodes[at], known.sizes[at]):
                continue
            found = place.put(relative, partial(placer.make, digest))
            known.mtimes[at], known.inodes[at], known.sizes[at] = found
    stamp = repo.index.settled(max(known.mtimes, default=0))
    seen.keep(repo, path, stamp)


def _relink_file(repo: Repository, path: str, tree: Tree, before: os.stat_result) -> os.stat_result:
    kinds = (LinkKind.REFLINK, LinkKind.COPY) if tree.isexec else repo.cache.kinds
    placer = Placer(repo.cache, kinds)

    def make(target: str) -> Placed:
        found = placer.make(tree.oid.value, target)
        if tree.isexec:
            os.chmod(target, os.stat(target).st_mode | 0o100)
        return found

    if _state(path) != (before.st_mtime_ns, before.st_ino, before.st_size):
        return before  # Somebody changed it since it was read.
    with Stage(repo.our_tmp) as stage:
        Place(path, stage).put("", make)
    found = os.stat(path)
    stamp = repo.index.settled(found.st_mtime_ns)
    repo.index.keep_file(repo.relpath(path), found, tree.oid.value, stamp)
    return found


def _state(path: str) -> Placed:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ino, found.st_size


def _absent(repo: Repository, path: str) -> NotFound | InvalidInput:
    shown = repo.relpath(path)
    if os.path.lexists(path):
        why = repo.ignore.why(path)
        said = f" by {why.file}:{why.line}:{why.pattern}" if why is not None and why.file else ""
        return InvalidInput(
            f"{shown!r} is ignored{said}, so it cannot be an output. Change the ignore file, or move it."
        )
    return NotFound(f"The output {shown!r} does not exist. Make it, or correct its path.")
