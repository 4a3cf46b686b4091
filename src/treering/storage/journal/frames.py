"""How a journal looks on disk: the preamble, the frames, and what each kind of frame carries.

A frame is written with one `write`, so after a crash it is there whole or it is
recognisably torn. All numbers are little-endian. The length counts kind and
payload, the checksum covers both. Metric points have a fixed shape; everything
else is MessagePack, since it is rare.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import msgspec

from treering.entities.lifecycle import RunStatus
from treering.entities.run import LogBatch, NewRun

__all__ = [
    "BATCH",
    "CHANGE",
    "CREATION",
    "FILE",
    "MAX_BODY",
    "METRIC",
    "OPENING",
    "POINT",
    "PREAMBLE",
    "PREFIX",
    "SERIES",
    "Change",
    "Creation",
    "Opening",
    "Series",
    "SpooledFile",
    "decode_batch",
    "decode_change",
    "decode_creation",
    "decode_file",
    "decode_opening",
    "decode_series",
    "frame",
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


_encode = msgspec.msgpack.Encoder().encode
_opening = msgspec.msgpack.Decoder(Opening)
_series = msgspec.msgpack.Decoder(Series)
_batch = msgspec.msgpack.Decoder(LogBatch)
_change = msgspec.msgpack.Decoder(Change)
_creation = msgspec.msgpack.Decoder(Creation)
_file = msgspec.msgpack.Decoder(SpooledFile)


def packed(body: bytes) -> bytes:
    """A body (kind and payload) with its length and checksum in front."""
    return PREFIX.pack(len(body), crc32(body)) + body


def frame(kind: int, value: Opening | Series | LogBatch | Change | Creation | SpooledFile) -> bytes:
    """A whole frame with `value` as its payload."""
    return packed(bytes((kind,)) + _encode(value))


def frames_of_points(points: Sequence[tuple[int, int, int, float]]) -> bytes:
    """One frame for each (series number, step, timestamp, value), one behind the other."""
    pack = POINT.pack
    return b"".join([packed(pack(METRIC, *point)) for point in points])


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


def decode_creation(payload: bytes) -> Creation:
    """The payload of a CREATION frame."""
    return _creation.decode(payload)


def decode_file(payload: bytes) -> SpooledFile:
    """The payload of a FILE frame."""
    return _file.decode(payload)
