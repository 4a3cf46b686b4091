"""What was found out about files before, so that unchanged ones are never read again.

A file that has the modification time, inode and size that it had when it was hashed
holds what it held. A folder has an index file of its own, in columns that are loaded
in one read; single files share one. All of it may be deleted at any time, and one
that is damaged or of another version counts as none.

A file that was changed at the very moment when it was looked at could be changed once
more without any trace. So times that are not older than the look are not noted.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import threading
import time
import zlib
from array import array
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["UNKNOWN", "FileRow", "Index", "TreeRecord"]

UNKNOWN = -1
"""The modification time of a row that is to be hashed again."""

FileRow = tuple[int, int, int, str]
"""Modification time in nanoseconds, inode, size, and the content's name."""

_MAGIC = b"treering-index-2-" + sys.byteorder[:1].encode() + b"\n"
_HEADER = struct.Struct("<36sQQQI")
# No path relative to a repository begins like these.
_LEGACY, _PRESENT = "//legacy/", "//present/"
_MOST_PRESENT = 1000
_NO_ROW: FileRow = (0, 0, 0, "")
_DIGEST = 16
_WORD = 8
# Where a file system has times of its own, such as one over the network, this much doubt is enough.
_DOUBT = 2_000_000_000
# A disk's clock ticks every few milliseconds. One that ticks by the second is not waited for.
_NAPS, _NAP = 12, 0.001


@dataclass(slots=True)
class TreeRecord:
    """A folder as it was when it was last looked at; columns as those of `walk.Rows`, and equally long.

    Attributes:
        value: The name of the list of its files, with `.dir`.
        size: Bytes of all its files.
        names: The paths as one text, as `Rows.names` gives it.
        digests: 16 bytes for each file.
    """

    value: str
    size: int
    names: bytes
    mtimes: array[int]
    inodes: array[int]
    sizes: array[int]
    digests: bytes

    def paths(self) -> list[str]:
        """The paths."""
        return self.names.decode().split("\0") if self.mtimes else []


