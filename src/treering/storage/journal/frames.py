"""How a journal looks on disk: the preamble, the frames, and what each kind of frame carries.

A frame is written with one `write`, so after a crash it is there whole or it is
recognisably torn. All numbers are little-endian. The length counts kind and
payload, the checksum covers both. Metric points have a fixed shape; everything
else is MessagePack, since it is rare.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import msgspec

from treering.entities.lifecycle import RunStatus
from treering.entities.run import LogBatch, NewRun

__all__ = [
    "BATCH",
    "BEGUN",
    "CHANGE",
    "COLUMNS",
    "CREATION",
    "FILE",
    "MAX_BODY",
    "MAX_COLUMN",
    "METRIC",
    "OPENING",
    "POINT",
    "PREAMBLE",
    "PREFIX",
    "SERIES",
    "Begun",
    "Change",
    "Columns",
    "Creation",
    "Opening",
    "Series",
    "SpooledFile",
    "decode_batch",
    "decode_begun",
    "decode_change",
    "decode_columns",
    "decode_creation",
    "decode_file",
    "decode_opening",
    "decode_series",
    "frame",
    "frame_of_columns",
    "frames_of_points",
    "packed",
]

# The number behind the name is the version of the format; a reader refuses others.
PREAMBLE: Final = b"treering journal\x01\x00\x00\x00"

PREFIX: Final = struct.Struct("<II")
"""Length of the body and its CRC-32."""

POINT: Final = struct.Struct("<BIqqd")
"""Kind, number of the series, step, timestamp, value."""

MAX_BODY: Final = 64 << 20
"""No frame is longer; a greater length is damage."""

OPENING: Final = 1
SERIES: Final = 2
METRIC: Final = 3
BATCH: Final = 4
CHANGE: Final = 5
CREATION: Final = 6
FILE: Final = 7
COLUMNS: Final = 8
BEGUN: Final = 9

MAX_COLUMN: Final = 1 << 14
"""Most points in one frame of columns."""

_COLUMNS = struct.Struct("<BI")
_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Opening:
    """The first frame: whose journal this is.

    Attributes:
        journal_id: Its identity, under which a store remembers how far it was applied.
        destination: The tracking URI that everything in it goes to; "" is the embedded store beside it.
        created: Milliseconds since the epoch.
    """

    journal_id: str
    destination: str
    pid: int
    created: int


@dataclass(frozen=True, slots=True)
class Series:
    """Gives one series of one run the number that its points bear."""

    number: int
    run_id: str
    key: str


@dataclass(frozen=True, slots=True)
class Change:
    """The run's state has changed, as in `Runs.update`."""

    run_id: str
    status: RunStatus | None = None
    end_time: int | None = None
    run_name: str | None = None


@dataclass(frozen=True, slots=True)
class Creation:
    """A run has begun that no store knows yet.

    Attributes:
        new: As for `Runs.create`, with the run's id, so that repeating it makes one run.
        experiment_name: The experiment that it belongs to, made at delivery if need be; "" where `new` has its id.
    """

    new: NewRun
    experiment_name: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """This process has begun the run, or goes on with it in this journal, and means to end it."""

    run_id: str


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """A file was added to a run's artifacts; its bytes lie in a folder beside the journal until they are delivered.

    Attributes:
        path: Where it goes among the run's artifacts.
        name: Its name in the folder.
        size: In bytes.
    """

    run_id: str
    path: str
    name: str
    size: int


Columns = tuple["array[int]", "array[int]", "array[float]"]
"""Steps, timestamps in milliseconds and values of one series; all of one length."""

_encode = msgspec.msgpack.Encoder().encode
_opening = msgspec.msgpack.Decoder(Opening)
_series = msgspec.msgpack.Decoder(Series)
_batch = msgspec.msgpack.Decoder(LogBatch)
_change = msgspec.msgpack.Decoder(Change)
_begun = msgspec.msgpack.Decoder(Begun)
_creation = msgspec.msgpack.Decoder(Creation)
_file = msgspec.msgpack.Decoder(SpooledFile)


def packed(body: bytes) -> bytes:
    """A body (kind and payload) with its length and checksum in front."""
    return PREFIX.pack(len(body), crc32(body)) + body


def frame(kind: int, value: Opening | Series | LogBatch | Change | Creation | Begun | SpooledFile) -> bytes:
    """A whole frame with `value` as its payload."""
    return packed(bytes((kind,)) + _encode(value))


def frames_of_points(points: Sequence[tuple[int, int, int, float]]) -> bytes:
    """One frame for each (series number, step, timestamp, value), one behind the other."""
    pack = POINT.pack
    return b"".join([packed(pack(METRIC, *point)) for point in points])


def frame_of_columns(number: int, columns: Columns) -> bytes:
    """A whole frame of many points of one series: its number, then steps, timestamps and values as 64-bit numbers."""
    parts: tuple[array[Any], ...] = columns
    return packed(_COLUMNS.pack(COLUMNS, number) + b"".join(map(_little, parts)))


def decode_columns(body: bytes) -> tuple[int, Columns]:
    """A series' number and its points. Raises ValueError if the columns are of different lengths."""
    _, number = _COLUMNS.unpack_from(body)
    size, rest = divmod(len(body) - _COLUMNS.size, 3 * _WIDTH)
    if rest:
        msg = "The columns of a frame are of different lengths."
        raise ValueError(msg)
    columns: Columns = (array("q"), array("q"), array("d"))
    parts: tuple[array[Any], ...] = columns
    for place, column in enumerate(parts):
        start = _COLUMNS.size + place * size * _WIDTH
        column.frombytes(body[start : start + size * _WIDTH])
        if sys.byteorder == "big":
            column.byteswap()
    return number, columns


def _little(column: array[Any]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()


def decode_opening(payload: bytes) -> Opening:
    """Raises msgspec.MsgspecError, as do the other decoders here."""
    return _opening.decode(payload)


def decode_series(payload: bytes) -> Series:
    """The payload of a SERIES frame."""
    return _series.decode(payload)


def decode_batch(payload: bytes) -> LogBatch:
    """The payload of a BATCH frame."""
    return _batch.decode(payload)


def decode_change(payload: bytes) -> Change:
    """The payload of a CHANGE frame."""
    return _change.decode(payload)


def decode_begun(payload: bytes) -> Begun:
    """The payload of a BEGUN frame."""
    return _begun.decode(payload)


def decode_creation(payload: bytes) -> Creation:
    """The payload of a CREATION frame."""
    return _creation.decode(payload)


def decode_file(payload: bytes) -> SpooledFile:
    """The payload of a FILE frame."""
    return _file.decode(payload)
