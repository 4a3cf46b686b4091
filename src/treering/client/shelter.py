"""The artifacts of a run, as a store that takes files also while the real one cannot be reached.

What cannot be delivered now is kept beside the journal, and the courier delivers it
in its turn. Reading sees what waits as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from treering.client.belated import is_belated
from treering.client.pieces import send_file
from treering.client.session import Place
from treering.core.errors import DeadlineExceeded, InvalidInput, NotFound, Unavailable
from treering.entities.artifact import FileInfo
from treering.storage.journal.files import FileChunks
from treering.storage.journal.notes import noted_creation
from treering.storage.objects.base import Bulk, ObjectStore, check_key

__all__ = ["ShelteredStore"]

# A connection that has lain idle this long may be dead, which an upload would notice only after a long time.
_FRESH = 10.0
Answer = TypeVar("Answer")


class ShelteredStore:
    """An `ObjectStore` of one run's artifacts; opened when it is first used.

    Args:
        artifact_uri: Where they lie; "", or what only stands for that, is asked of the server.
    """

    def __init__(self, place: Place, run_id: str, artifact_uri: str = "") -> None:
        self._place = place
        self._run_id = run_id
        self._uri = "" if is_belated(artifact_uri) else artifact_uri
        self._store: ObjectStore | None = None
        self._heard = 0.0

    @property
    def uri(self) -> str:
        """The root, or what stands for it while it is not known."""
        return self._uri or f"runs:/{self._run_id}"

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`. A source that can be gone through only once is not kept when sending it fails.

        Raises:
            StorageFull: Also if the file is to be kept, and this machine's disk is full.
        """
        if not check_key(key):
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        recorder = self._place.recorder
        # What waits must not be delivered over what came later.
        if not recorder.is_cut_off and recorder.kept(self._run_id) is None and (store := self._reached()) is not None:
            try:
                return send_file(store, key, chunks)
            except (Unavailable, DeadlineExceeded) as error:
                if not self._place.settings.offline_after or isinstance(chunks, Iterator):
                    raise
                recorder.cut_off(error)
        return recorder.keep(self._run_id, check_key(key), chunks)

    def write_many(self, files: Iterable[tuple[str, bytes]]) -> int:
        """As `Bulk.write_many`; what cannot be sent now is kept, as `write` does."""
        held: Sequence[tuple[str, bytes]] = tuple(files)
        recorder = self._place.recorder
        if not recorder.is_cut_off and recorder.kept(self._run_id) is None:
            store: object = self._reached()
            if isinstance(store, Bulk):
                try:
                    return store.write_many(held)
                except (Unavailable, DeadlineExceeded) as error:
                    if not self._place.settings.offline_after:
                        raise
                    recorder.cut_off(error)
        return sum(1 for key, data in held if self.write(key, [data]) >= 0)

    def read_many(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """As `Bulk.read_many`."""
        return ((key, b"".join(self.read(key))) for key in keys)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`."""
        waiting = self._place.recorder.kept(self._run_id, check_key(key))
        if waiting is not None and offset == 0 and length is None:
            return iter(FileChunks(waiting))
        if self._only_here():
            msg = f"No such file: {key!r}."
            raise NotFound(msg)
        return self._read(lambda store: store.read(key, offset, length))

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        return self._read(lambda store: store.stat(key))

    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """As `ObjectStore.list`."""
        return self._read(lambda store: store.list(prefix))

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `ObjectStore.walk`."""
        return self._read(lambda store: store.walk(prefix))

    def delete(self, key: str) -> int:
        """As `ObjectStore.delete`."""
        return self._read(lambda store: store.delete(key))

    def local_path(self, key: str) -> Path | None:
        """As `ObjectStore.local_path`."""
        return self._read(lambda store: store.local_path(key))

    def _read(self, ask: Callable[[ObjectStore], Answer]) -> Answer:
        """Ask the real store, after what waits for it was delivered."""
        place = self._place
        services = place.services() if place.recorder.kept(self._run_id) is None else place.read()
        if not self._uri:
            self._uri = services.tracking.runs.get(self._run_id).info.artifact_uri
        return ask(services.open_artifacts(self._uri))

    def _reached(self) -> ObjectStore | None:
        """The real store; None if the server does not answer."""
        place = self._place
        stale = not place.target.is_here and time.monotonic() - self._heard > _FRESH
        if not self._uri or stale:
            run = place.attempt(lambda services: services.tracking.runs.get(self._run_id))
            if run is None:
                return None
            self._uri, self._heard = run.info.artifact_uri, time.monotonic()
        if self._store is None:
            self._store = place.services().open_artifacts(self._uri)
        return self._store

    def _only_here(self) -> bool:
        """Whether no server knows the run yet, so that nothing of it can lie there."""
        return noted_creation(self._place.recorder.folder, self._run_id) is not None