class Index:
    """The index files of one repository. Threads may share it; of two processes that write, the later one wins.

    Args:
        folder: Where they lie; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, FileRow] | None = None
        self._changed: dict[str, FileRow | None] = {}
        self._guard = threading.Lock()

    def now(self, beside: str | os.PathLike[str] | None = None) -> int:
        """The time that the disk gives to a file that is changed now, in nanoseconds.

        Args:
            beside: What is going to be looked at; where it lies on another disk, a time that is safely past.
        """
        probe = self._path("clock")
        try:
            try:
                descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT, 0o666)
            except FileNotFoundError:
                os.makedirs(self.folder, exist_ok=True)
                descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT, 0o666)
        except OSError:  # a repository that cannot be written to
            return time.time_ns() - _DOUBT
        try:
            os.utime(descriptor)
            found = os.fstat(descriptor)
            with suppress(OSError):
                if beside is not None and os.stat(beside).st_dev != found.st_dev:
                    return found.st_mtime_ns - _DOUBT
            return found.st_mtime_ns
        finally:
            os.close(descriptor)

    def settled(self, newest: int) -> int:
        """As `now`, after a moment that lets the disk's clock pass a time just given to a file.

        Whatever is changed from here on gets a later time, so what was written before may be noted.
        """
        for _ in range(_NAPS):
            if (stamp := self.now()) > newest:
                return stamp
            time.sleep(_NAP)
        return self.now()

    def tree(self, key: str, *, legacy: bool = False) -> TreeRecord | None:
        """What is known of a folder; None if nothing is.

        Args:
            key: Its path relative to the repository, or absolute.
        """
        try:
            with open(self._tree_file(key, legacy=legacy), "rb") as file:
                data = file.read()
        except OSError:
            return None
        return _load(data, key)

    def keep_tree(self, key: str, record: TreeRecord, stamp: int, *, legacy: bool = False) -> None:
        """Note what was found in a folder. Where that cannot be written, it is not noted.

        Args:
            stamp: When it was looked at, from `now`; rows that are not older are hashed again next time.
        """
        mtimes = record.mtimes
        if len(mtimes) and max(mtimes) >= stamp:
            mtimes = array("q", [UNKNOWN if mtime >= stamp else mtime for mtime in mtimes])
        named = key.encode("utf-8", "surrogateescape")
        columns = (record.inodes.tobytes(), record.sizes.tobytes(), record.digests, named, record.names)
        checksum = zlib.crc32(first := mtimes.tobytes())
        for column in columns:
            checksum = zlib.crc32(column, checksum)
        header = _HEADER.pack(record.value.encode("ascii"), record.size, len(mtimes), len(named), checksum)
        self._write(self._tree_file(key, legacy=legacy), (_MAGIC, header, first, *columns))

    def drop_tree(self, key: str) -> None:
        """Forget a folder."""
        for legacy in (False, True):
            with suppress(OSError):
                os.unlink(self._tree_file(key, legacy=legacy))

    def file(self, key: str, found: os.stat_result, *, legacy: bool = False) -> str | None:
        """What a single file contains, if it is as it was; None if that is not known."""
        with self._guard:
            row = self._loaded().get(_file_key(key, legacy=legacy))
        if row is None or row[:3] != (found.st_mtime_ns, found.st_ino, found.st_size):
            return None
        return row[3]

    def keep_file(self, key: str, found: os.stat_result, value: str, stamp: int, *, legacy: bool = False) -> None:
        """Note what a single file contains; `save` writes it down."""
        if found.st_mtime_ns >= stamp:
            return
        with self._guard:
            row = (found.st_mtime_ns, found.st_ino, found.st_size, value)
            if self._loaded().get(full := _file_key(key, legacy=legacy)) != row:
                self._loaded()[full] = self._changed[full] = row

    def drop_file(self, key: str) -> None:
        """Forget a single file."""
        with self._guard:
            for full in (_file_key(key, legacy=False), _file_key(key, legacy=True)):
                if self._loaded().pop(full, None) is not None:
                    self._changed[full] = None

    def was_whole(self, value: str, state: str) -> bool:
        """Whether a folder with all its files was in the cache when the cache was in this state."""
        with self._guard:
            return self._loaded().get(_PRESENT + value, _NO_ROW)[3] == state

    def keep_whole(self, value: str, state: str) -> None:
        """Note that a folder with all its files is in the cache; `save` writes it down."""
        with self._guard:
            self._loaded()[_PRESENT + value] = self._changed[_PRESENT + value] = (0, 0, 0, state)

    def save(self) -> None:
        """Write down what was noted of single files; what other processes noted meanwhile stays."""
        with self._guard:
            if not self._changed:
                return
            rows = _load_files(self._path("files"))
            for key, row in self._changed.items():
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row
            self._changed.clear()
            for key in [key for key in rows if key.startswith(_PRESENT)][:-_MOST_PRESENT]:
                del rows[key]
            body = _dump_files(rows)
        self._write(self._path("files"), (_MAGIC, struct.pack("<I", zlib.crc32(body)), body))

    def _loaded(self) -> dict[str, FileRow]:
        if self._files is None:
            self._files = _load_files(self._path("files"))
        return self._files

    def _tree_file(self, key: str, *, legacy: bool) -> str:
        name = hashlib.md5(key.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
        return self._path(f"{name}{'-legacy' if legacy else ''}.tree")

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _write(self, path: str, parts: tuple[bytes, ...]) -> None:
        part = f"{path}.{os.getpid()}-{threading.get_ident()}"
        try:
            os.makedirs(self.folder, exist_ok=True)
            with open(part, "wb") as file:
                file.writelines(parts)
            os.replace(part, path)
        except OSError:
            # It costs time only: the files are hashed again.
            with suppress(OSError):
                os.unlink(part)


def _load(data: bytes, key: str) -> TreeRecord | None:
    start = len(_MAGIC) + _HEADER.size
    if len(data) < start or not data.startswith(_MAGIC):
        return None
    value, size, rows, named, checksum = _HEADER.unpack_from(data, len(_MAGIC))
    view = memoryview(data)
    if zlib.crc32(view[start:]) != checksum or len(data) < start + rows * (3 * _WORD + _DIGEST) + named:
        return None
    mtimes, inodes, sizes = array("q"), array("Q"), array("q")
    for column in (mtimes, inodes, sizes):
        column.frombytes(view[start : start + rows * _WORD])
        start += rows * _WORD
    digests = bytes(view[start : start + rows * _DIGEST])
    start += rows * _DIGEST
    # Two paths may share a name of 32 digits only by somebody's will; then the index is not believed.
    if bytes(view[start : start + named]) != key.encode("utf-8", "surrogateescape"):
        return None
    names = bytes(view[start + named :])
    if rows and names.count(b"\0") != rows - 1:
        return None
    return TreeRecord(value.decode("ascii").rstrip("\0"), size, names, mtimes, inodes, sizes, digests)


def _file_key(key: str, *, legacy: bool) -> str:
    return _LEGACY + key if legacy else key


def _load_files(path: str) -> dict[str, FileRow]:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return {}
    start = len(_MAGIC) + 4
    if (
        len(data) < start
        or not data.startswith(_MAGIC)
        or zlib.crc32(data[start:]) != struct.unpack_from("<I", data, len(_MAGIC))[0]
    ):
        return {}
    fields = data[start:].decode("utf-8", "surrogateescape").split("\0")
    return {
        key: (int(mtime), int(inode), int(size), value)
        for key, mtime, inode, size, value in zip(*(fields[at::5] for at in range(5)), strict=False)
    }


def _dump_files(rows: Mapping[str, FileRow]) -> bytes:
    flat = [
        text
        for key, (mtime, inode, size, value) in rows.items()
        for text in (key, str(mtime), str(inode), str(size), value)
    ]
    return "\0".join(flat).encode("utf-8", "surrogateescape")
