"""What lies in tracked folders, page by page, and the bytes of tracked files, as far as they are on this machine."""

from __future__ import annotations

import os
import posixpath
import stat
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from treering.core.errors import InvalidInput, NotFound
from treering.entities.artifact import FileInfo
from treering.entities.repository import FileList, TrackedFile
from treering.pipelines.stages import StageSet
from treering.pipelines.view.base import ShownFile
from treering.pipelines.view.places import Place, place_in
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.repository import Repository
from treering.versioning.sources import FileTree
from treering.versioning.trees import stored_tree, tree_of

__all__ = ["file_list", "file_size", "is_folder", "shown_file", "tracked_manifest"]

_PAGE = 1000
_CHUNK = 1 << 20


def file_list(stages: StageSet, path: str, under: str, start: str, *, working: bool) -> FileList:
    """A page of what lies in a folder; of a file, itself.

    Args:
        stages: Of the working tree, or of a revision.
        path: Of something that is tracked; `under`, of a folder in it.
        start: Where the page begins, as the page before told it.
        working: Whether `stages` are of the working tree.

    Raises:
        NotFound: If there is no such folder, or its list of files is not in the cache.
        InvalidInput: If a path climbs, or `start` is none of a page.
    """
    first = _start(start)
    place = place_in(stages, path, under)
    repo = stages.repo
    if not is_folder(place):
        if place.within:
            raise _no_such(place)
        return FileList([_file_row(repo, place)][first:], 1)
    manifest = tracked_manifest(repo, place, working=working)
    folders, rows = _inside(manifest, place)
    if not folders and not rows and (place.within or len(manifest)):
        raise _no_such(place)
    top = f"{place.path}/{place.within}/" if place.within else f"{place.path}/"
    found = [TrackedFile(top + name, True, None, "") for name in folders[first : first + _PAGE]]
    legacy = place.out.oid is not None and place.out.oid.legacy
    for at in rows[max(0, first - len(folders)) : max(0, first + _PAGE - len(folders))]:
        relpath, digest = manifest[at]
        found.append(
            TrackedFile(f"{place.path}/{relpath}", False, file_size(repo, place, relpath, Oid(digest, legacy)), digest)
        )
    total = len(folders) + len(rows)
    end = first + len(found)
    return FileList(found, total, str(end) if end < total and found else "")


def shown_file(stages: StageSet, tree: FileTree | None, path: str, under: str) -> ShownFile:
    """A tracked file, out of the cache; one that Git keeps from there.

    Args:
        stages: Of the working tree, or of a revision.
        tree: That revision; None for the working tree.
        path: Of something that is tracked; `under`, of a file in it.

    Raises:
        NotFound: If there is no such file, it is a folder, or it is not in the cache.
        InvalidInput: If a path climbs.
    """
    place = place_in(stages, path, under)
    repo = stages.repo
    shown = posixpath.join(place.path, place.within) if place.within else place.path
    if not place.out.cache:
        return _kept_by_git(repo, tree, place, shown)
    oid = _file_oid(repo, place, shown, working=tree is None)
    if oid is not None and repo.cache.has(oid):
        return _DiskFile(posixpath.basename(shown), repo.cache.path(oid))
    how = "pull" if tree is None else "fetch --all-commits"
    msg = f"{shown!r} is not in the cache of this machine. Bring it with `treering data {how} {shown}`."
    raise NotFound(msg)


def tracked_manifest(repo: Repository, place: Place, *, working: bool) -> Manifest:
    """The list of the files of a tracked folder; of one that was never saved, those that lie there.

    Raises:
        NotFound: If it is not in the cache.
    """
    try:
        return stored_tree(repo, place.out)
    except NotFound:
        # A folder that lies here as it should tells its files as well as the cache.
        there = tree_of(repo, place.absolute) if working else None
        if there is not None and there.entries is not None and place.out.oid in (None, there.oid):
            return there.entries
    msg = (
        f"The list of the files in {place.path!r} is not in the cache of this machine."
        f" Bring it with `treering data {'pull' if working else 'fetch --all-commits'} {place.path}`."
    )
    raise NotFound(msg)


def file_size(repo: Repository, place: Place, relpath: str, oid: Oid) -> int | None:
    """The size of a file in a folder; None where it is not here, and nothing tells it."""
    try:
        return os.stat(repo.cache.file_name(oid)).st_size
    except (FileNotFoundError, NotADirectoryError):
        pass
    for file in place.out.files or ():
        if file.relpath == relpath:
            return file.size
    return None


