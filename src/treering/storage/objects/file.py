"""Artifacts in a folder of this machine's disk."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from treering.core.errors import (
    Conflict,
    DamagedData,
    InvalidInput,
    NotFound,
    PermissionDenied,
    StorageFull,
    TreeringError,
)
from treering.core.uri import file_uri, local_path
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, Begun, check_key
from treering.storage.objects.options import NoOptions, Options, told

__all__ = ["FileStore"]

# Files under way bear this prefix until they are whole; listings leave them out.
_PART = ".treering-part-"
_UPLOAD = re.compile(r"[0-9a-f]{32}-[1-9][0-9]{0,11}")
# How long an upload that was given up keeps its place.
_FORGOTTEN = 7 * 24 * 3600.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# A name longer than the disk allows cannot be there either.
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


class FileStore:
    """A folder, which need not exist before the first write.

    Args:
        uri: A path or a `file:` URI.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        told(NoOptions, options, uri)
        self._root = local_path(uri)

    @property
    def uri(self) -> str:
        """The folder as a `file://` URI."""
        return file_uri(self._root)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`."""
        path = self._path(key)
        try:
            file = path.open("rb")
        except OSError as error:
            raise self._failed_read(key, error) from error

        def chunks() -> Iterator[bytes]:
            with file:
                file.seek(offset)
                left = length
                while left is None or left > 0:
                    chunk = file.read(CHUNK_SIZE if left is None else min(CHUNK_SIZE, left))
                    if not chunk:
                        return
                    if left is not None:
                        left -= len(chunk)
                    yield chunk

        return chunks()

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`."""
        path = self._path(key)
        if path == self._root:
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        part = path.with_name(f"{_PART}{uuid.uuid4().hex}")
        size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    size += len(chunk)
            part.replace(path)
        except OSError as error:
            if isinstance(error, TreeringError):
                raise
            raise self._failed_write(key, error) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        return size

    def resume(self, key: str, identity: str, piece: int, *, fresh: bool = False) -> Begun:
        """As `Resumable.resume`: the pieces stand in a file beside the one that they become."""
        upload = f"{identity}-{piece}"
        part = self._staged(key, upload)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            _clear_old_parts(part.parent)
            if fresh:
                part.unlink(missing_ok=True)
            part.touch()
            with part.open("rb") as file:
                return Begun(upload, dict(enumerate(_tags(file, piece))))
        except OSError as error:
            raise self._failed_write(key, error) from error

    def put_piece(self, key: str, upload: str, number: int, chunks: Iterable[bytes]) -> str:
        """As `Resumable.put_piece`."""
        part = self._staged(key, upload)
        most = int(upload.rpartition("-")[2])
        size = checksum = 0
        try:
            with part.open("r+b") as file:
                file.seek(number * most)
                for chunk in chunks:
                    size += len(chunk)
                    if size > most:
                        msg = f"A piece of {key!r} has more than the {most} bytes that were agreed. Send it as agreed."
                        raise InvalidInput(msg)
                    checksum = zlib.crc32(chunk, checksum)
                    file.write(chunk)
        except OSError as error:
            if isinstance(error, TreeringError):
                raise
            raise self._failed_piece(key, error) from error
        return f"crc32:{checksum:08x}"

    def settle(self, key: str, upload: str, size: int, tags: Sequence[str]) -> None:
        """As `Resumable.settle`; each piece was compared with what was sent when it came."""
        del tags
        part, path = self._staged(key, upload), self._path(key)
        try:
            found = part.stat().st_size
            if found != size:
                msg = f"{found:,} bytes of {size:,} of {key!r} have come to {self.uri}. Send it again."
                raise DamagedData(msg)
            part.replace(path)
        except OSError as error:
            raise self._failed_piece(key, error) from error

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        path = self._path(key)
        if path == self._root:
            return FileInfo("", is_dir=True)
        try:
            found = path.stat()
        except OSError as error:
            raise self._failed_read(key, error) from error
        is_dir = stat.S_ISDIR(found.st_mode)
        return FileInfo(check_key(key), is_dir, None if is_dir else found.st_size)

    def list(self, prefix: str = "") -> list[FileInfo]:
        """As `ObjectStore.list`."""
        path = self._path(prefix)
        try:
            with os.scandir(path) as entries:
                found = [self._info(entry) for entry in entries if not entry.name.startswith(_PART)]
        except OSError as error:
            if error.errno in _ABSENT:
                return []
            raise self._failed_read(prefix, error) from error
        return sorted((info for info in found if info is not None), key=lambda info: info.path)

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `ObjectStore.walk`."""
        for info in self.list(prefix):
            if info.is_dir:
                yield from self.walk(info.path)
            else:
                yield info

    def delete(self, key: str) -> int:
        """As `ObjectStore.delete`."""
        path = self._path(key)
        try:
            if not stat.S_ISDIR(path.stat().st_mode):
                path.unlink()
                return 1
            count = sum(1 for _ in self.walk(key))
            shutil.rmtree(path)
        except OSError as error:
            raise self._failed_read(key, error) from error
        return count

    def local_path(self, key: str) -> Path:
        """As `ObjectStore.local_path`."""
        return self._path(key)

    def _path(self, key: str) -> Path:
        normal = check_key(key)
        path = self._root / normal if normal else self._root
        # A link that somebody put into the folder must not lead out of it.
        if not path.resolve().is_relative_to(self._root.resolve()):
            msg = f"Invalid path: {key!r} leads out of the artifact root through a link."
            raise InvalidInput(msg)
        return path

    def _staged(self, key: str, upload: str) -> Path:
        path = self._path(key)
        if path == self._root or not _UPLOAD.fullmatch(upload):
            msg = f"There is no upload {upload!r} of {key!r}. Begin it first, and give the file a name."
            raise InvalidInput(msg)
        # Two files of one folder may be the same.
        name = hashlib.sha256(path.name.encode()).hexdigest()[:8]
        return path.with_name(f"{_PART}{name}-{upload}")

    def _failed_piece(self, key: str, error: OSError) -> TreeringError:
        if isinstance(error, FileNotFoundError):
            return NotFound(f"There is no such upload of {key!r} in {self.uri}. Begin it again.")
        return self._failed_write(key, error)

    def _info(self, entry: os.DirEntry[str]) -> FileInfo | None:
        path = Path(entry.path).relative_to(self._root).as_posix()
        try:
            return FileInfo(path, is_dir=True) if entry.is_dir() else FileInfo(path, False, entry.stat().st_size)
        except FileNotFoundError:  # deleted since the folder was read, or a link to nowhere
            return None

    def _failed_read(self, key: str, error: OSError) -> TreeringError:
        if isinstance(error, TreeringError):
            return error
        if error.errno in _ABSENT:
            return NotFound(f"There is no artifact {key!r} in {self.uri}.")
        if isinstance(error, PermissionError):
            return PermissionDenied(f"{key!r} in {self.uri} may not be used by this user. Change its permissions.")
        return TreeringError(f"{key!r} in {self.uri} cannot be read: {error.strerror}. Check the disk.")

    def _failed_write(self, key: str, error: OSError) -> TreeringError:
        if error.errno in _FULL:
            msg = f"No room to write {key!r} in {self.uri}: {error.strerror}. Free some space and try again."
            return StorageFull(msg)
        if isinstance(error, PermissionError):
            msg = f"{key!r} in {self.uri} may not be written by this user. Change the folder's permissions."
            return PermissionDenied(msg)
        if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
            msg = f"Cannot write {key!r} in {self.uri}: a file stands where a folder is needed, or the reverse."
            return Conflict(msg)
        if error.errno == errno.ENAMETOOLONG:
            msg = f"The artifact path {key[:80]!r}... is too long for this disk. Shorten it."
            return InvalidInput(msg)
        return TreeringError(f"Cannot write {key!r} in {self.uri}: {error.strerror}.")


def _tags(file: BinaryIO, piece: int) -> Iterator[str]:
    while True:
        left, checksum = piece, 0
        while left and (chunk := file.read(min(left, CHUNK_SIZE))):
            checksum = zlib.crc32(chunk, checksum)
            left -= len(chunk)
        if left < piece:
            yield f"crc32:{checksum:08x}"
        if left:
            return


def _clear_old_parts(folder: Path) -> None:
    before = time.time() - _FORGOTTEN
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.name.startswith(_PART) and entry.stat().st_mtime < before:
                    Path(entry.path).unlink()
