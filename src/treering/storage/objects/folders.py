"""An artifact store on another machine that has real folders: whole files, conflicts, and faults that pass.

A driver says how one file or folder is looked at, got, put and removed (`Disk`);
all that is the same over SFTP, FTP and WebHDFS stands here, once.
"""

from __future__ import annotations

import contextlib
import posixpath
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from treering.core.errors import Conflict, DamagedData, InvalidInput, NotFound, TreeringError, Unavailable
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import check_key
from treering.storage.objects.retry import Source, patient_chunks, patient_write, patiently

__all__ = ["Disk", "Entry", "FolderStore"]

# Files under way bear this prefix until they are whole; listings leave them out.
_PART = ".treering-part-"
_LONGEST_NAME = 255


class Entry(NamedTuple):
    """A file or folder; `version` changes when a file is written again."""

    name: str
    is_dir: bool
    size: int
    version: str


class Disk(Protocol):
    """Files and folders by their absolute path on another machine.

    Errors are raised as Treering's own; Unavailable for what may pass, and is then tried again.
    """

    def look(self, path: str) -> Entry | None:
        """What lies there; None for nothing."""
        ...

    def entries(self, path: str) -> Sequence[Entry]:
        """What lies directly in a folder, in any order."""
        ...

    def get(self, path: str, offset: int, length: int) -> Iterator[bytes]:
        """`length` bytes of a file from `offset`, in chunks of at most `CHUNK_SIZE`."""
        ...

    def put(self, path: str, chunks: Iterable[bytes]) -> None:
        """Make a file, or write it anew."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, over a file that has it."""
        ...

    def make_folder(self, path: str) -> None:
        """Make a folder in one that exists."""
        ...

    def remove(self, path: str, *, is_dir: bool) -> None:
        """Remove a file, or an empty folder."""
        ...


