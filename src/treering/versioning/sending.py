"""Sending objects of the cache to a store: many small ones at a time, few large ones, nothing that is not what its name says."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from threading import Lock, Semaphore

from treering.core.errors import DamagedData, NotSupported, Unavailable
from treering.storage.content.cache import Cache
from treering.storage.content.hashing import BLOCK, Hasher, hash_bytes
from treering.storage.content.oid import Oid
from treering.storage.objects.base import SMALL, Direct, Resumable
from treering.versioning.outcome import Outcome
from treering.versioning.pieces import SMALLEST, send_in_pieces
from treering.versioning.presence import key_of
from treering.versioning.remotes import Remote
from treering.versioning.run_many import Stop, run_many

__all__ = ["Patience", "send_objects"]

# Each of them may hold some pieces in memory.
_LARGE_AT_A_TIME = 2
_LARGE = 8 << 20


class Patience:
    """Ends a transfer when one thing after the other cannot be reached: it is the whole place that is away then."""

    def __init__(self, jobs: int) -> None:
        self._most = jobs + 2
        self._in_a_row = 0
        self._lock = Lock()

    def succeeded(self) -> None:
        """Something could be reached."""
        self._in_a_row = 0

    def failed(self, error: Unavailable) -> None:
        """Something could not. Raises the error if that goes on."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row > self._most:
                raise error


def send_objects(
    cache: Cache, remote: Remote, values: Collection[str], outcome: Outcome, stop: Stop, *, legacy: bool
) -> None:
    """Send objects that the remote does not have.

    Raises:
        Unavailable: If the remote cannot be reached at all.
        TreeringError: What would be the same for every object, such as PermissionDenied and StorageFull.
    """
    sender = _Sender(cache, remote, outcome, stop, legacy)
    run_many(sender.send, values, min(remote.jobs, len(values)), stop)


class _Sender:
    def __init__(self, cache: Cache, remote: Remote, outcome: Outcome, stop: Stop, legacy: bool) -> None:  # noqa: FBT001 - passed on
        self._cache, self._remote, self._store = cache, remote, remote.store
        self._outcome, self._stop, self._legacy = outcome, stop, legacy
        self._put = self._store.put if isinstance(self._store, Direct) else self._store.write
        self._large = Semaphore(_LARGE_AT_A_TIME)
        self._patience = Patience(remote.jobs)

    def send(self, value: str) -> None:
        oid = Oid(value, self._legacy)
        try:
            size = self._sent(oid, self._cache.file_name(oid), key_of(value, legacy=self._legacy))
        except FileNotFoundError:
            self._outcome.missing.append(value)
        except DamagedData:
            # Hashed once more, and put aside if it is not what it should be.
            if self._cache.verify(oid):
                self._outcome.failed[value] = "it changed on the way; send it again"
            else:
                self._outcome.damaged.append(value)
        except Unavailable as error:
            self._outcome.failed[value] = str(error)
            self._patience.failed(error)
        else:
            self._patience.succeeded()
            self._outcome.moved(value, size)

    def _sent(self, oid: Oid, name: str, key: str) -> int:
        size = os.stat(name).st_size
        if size <= SMALL:
            with open(name, "rb") as file:
                data = file.read()
            if hash_bytes(data, legacy=self._legacy) != oid.value[:32]:
                raise DamagedData(oid.value)
            return self._whole(key, [data], len(data))
        if size < _LARGE:
            return self._whole(key, _Checked(name, oid, self._stop), size)
        with self._large:
            self._stop.check()
            if size >= SMALLEST and isinstance(self._store, Resumable):
                try:
                    return send_in_pieces(self._store, key, name, oid.value, self._stop, legacy=self._legacy)
                except NotSupported:
                    pass
            return self._whole(key, _Checked(name, oid, self._stop), size)

    def _whole(self, key: str, chunks: list[bytes] | _Checked, size: int) -> int:
        stored = self._put(key, chunks)
        if stored != size:
            raise DamagedData(key)
        return stored


class _Checked:
    """A file's bytes, as often as they are asked for; that they are what the object's name says is known at the end.

    A store shows nothing of a file whose chunks end with an error.
    """

    def __init__(self, name: str, oid: Oid, stop: Stop) -> None:
        self._name, self._oid, self._stop = name, oid, stop

    def __iter__(self) -> Iterator[bytes]:
        hasher = Hasher(legacy=self._oid.legacy)
        held = b""
        with open(self._name, "rb") as file:
            while block := file.read(BLOCK):
                self._stop.check()
                hasher.update(block)
                if held:
                    yield held
                held = block
        # The last block is given only when it is known that all are right.
        if hasher.hexdigest() != self._oid.value[:32]:
            raise DamagedData(self._oid.value)
        yield held
