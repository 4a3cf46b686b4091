"""The digests of a folder's files: taken from the index where a file is as it was, computed otherwise.

What is computed may be stored in the cache in the same pass, so that each file is
read once. Small files are read whole; big ones go through several threads.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from treering.core.errors import Conflict
from treering.storage.content.cache import Cache
from treering.storage.content.hashing import hash_bytes, hash_file
from treering.versioning.index import TreeRecord
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.walk import Rows

__all__ = ["DIGEST", "Reader", "known_digests"]

DIGEST = 16
"""Bytes of a digest."""

_SMALL = 1 << 20
_STEP = 512
_MOST_THREADS = 8
_BINARY = getattr(os, "O_BINARY", 0)
# What a listed file that is no file any more is read with.
_CHANGED = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


def known_digests(rows: Rows, names: bytes, record: TreeRecord | None) -> tuple[bytearray, list[int]]:
    """What the index knows.

    Args:
        names: As `rows.names()`.

    Returns:
        The digests of all rows, and the numbers of those that are not known, which are zeros there.
    """
    if record is None:
        return bytearray(DIGEST * len(rows)), list(range(len(rows)))
    if names == record.names:
        digests = bytearray(record.digests)
        if rows.mtimes == record.mtimes and rows.inodes == record.inodes and rows.sizes == record.sizes:
            return digests, []
        now = zip(rows.mtimes, rows.inodes, rows.sizes, strict=True)
        before = zip(record.mtimes, record.inodes, record.sizes, strict=True)
        unknown = [at for at, (one, other) in enumerate(zip(now, before, strict=True)) if one != other]
        return digests, unknown
    return _merged(rows, record)


def _merged(rows: Rows, record: TreeRecord) -> tuple[bytearray, list[int]]:
    """Go through both lists at once: each is sorted by path."""
    digests = bytearray(DIGEST * len(rows))
    unknown: list[int] = []
    old = record.paths()
    there, end = 0, len(old)
    for at, path in enumerate(rows.paths):
        while there < end and old[there] < path:
            there += 1
        if (
            there < end
            and old[there] == path
            and record.mtimes[there] == rows.mtimes[at]
            and record.inodes[there] == rows.inodes[at]
            and record.sizes[there] == rows.sizes[at]
        ):
            digests[at * DIGEST : (at + 1) * DIGEST] = record.digests[there * DIGEST : (there + 1) * DIGEST]
        else:
            unknown.append(at)
    return digests, unknown


@dataclass(slots=True)
class Reader:
    """Reads files of one folder, hashes them, and stores them where that is wanted.

    Attributes:
        root: The folder.
        store: Where what was read is stored; None for nowhere.
        share: Whether a file becomes the object itself instead of being copied, because it is to be a link anyway.
        jobs: How many threads read big files.
    """

    root: str
    store: Cache | None = None
    share: bool = False
    legacy: bool = False
    jobs: int = 0
    progress: Progress = NO_PROGRESS
    _done: int = field(default=0, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def read(self, rows: Rows, wanted: Sequence[int], digests: bytearray) -> None:
        """Read some rows; their digests and sizes are filled in.

        Raises:
            Conflict: If a file is gone since it was listed.
            StorageFull: If the cache has no room.
        """
        big = [at for at in wanted if rows.sizes[at] > _SMALL]
        if not big:
            self._read_small(rows, wanted, digests, len(wanted))
            return
        self._read_small(rows, [at for at in wanted if rows.sizes[at] <= _SMALL], digests, len(wanted))
        lengths = rows.sizes

        def read_big(at: int) -> None:
            name = f"{self.root}/{rows.paths[at]}"
            value, lengths[at] = self._found(name, lambda: self.read_file(name))
            digests[at * DIGEST : (at + 1) * DIGEST] = bytes.fromhex(value)
            with self._guard:
                self._done += 1
                self.progress("Hashing", self._done, len(wanted))

        _in_threads(big, read_big, self.jobs)

    def read_file(self, name: str) -> tuple[str, int]:
        """The digest and size of one file, which is stored where that is wanted.

        Raises:
            OSError: If it cannot be read.
        """
        before = os.stat(name)
        if self.store is None:
            return hash_file(name, legacy=self.legacy), before.st_size
        if self.share:
            value = hash_file(name)
            if self.store.take_link(name, value, before):
                return value, before.st_size
        return self.store.put_file(name).value, before.st_size

    def _read_small(self, rows: Rows, wanted: Iterable[int], digests: bytearray, total: int) -> None:
        paths, sizes = rows.paths, rows.sizes
        prefix = f"{self.root}/"
        step = 0
        for at in wanted:
            name = prefix + paths[at]
            size = sizes[at]
            try:
                descriptor = os.open(name, os.O_RDONLY | _BINARY)
                try:
                    before = os.fstat(descriptor) if self.share else None
                    data = os.read(descriptor, size + 1)
                    if len(data) != size:
                        data = _rest(descriptor, data)
                        sizes[at] = len(data)
                finally:
                    os.close(descriptor)
            except _CHANGED as error:
                raise _gone(name) from error
            if self.legacy:
                digests[at * DIGEST : (at + 1) * DIGEST] = bytes.fromhex(hash_bytes(data, legacy=True))
            else:
                counted = hashlib.md5(data, usedforsecurity=False)
                digests[at * DIGEST : (at + 1) * DIGEST] = counted.digest()
                store = self.store
                if store is not None:
                    value = counted.hexdigest()
                    if before is None or not store.take_link(name, value, before):
                        store.put_known(data, value)
            step += 1
            if step == _STEP:
                step = 0
                self._done += _STEP
                self.progress("Hashing", self._done, total)
        self._done += step

    def _found(self, name: str, read: Callable[[], tuple[str, int]]) -> tuple[str, int]:
        try:
            return read()
        except _CHANGED as error:
            raise _gone(name) from error


def _rest(descriptor: int, data: bytes) -> bytes:
    parts = [data]
    while data := os.read(descriptor, _SMALL):
        parts.append(data)
    return b"".join(parts)


def _gone(name: str) -> Conflict:
    return Conflict(
        f"{name!r} was removed or replaced while it was being read. Run the command again when nothing writes there."
    )


def _in_threads(work: Sequence[int], do: Callable[[int], None], jobs: int) -> None:
    """Do the work in several threads; the first error ends it and is raised."""
    count = min(jobs or _MOST_THREADS, len(work), (os.cpu_count() or 1) * 2)
    if count <= 1:
        for one in work:
            do(one)
        return
    waiting = iter(work)
    guard = threading.Lock()
    errors: list[BaseException] = []

    def serve() -> None:
        while not errors:
            with guard:
                one = next(waiting, None)
            if one is None:
                return
            try:
                do(one)
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
                errors.append(error)

    threads = [threading.Thread(target=serve, name=f"treering-read-{number}") for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
