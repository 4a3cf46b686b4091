"""Reading a journal: whole frames from some offset on, whatever a crash did to the rest.

A torn tail ends the reading without complaint. Damage with good frames behind it
is reported as a `Damaged` item, and reading goes on behind it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from treering.core.errors import DamagedData, NotFound
from treering.entities.lifecycle import RunStatus
from treering.entities.run import LogBatch
from treering.storage.journal.frames import (
    BATCH,
    BEGUN,
    CHANGE,
    COLUMNS,
    CREATION,
    FILE,
    MAX_BODY,
    METRIC,
    OPENING,
    POINT,
    PREAMBLE,
    PREFIX,
    SERIES,
    Change,
    Columns,
    Creation,
    Opening,
    Series,
    SpooledFile,
    decode_batch,
    decode_begun,
    decode_change,
    decode_columns,
    decode_creation,
    decode_file,
    decode_opening,
    decode_series,
)

__all__ = ["Damaged", "JournalReader", "Point", "Points", "Record", "open_reader"]

_CHUNK = 1 << 20
_KINDS = frozenset({OPENING, SERIES, METRIC, COLUMNS, BATCH, CHANGE, CREATION, BEGUN, FILE})
_DECODERS: dict[int, Callable[[bytes], LogBatch | Change | Creation | SpooledFile]] = {
    BATCH: decode_batch,
    CHANGE: decode_change,
    CREATION: decode_creation,
    FILE: decode_file,
}


@dataclass(frozen=True, slots=True)
class Damaged:
    """A stretch without a readable frame.

    Attributes:
        start: Where it starts; it ends where the record that carries this ends.
    """

    start: int


# Tuples, because a journal holds points by the million.
class Point(NamedTuple):
    """One metric point, and the offset just behind its frame."""

    end: int
    series: Series
    step: int
    timestamp: int
    value: float


class Points(NamedTuple):
    """Many points of one series, and the offset just behind their frame."""

    end: int
    series: Series
    columns: Columns


class Record(NamedTuple):
    """What any other frame says, and the offset just behind it."""

    end: int
    content: LogBatch | Change | Creation | SpooledFile | Damaged


class JournalReader:
    """A cursor over one journal, opened by `open_reader`; for one thread.

    It may follow a journal that is still being written: at the end `read` gives
    nothing, and more when there is more.

    Attributes:
        opening: What the first frame says.
        offset: Just behind the last record that was read.
        open_runs: Runs that the journal's process has begun and, as far as was read or skipped, not ended.
    """

    def __init__(self, path: Path, descriptor: int, opening: Opening, offset: int) -> None:
        self.path = path
        self.opening = opening
        self.offset = offset
        self._descriptor = descriptor
        self.open_runs: dict[str, None] = {}
        self._series: dict[int, Series] = {}

    def skip_to(self, offset: int) -> None:
        """Pass over what was delivered already, keeping the names of series."""
        while self.offset < offset and self.read(offset - self.offset):
            pass

    def read(self, max_bytes: int = _CHUNK) -> list[Point | Points | Record]:
        """The records of about the next `max_bytes`; none at the end, or where the tail is torn."""
        records: list[Point | Points | Record] = []
        while not records:
            if not self._advance(max_bytes, records) and not self._pass_damage(records):
                break
        return records

    def unread(self) -> int:
        """Bytes behind the cursor, be they readable or torn."""
        return os.fstat(self._descriptor).st_size - self.offset

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _advance(self, max_bytes: int, records: list[Point | Points | Record]) -> bool:
        """Take in the sound frames of a chunk; False if there is none at the cursor."""
        start = self.offset
        data = self._chunk(max_bytes)
        taken = 0
        while taken < max_bytes and (body := _body_at(data, taken)) is not None:
            taken += PREFIX.size + len(body)
            record = self._record(body, start + taken)
            if record is not None:
                records.append(record)
        self.offset += taken
        return taken > 0

    def _chunk(self, max_bytes: int) -> bytes:
        """Bytes from the cursor on: at least the whole first frame, however long it is."""
        data = _read_at(self._descriptor, self.offset, max(min(max_bytes, _CHUNK), POINT.size + PREFIX.size))
        if len(data) >= PREFIX.size:
            length, _ = PREFIX.unpack_from(data)
            if len(data) < PREFIX.size + length <= PREFIX.size + MAX_BODY:
                data = _read_at(self._descriptor, self.offset, PREFIX.size + length)
        return data

    def _record(self, body: bytes, end: int) -> Point | Points | Record | None:
        try:
            if body[0] == METRIC:
                _, number, step, timestamp, value = POINT.unpack(body)
                return Point(end, self._series[number], step, timestamp, value)
            if body[0] == SERIES:
                series = decode_series(body[1:])
                self._series[series.number] = series
                return None
            if body[0] == COLUMNS:
                number, columns = decode_columns(body)
                return Points(end, self._series[number], columns)
            if body[0] == BEGUN:
                self.open_runs[decode_begun(body[1:]).run_id] = None
                return None
            content = _DECODERS[body[0]](body[1:])
            if isinstance(content, Change) and content.status not in {None, RunStatus.RUNNING}:
                self.open_runs.pop(content.run_id, None)
            return Record(end, content)
        except (KeyError, ValueError):
            # A sound frame that cannot be understood: the one that named its series was damaged.
            pass
        return Record(end, Damaged(end - PREFIX.size - len(body)))

    def _pass_damage(self, records: list[Point | Points | Record]) -> bool:
        """Move to the next sound frame; False if none follows, which is how a torn tail looks."""
        rest = _read_at(self._descriptor, self.offset, self.unread())
        # From 0 on: a frame that was being written a moment ago may be whole by now.
        for position in range(len(rest) - PREFIX.size):
            if _body_at(rest, position) is not None:
                if position:
                    records.append(Record(self.offset + position, Damaged(self.offset)))
                self.offset += position
                return True
        return False


def open_reader(path: Path) -> JournalReader:
    """Open a journal for reading; its cursor stands behind the first frame.

    Raises:
        NotFound: If there is no such file.
        DamagedData: If it is no journal, or of a version that is not read here.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        msg = f"There is no journal {path}. It may have been delivered and removed meanwhile."
        raise NotFound(msg) from error
    data = _read_at(descriptor, 0, _CHUNK)
    body = _body_at(data, len(PREAMBLE)) if data.startswith(PREAMBLE) else None
    try:
        opening = decode_opening(body[1:]) if body is not None and body[0] == OPENING else None
    except msgspec.MsgspecError:
        opening = None
    if opening is None or body is None:
        os.close(descriptor)
        msg = (
            f"{path} is no journal that this version of Treering reads."
            " Upgrade Treering, or move the file away if it is damaged."
        )
        raise DamagedData(msg)
    return JournalReader(path, descriptor, opening, len(PREAMBLE) + PREFIX.size + len(body))


def _read_at(descriptor: int, offset: int, size: int) -> bytes:
    parts = []
    os.lseek(descriptor, offset, os.SEEK_SET)
    while size > 0 and (part := os.read(descriptor, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _body_at(data: bytes, position: int) -> bytes | None:
    """Kind and payload of the frame at `position`, if a whole and sound one is there."""
    start = position + PREFIX.size
    if len(data) <= start:
        return None
    length, checksum = PREFIX.unpack_from(data, position)
    if not 0 < length <= MAX_BODY or len(data) - start < length or data[start] not in _KINDS:
        return None
    body = data[start : start + length]
    return body if crc32(body) == checksum else None