def _start(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 12):  # noqa: PLR2004 - more files there are not
        msg = f"'start' is {text!r}. Give what the page before had as `next`."
        raise InvalidInput(msg)
    return int(text or 0)


def is_folder(place: Place) -> bool:
    """Whether what is tracked there is a folder."""
    out = place.out
    if out.oid is None and out.files is None:
        return os.path.isdir(place.absolute)
    return out.files is not None or (out.oid is not None and out.oid.is_dir)


def _file_row(repo: Repository, place: Place) -> TrackedFile:
    oid = place.out.oid
    size = place.out.size
    if size is None and oid is not None:
        size = file_size(repo, place, "", oid)
    return TrackedFile(place.path, False, size, oid.value if oid is not None else "")


def _inside(manifest: Manifest, place: Place) -> tuple[list[str], list[int]]:
    """What lies directly in a folder: names of folders, and the numbers of the rows of files."""
    paths = manifest.paths
    prefix = f"{place.within}/" if place.within else ""
    at = bisect_left(paths, prefix)
    # The sign behind a slash ends what begins with it.
    end = bisect_left(paths, f"{place.within}0") if prefix else len(paths)
    folders: list[str] = []
    rows: list[int] = []
    start = len(prefix)
    while at < end:
        name, slash, _ = paths[at][start:].partition("/")
        if slash:
            folders.append(name)
            at = bisect_left(paths, f"{prefix}{name}0", at, end)
        else:
            rows.append(at)
            at += 1
    return folders, rows


def _no_such(place: Place) -> NotFound:
    msg = f"There is no folder {place.within!r} in {place.path!r}. Look at what lies in the latter."
    return NotFound(msg)


def _file_oid(repo: Repository, place: Place, shown: str, *, working: bool) -> Oid | None:
    out = place.out
    if not is_folder(place):
        if place.within:
            msg = f"{place.path!r} is a file, so nothing lies in it."
            raise NotFound(msg)
        return out.oid
    legacy = out.oid is not None and out.oid.legacy
    manifest = tracked_manifest(repo, place, working=working)
    at = bisect_left(manifest.paths, place.within)
    if place.within and at < len(manifest) and manifest.paths[at] == place.within:
        return Oid(manifest[at][1], legacy)
    msg = f"{shown!r} is a folder, or there is nothing of that name. Ask for a file."
    raise NotFound(msg)


def _kept_by_git(repo: Repository, tree: FileTree | None, place: Place, shown: str) -> ShownFile:
    """A metric or the like, which is not in the cache because Git has it."""
    if tree is not None:
        try:
            return _Text(posixpath.basename(shown), tree.read_bytes(shown))
        except (FileNotFoundError, IsADirectoryError) as error:
            msg = f"{shown!r} is not in the commit {tree.rev}."
            raise NotFound(msg) from error
    path = os.path.join(place.absolute, place.within) if place.within else place.absolute
    root = os.path.realpath(repo.root)
    if os.path.realpath(path).startswith(root + os.sep) and os.path.isfile(path):
        return _DiskFile(posixpath.basename(shown), Path(path))
    msg = f"{shown!r} does not exist. Run the stage that makes it with `treering repro`."
    raise NotFound(msg)


class _DiskFile:
    """A file of this machine's disk."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path

    def stat(self, key: str) -> FileInfo:
        """As `ShownFile.stat`."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError as error:
            raise self._gone() from error
        if not stat.S_ISREG(found.st_mode):
            msg = f"{self.name!r} is no file."
            raise NotFound(msg)
        return FileInfo(key, False, found.st_size)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 - there is one
        """As `ShownFile.read`."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError as error:
            raise self._gone() from error
        with file:
            file.seek(offset)
            left = length
            while left is None or left > 0:
                chunk = file.read(_CHUNK if left is None else min(_CHUNK, left))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk

    def _gone(self) -> NotFound:
        return NotFound(f"{self.name!r} was removed just now. Bring it with `treering data pull`.")


class _Text:
    """A file whose bytes are at hand."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self._content = content

    def stat(self, key: str) -> FileInfo:
        """As `ShownFile.stat`."""
        return FileInfo(key, False, len(self._content))

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 - there is one
        """As `ShownFile.read`."""
        end = len(self._content) if length is None else offset + length
        yield self._content[offset:end]
