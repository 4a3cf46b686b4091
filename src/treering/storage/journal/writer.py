"""Appending to a journal: what a log call pays for.

One `write` per call, so that the operating system has the frame when the call
returns: it survives the death of the process, and with `sync` that of the machine.
"""

from __future__ import annotations

import errno
import itertools
import os
import struct
import threading
import uuid
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from zlib import crc32

from treering.core.clock import now
from treering.core.errors import InvalidInput, StorageFull, Unavailable
from treering.entities.run import LogBatch
from treering.storage.journal.frames import (
    BATCH,
    BEGUN,
    CHANGE,
    CREATION,
    FILE,
    MAX_COLUMN,
    METRIC,
    OPENING,
    POINT,
    PREAMBLE,
    PREFIX,
    SERIES,
    Begun,
    Change,
    Columns,
    Creation,
    Opening,
    Series,
    SpooledFile,
    frame,
    frame_of_columns,
    frames_of_points,
)
from treering.storage.journal.ownership import still_there, try_lock
from treering.storage.journal.place import make_folder

__all__ = ["JournalFull", "JournalSealed", "JournalWriter", "open_journal"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# How often a new file may be taken away before that is an error; each time needs another process to look just then.
_ATTEMPTS = 20
_pack_point = POINT.pack
_pack_prefix = PREFIX.pack
_POINT_LENGTH = POINT.size


class JournalSealed(Exception):
    """The journal takes nothing more; the caller goes on with the next one."""


class JournalFull(Exception):
    """The journal has reached its `room`; the caller gives it more, or goes on with the next one."""


class JournalWriter:
    """One journal, opened by `open_journal`; may be shared by threads, not by processes.

    Attributes:
        path: The file.
        opening: What its first frame says.
        end: How many bytes it holds.
        room: At how many bytes it refuses what may be refused: points, batches and files.
    """

    def __init__(
        self, path: Path, opening: Opening, descriptor: int, *, sync: bool, check_key: Callable[[str], object]
    ) -> None:
        self.path = path
        self.opening = opening
        self.end = 0
        self.room: float = inf
        self._descriptor = descriptor
        self._sealed = -1
        self._start = 0
        self._sync = sync
        self._check_key = check_key
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._series: dict[tuple[str, str], int] = {}

    def metric(self, run_id: str, key: str, value: float, timestamp: int, step: int) -> None:
        """Append one point.

        Raises:
            StorageFull: If the disk is full; the point is not in the journal then, nor a part of it.
            InvalidInput: If step or timestamp do not fit into 64 bits.
            JournalSealed: If the journal was closed meanwhile.
            JournalFull: If it has no room; nothing was written.
        """
        number = self._series.get((run_id, key))
        if number is None:
            number = self._number(run_id, key)
        try:
            body = _pack_point(METRIC, number, step, timestamp, value)
        except struct.error as error:
            raise _unfit(key) from error
        self._append(_pack_prefix(_POINT_LENGTH, crc32(body)) + body)

    def metrics(self, run_id: str, points: Sequence[tuple[str, float, int, int]]) -> None:
        """Append (key, value, timestamp, step) points with one write. Raises as `metric`."""
        numbered = []
        for key, value, timestamp, step in points:
            number = self._series.get((run_id, key))
            numbered.append((self._number(run_id, key) if number is None else number, step, timestamp, value))
        try:
            data = frames_of_points(numbered)
        except struct.error as error:
            raise _unfit(", ".join(key for key, *_ in points[:5])) from error
        self._append(data)

    def columns(self, run_id: str, key: str, columns: Columns) -> None:
        """Append many points of one series. Raises as `metric`."""
        number = self._series.get((run_id, key))
        if number is None:
            number = self._number(run_id, key)
        steps, timestamps, values = columns
        self._append(
            b"".join(
                frame_of_columns(number, (steps[start:end], timestamps[start:end], values[start:end]))
                for start in range(0, len(values), MAX_COLUMN)
                for end in (start + MAX_COLUMN,)
            )
        )

    def batch(self, batch: LogBatch) -> None:
        """Append params, tags, inputs and linked points. Raises StorageFull, JournalSealed, JournalFull."""
        self._append(frame(BATCH, batch))

    def change(self, change: Change) -> None:
        """Append a change of a run's state, room or none. Raises StorageFull, JournalSealed."""
        self._append(frame(CHANGE, change), beyond=True)

    def creation(self, creation: Creation) -> None:
        """Append the beginning of a run, room or none. Raises StorageFull, JournalSealed."""
        self._append(frame(CREATION, creation), beyond=True)

    def begun(self, begun: Begun) -> None:
        """Append that this process ends the run, room or none. Raises StorageFull, JournalSealed."""
        self._append(frame(BEGUN, begun), beyond=True)

    def file(self, file: SpooledFile) -> None:
        """Append that a file was added. Raises StorageFull, JournalSealed."""
        self._append(frame(FILE, file), beyond=True)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was appended behind the first frame."""
        return self.end == self._start

    @property
    def is_sealed(self) -> bool:
        """Whether nothing can be appended any more."""
        return self._descriptor == -1

    def seal(self) -> int:
        """Refuse further frames from now on, and return the final length; the file stays locked."""
        with self._lock:
            self._sealed, self._descriptor = max(self._descriptor, self._sealed), -1
        return self.end

    def close(self) -> None:
        """Give up the file and with it the ownership; again is no error."""
        with self._lock:
            descriptors = {self._descriptor, self._sealed} - {-1}
            self._descriptor = self._sealed = -1
        for descriptor in descriptors:
            os.close(descriptor)

    def abandon(self) -> None:
        """In a forked child: drop the inherited copy without locks, which another thread may have held."""
        for descriptor in {self._descriptor, self._sealed} - {-1}:
            os.close(descriptor)
        self._descriptor = self._sealed = -1

    def _number(self, run_id: str, key: str) -> int:
        self._check_key(key)
        # Two threads may number the same series twice; its points then bear either number.
        number = next(self._numbers)
        self._append(frame(SERIES, Series(number, run_id, key)))
        self._series[run_id, key] = number
        return number

    def _append(self, data: bytes, *, beyond: bool = False) -> None:
        with self._lock:
            if self.end >= self.room and not beyond:
                raise JournalFull
            try:
                written = os.write(self._descriptor, data)
                if written != len(data):
                    self._complete(data, written)
                if self._sync:
                    os.fsync(self._descriptor)
            except OSError as error:
                raise self._explain(error) from error
            self.end += len(data)

    def _complete(self, data: bytes, written: int) -> None:
        """A short write mostly means a full disk: the next attempt tells, and undoes what was written."""
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            os.ftruncate(self._descriptor, self.end)
            raise

    def _explain(self, error: OSError) -> Exception:
        if self._descriptor == -1:
            return JournalSealed()
        if error.errno in _FULL:
            return StorageFull(
                f"What was logged could not be kept: {self.path.parent} is full ({error.strerror})."
                " Nothing was half-written, and what was logged before is safe."
                " Free some space, or point TREERING_HOME at another disk."
            )
        return Unavailable(
            f"What was logged could not be kept in {self.path}: {error.strerror}. Check the disk and its permissions."
        )


def open_journal(
    folder: Path, destination: str, *, sync: bool = False, check_key: Callable[[str], object] = str
) -> JournalWriter:
    """A new journal that belongs to this process.

    Args:
        folder: Made if need be, readable by its owner only.
        destination: The tracking URI that its frames go to; "" for the embedded store beside it.
        sync: Whether each write waits for the disk.
        check_key: Called with each new metric key; what it raises refuses the point.

    Raises:
        StorageFull: If the disk is full.
        Unavailable: If the folder cannot be made or written to.
    """
    opening = Opening(uuid.uuid4().hex, destination, os.getpid(), now())
    path = folder / f"{opening.journal_id}.journal"
    data = PREAMBLE + frame(OPENING, opening)
    try:
        make_folder(folder)
        # Locked under another name first: nobody may take it for an orphan while it is being made.
        fresh, descriptor = _locked(folder, opening.journal_id)
        writer = JournalWriter(path, opening, descriptor, sync=sync, check_key=check_key)
        try:
            writer._append(data)  # noqa: SLF001  # a constructor in all but name
            writer._start = writer.end  # noqa: SLF001  # as above
            fresh.rename(path)
        except BaseException:
            writer.close()
            fresh.unlink(missing_ok=True)
            raise
    except OSError as error:
        if isinstance(error, StorageFull):
            raise
        msg = f"A journal could not be opened in {folder}: {error.strerror}. Set TREERING_HOME to a writable folder."
        raise Unavailable(msg) from error
    return writer


def _locked(folder: Path, journal_id: str) -> tuple[Path, int]:
    """A new file that this process owns.

    Between making and locking it another process may take it for the leftover of an
    interrupted start and clear it away; then another one is made.
    """
    for attempt in range(_ATTEMPTS):
        path = folder / f"{journal_id}-{attempt}.new"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        if try_lock(descriptor) and still_there(path, descriptor):
            return path, descriptor
        os.close(descriptor)
        path.unlink(missing_ok=True)
    raise OSError(errno.EAGAIN, "others keep taking the new file away")


def _unfit(keys: str) -> InvalidInput:
    return InvalidInput(
        f"Metric {keys!r} has a step or timestamp that is no whole number of 64 bits. Give whole numbers."
    )