class FolderStore:
    """What lies below one folder, which need not exist before the first write.

    Args:
        uri: As the user may see it: without a password.
        root: The folder's absolute path.
        attempts: How often something is tried before the other machine is given up.
    """

    def __init__(self, uri: str, root: str, disk: Disk, attempts: int) -> None:
        self._uri = uri
        self._root = "/" + check_key(root.strip("/"))
        self._disk = disk
        self._attempts = attempts
        self._folders: set[str] = set()

    @property
    def uri(self) -> str:
        """As it was opened, without a password."""
        return self._uri

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`; goes on where a connection broke off."""
        path, found = self._path(key), self._look(key)
        if found is None or found.is_dir:
            raise self._missing(key)
        end = found.size if length is None else min(offset + length, found.size)
        if offset >= end:
            return iter(())
        return self._chunks(key, path, (offset, end), found.version)

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`; after a fault that may pass, again where `chunks` can be gone through again."""
        path = self._named(key)

        def send(source: Source) -> None:
            self._make_folder(key, posixpath.dirname(path))
            self._send(key, path, source, looks=True)

        return patient_write(send, chunks, self._attempts)

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `Direct.put`; a folder that was seen is not looked at again until it turns out to be gone."""
        path = self._named(key)
        folder = posixpath.dirname(path)

        def send(source: Source) -> None:
            known = folder in self._folders
            if not known:
                self._make_folder(key, folder)
                self._folders.add(folder)
            try:
                self._send(key, path, source, looks=False)
            except NotFound as error:
                self._folders.discard(folder)
                if known:
                    msg = f"The folder of {key!r} in {self.uri} was removed meanwhile. Send it again."
                    raise Unavailable(msg) from error
                raise

        return patient_write(send, chunks, self._attempts)

    def exists(self, key: str) -> bool:
        """As `Direct.exists`."""
        found = self._look(key)
        return found is not None and not found.is_dir

    def remove(self, keys: Sequence[str]) -> None:
        """As `Direct.remove`, one after the other."""
        for key in keys:
            self._remove(self._named(key), is_dir=False)

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        normal = check_key(key)
        if not normal:
            return FileInfo("", is_dir=True)
        found = self._look(key)
        if found is None:
            raise self._missing(key)
        return FileInfo(normal, found.is_dir, None if found.is_dir else found.size)

    def list(self, prefix: str = "") -> list[FileInfo]:
        """As `ObjectStore.list`."""
        normal = check_key(prefix)
        found = self._look(prefix)
        if found is None or not found.is_dir:
            return []
        listed = [
            FileInfo(posixpath.join(normal, item.name), item.is_dir, None if item.is_dir else item.size)
            for item in patiently(lambda: self._disk.entries(self._path(prefix)), self._attempts)
            if not item.name.startswith(_PART)
        ]
        return sorted(listed, key=lambda info: info.path)

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `ObjectStore.walk`."""
        for info in self.list(prefix):
            if info.is_dir:
                yield from self.walk(info.path)
            else:
                yield info

    def delete(self, key: str) -> int:
        """As `ObjectStore.delete`."""
        path, found = self._path(key), self._look(key)
        if found is None:
            raise self._missing(key)
        if found.is_dir:
            return self._remove_below(path)
        self._remove(path, is_dir=False)
        return 1

    def version(self, key: str) -> str:
        """As `Versioned.version`: the time of the last change, as exactly as the other machine tells it, and the size."""
        found = self._look(key)
        if found is None:
            raise self._missing(key)
        return found.version

    def local_path(self, key: str) -> Path | None:
        """None: the bytes are on another machine."""
        check_key(key)
        return None

    def _path(self, key: str) -> str:
        normal = check_key(key)
        return posixpath.join(self._root, normal) if normal else self._root

    def _look(self, key: str) -> Entry | None:
        path = self._path(key)
        return None if _is_too_long(path) else patiently(lambda: self._disk.look(path), self._attempts)

    def _chunks(self, key: str, path: str, span: tuple[int, int], version: str) -> Iterator[bytes]:
        begin, end = span

        def fetch(at: int) -> Iterator[bytes]:
            if at != begin:
                found = self._disk.look(path)
                if found is None or found.version != version:
                    msg = f"{key!r} in {self.uri} was written again while it was read. Read it again."
                    raise Conflict(msg)
            return self._disk.get(path, at, end - at) if at < end else iter(())

        return patient_chunks(fetch, begin, self._attempts)

    def _named(self, key: str) -> str:
        path = self._path(key)
        if path == self._root:
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        if _is_too_long(path):
            msg = f"The artifact path {key[:80]!r}... is too long. Shorten it."
            raise InvalidInput(msg)
        return path

    def _send(self, key: str, path: str, source: Source, *, looks: bool) -> None:
        part = posixpath.join(posixpath.dirname(path), f"{_PART}{uuid.uuid4().hex}")
        try:
            self._disk.put(part, source)
            self._check(key, part, source.size)
            if looks:
                self._refuse_folder(key, path)
            self._disk.rename(part, path)
        except BaseException:
            with contextlib.suppress(TreeringError):
                self._disk.remove(part, is_dir=False)
            raise

    def _check(self, key: str, part: str, size: int) -> None:
        found = self._disk.look(part)
        if found is None or found.size != size:
            msg = f"{key!r} arrived in {self.uri} with another size than it was sent with. Send it again."
            raise DamagedData(msg)

    def _refuse_folder(self, key: str, path: str) -> None:
        there = self._disk.look(path)
        if there is not None and there.is_dir:
            raise self._clash(key)

    def _make_folder(self, key: str, folder: str) -> None:
        if folder == "/":
            return
        found = self._disk.look(folder)
        if found is None:
            self._make_folder(key, posixpath.dirname(folder))
            try:
                self._disk.make_folder(folder)
            except TreeringError:
                found = self._disk.look(folder)  # another thread may have been faster
                if found is None:
                    raise
        if found is not None and not found.is_dir:
            raise self._clash(key)

    def _remove_below(self, folder: str) -> int:
        count = 0
        for item in patiently(lambda: self._disk.entries(folder), self._attempts):
            path = posixpath.join(folder, item.name)
            if item.is_dir:
                count += self._remove_below(path)
            else:
                self._remove(path, is_dir=False)
                count += not item.name.startswith(_PART)
        self._remove(folder, is_dir=True)
        return count

    def _remove(self, path: str, *, is_dir: bool) -> None:
        # An answer that was lost may have been the one that it is gone.
        with contextlib.suppress(NotFound):
            patiently(lambda: self._disk.remove(path, is_dir=is_dir), self._attempts)

    def _clash(self, key: str) -> Conflict:
        return Conflict(f"Cannot write {key!r} in {self.uri}: a file stands where a folder is needed, or the reverse.")

    def _missing(self, key: str) -> NotFound:
        return NotFound(f"There is no artifact {key!r} in {self.uri}.")


def _is_too_long(path: str) -> bool:
    return any(len(name.encode()) > _LONGEST_NAME for name in path.split("/"))
