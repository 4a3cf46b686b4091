"""Fetching objects from a store into the cache: each is hashed as it comes, and only what is what its name says gets there.

A large object grows in a file of its own, which a transfer that was killed leaves
behind, and the next one goes on with.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain
from threading import Semaphore

from treering.core.errors import DamagedData, NotFound, TreeringError, Unavailable
from treering.storage.content.cache import Cache, failed_write
from treering.storage.content.hashing import BLOCK, Hasher, hash_bytes, write_whole
from treering.storage.content.oid import Oid
from treering.storage.objects.base import SMALL, ObjectStore
from treering.storage.objects.flat import FlatStore
from treering.versioning.outcome import Outcome
from treering.versioning.presence import key_of
from treering.versioning.remotes import Remote
from treering.versioning.run_many import Stop, run_many
from treering.versioning.sending import Patience

if sys.platform != "win32":
    import fcntl

__all__ = ["clear_partial", "fetch_objects", "read_object"]

_PARTIAL = ".treering-partial"
_FORGOTTEN = 7 * 24 * 3600.0
_TRIES = 2
_GROWING = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
_LARGE_AT_A_TIME = 2
# A large object comes in ranges of this size, some of them at the same time.
_RANGE = 8 << 20
_RANGES = 4


def fetch_objects(
    cache: Cache, remote: Remote, values: Collection[str], outcome: Outcome, stop: Stop, *, legacy: bool
) -> None:
    """Fetch objects that the cache does not have.

    Raises:
        Unavailable: If the remote cannot be reached at all.
        StorageFull: If the cache has no more room; what was fetched before stays.
        TreeringError: What would be the same for every object, such as PermissionDenied.
    """
    fetcher = _Fetcher(cache, remote, outcome, stop, legacy)
    run_many(fetcher.fetch, values, min(remote.jobs, len(values)), stop)


def read_object(remote: Remote, value: str, *, legacy: bool) -> bytes:
    """The bytes of an object that fits into memory, such as a list of files; compared with its name.

    Raises:
        NotFound: If the remote does not have it.
        DamagedData: If it has other bytes there, also when it is read again.
    """
    for _ in range(_TRIES):
        data = b"".join(remote.store.read(key_of(value, legacy=legacy)))
        if hash_bytes(data, legacy=legacy) == value[:32]:
            return data
    msg = f"The object {value} in {remote.url} is damaged. Repair it with `treering data verify --cloud --repair`."
    raise DamagedData(msg)


def clear_partial(cache: Cache) -> int:
    """Remove what transfers that were given up a week ago have left of large objects; returns how many bytes that was."""
    freed = 0
    with suppress(FileNotFoundError), os.scandir(os.path.join(cache.root, _PARTIAL)) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                found = entry.stat()
                if found.st_mtime < time.time() - _FORGOTTEN:
                    os.unlink(entry.path)
                    freed += found.st_size
    return freed


class _Fetcher:
    def __init__(self, cache: Cache, remote: Remote, outcome: Outcome, stop: Stop, legacy: bool) -> None:  # noqa: FBT001 - passed on
        self._cache, self._remote, self._store = cache, remote, remote.store
        self._outcome, self._stop, self._legacy = outcome, stop, legacy
        self._large = Semaphore(_LARGE_AT_A_TIME)
        self._patience = Patience(remote.jobs)

    def fetch(self, value: str) -> None:
        try:
            size = self._fetched(value)
        except NotFound:
            self._outcome.missing.append(value)
        except DamagedData:
            self._outcome.damaged.append(value)
        except Unavailable as error:
            self._outcome.failed[value] = str(error)
            self._patience.failed(error)
        else:
            self._patience.succeeded()
            self._outcome.moved(value, size)

    def _fetched(self, value: str) -> int:
        key = key_of(value, legacy=self._legacy)
        if os.path.exists(os.path.join(self._cache.root, _PARTIAL, self._partial_name(value))):
            return self._grown(value, key, None)
        for _ in range(_TRIES):
            chunks = self._store.read(key)
            held: list[bytes] = []
            size = 0
            for chunk in chunks:
                held.append(chunk)
                size += len(chunk)
                if size > SMALL:
                    return self._grown(value, key, chain(held, chunks))
            data = b"".join(held)
            if hash_bytes(data, legacy=self._legacy) == value[:32]:
                self._keep(value, data)
                return size
        raise DamagedData(value)

    def _keep(self, value: str, data: bytes) -> None:
        if not self._legacy:
            self._cache.put_known(data, value)
            return
        staged = self._cache.staging()
        try:
            with open(staged, "xb") as file:
                file.write(data)
        except OSError as error:
            with suppress(OSError):
                os.unlink(staged)
            raise failed_write(error, value) from error
        self._cache.adopt(staged, Oid(value, legacy=True))

    def _grown(self, value: str, key: str, chunks: Iterator[bytes] | None) -> int:
        """Fetch into a file that stays when this ends early; `chunks` are those of the whole object, if they come already."""
        with self._large, _partial(self._cache, self._partial_name(value)) as (name, descriptor):
            for _ in range(_TRIES):
                hasher = Hasher(legacy=self._legacy)
                size = _hash_blocks(descriptor, hasher)
                source = chunks if chunks is not None and not size else None
                size = self._append(descriptor, hasher, source or self._rest(key, size), size, name)
                if hasher.hexdigest() == value[:32]:
                    self._cache.adopt(name, Oid(value, self._legacy))
                    return size
                chunks = None
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
            os.unlink(name)
        raise DamagedData(value)

    def _append(self, descriptor: int, hasher: Hasher, chunks: Iterator[bytes], size: int, name: str) -> int:
        try:
            for block in _blocks(chunks):
                self._stop.check()
                hasher.update(block)
                write_whole(descriptor, block)
                size += len(block)
        except OSError as error:
            if isinstance(error, TreeringError):
                raise
            with suppress(OSError):
                os.unlink(name)
            raise failed_write(error, name) from error
        return size

    def _rest(self, key: str, offset: int) -> Iterator[bytes]:
        """What is left of an object; from a bucket, several ranges of it at a time."""
        if not isinstance(self._store, FlatStore):
            return self._store.read(key, offset)
        size = self._store.stat(key).size or 0
        return (
            _in_ranges(self._store, key, offset, size) if size - offset > 2 * _RANGE else self._store.read(key, offset)
        )

    def _partial_name(self, value: str) -> str:
        return f"{value}-2" if self._legacy else value


@contextmanager
def _partial(cache: Cache, name: str) -> Iterator[tuple[str, int]]:
    """A file that goes on growing where it stopped; one of another name while another process has it."""
    folder = os.path.join(cache.root, _PARTIAL)
    path = os.path.join(folder, name)
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(path, _GROWING, 0o600)
        if not _is_ours(path, descriptor):
            os.close(descriptor)
            path = f"{path}-{uuid.uuid4().hex}"
            descriptor = os.open(path, _GROWING, 0o600)
    except OSError as error:
        raise failed_write(error, name) from error
    try:
        yield path, descriptor
    finally:
        os.close(descriptor)


def _is_ours(path: str, descriptor: int) -> bool:
    """Whether nobody else writes to the file, and nobody has made an object of it since it was opened."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _hash_blocks(descriptor: int, hasher: Hasher) -> int:
    """Hash what is there as far as it goes in whole blocks; the rest is cut off, and the size is returned."""
    size = os.fstat(descriptor).st_size // BLOCK * BLOCK
    os.lseek(descriptor, 0, os.SEEK_SET)
    for _ in range(0, size, BLOCK):
        hasher.update(os.read(descriptor, BLOCK))
    os.ftruncate(descriptor, size)
    os.lseek(descriptor, size, os.SEEK_SET)
    return size


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of `BLOCK`, as digests of DVC 2 need them."""
    held = bytearray()
    for chunk in chunks:
        if not held and len(chunk) == BLOCK:
            yield chunk
            continue
        held += chunk
        while len(held) >= BLOCK:
            yield bytes(held[:BLOCK])
            del held[:BLOCK]
    if held:
        yield bytes(held)


def _in_ranges(store: ObjectStore, key: str, offset: int, size: int) -> Iterator[bytes]:
    def fetch(start: int) -> bytes:
        return b"".join(store.read(key, start, _RANGE))

    with ThreadPoolExecutor(_RANGES, thread_name_prefix="treering-ranges") as pool:
        ahead: list[Future[bytes]] = []
        try:
            for start in range(offset, size, _RANGE):
                if len(ahead) == _RANGES:
                    yield ahead.pop(0).result()
                ahead.append(pool.submit(fetch, start))
            for one in ahead:
                yield one.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
