"""How a block of metric points is written down, and read back bit by bit.

    version  layout  count   checksum  body
    1 byte   1 byte  4 bytes 4 bytes

All numbers are little-endian. In the layout PLAIN the body is the three columns as
64-bit numbers; it is for blocks so small that compressing costs more than it
gains. In PACKED the body is one zstd frame with, for steps and timestamps, the
differences to the point before (or to the smallest, where that is shorter) in as
few bytes as they need, and for all columns the bytes of one significance together.
"""

from __future__ import annotations

import struct
import threading
import zlib
from typing import NoReturn

import numpy as np
import zstandard

from treering.core.errors import DamagedData
from treering.entities.metric import MetricColumns
from treering.storage.series.columns import Floats, Integers, as_arrays, as_columns

__all__ = ["PLAIN_POINTS", "decode", "decode_arrays", "encode"]

PLAIN_POINTS = 16
"""Most points for which the layout PLAIN is used."""

_VERSION = 1
_PLAIN, _PACKED = 0, 1
_HEADER = struct.Struct("<BBI")
_CHECKSUM = struct.Struct("<I")
_BODY = _HEADER.size + _CHECKSUM.size
# Whether differences or offsets follow, bytes of each, the first number, and what was taken off each.
_COLUMN = struct.Struct("<BBqq")
_OFFSETS, _DIFFERENCES = 0, 1
_WORD = 8


def encode(columns: MetricColumns) -> bytes:
    """The points as bytes, in the order given; every float comes back with the same bits.

    Raises:
        OverflowError: If a step or timestamp does not fit 64 bits.
    """
    count = len(columns)
    if count <= PLAIN_POINTS:
        try:
            body = struct.pack(
                f"<{2 * count}q{count}d", *map(int, columns.steps), *map(int, columns.timestamps), *columns.values
            )
        except struct.error as error:
            msg = f"A step or timestamp does not fit 64 bits: {error}."
            raise OverflowError(msg) from error
        return _framed(_PLAIN, count, body)
    steps, timestamps, values = as_arrays(columns)
    planes = np.ascontiguousarray(values).view(np.uint8).reshape(count, _WORD).T.tobytes()
    body = _zstd.compress(b"".join((*_packed(steps), *_packed(timestamps), planes)))
    return _framed(_PACKED, count, body)


def decode(data: bytes) -> MetricColumns:
    """The points that `encode` was given.

    Raises:
        DamagedData: If a byte is wrong or missing.
    """
    return as_columns(*decode_arrays(data))


def decode_arrays(data: bytes) -> tuple[Integers, Integers, Floats]:
    """As `decode`: steps, timestamps and values as arrays, which may not be writable."""
    if len(data) < _BODY:
        _refuse("it is too short")
    version, layout, count = _HEADER.unpack_from(data)
    if version != _VERSION:
        _refuse(f"its format version is {version}, and only {_VERSION} can be read")
    if _CHECKSUM.unpack_from(data, _HEADER.size)[0] != _checksum(data[: _HEADER.size], data[_BODY:]):
        _refuse("its checksum is wrong")
    if layout not in {_PLAIN, _PACKED}:
        _refuse(f"its layout {layout} is not known")
    return _plain(data, count) if layout == _PLAIN else _unpacked(data, count)


class _Zstd(threading.local):
    """This thread's own: making one costs more than compressing a block, and two threads cannot share one."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


def _framed(layout: int, count: int, body: bytes) -> bytes:
    header = _HEADER.pack(_VERSION, layout, count)
    return b"".join((header, _CHECKSUM.pack(_checksum(header, body)), body))


def _checksum(header: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(header))


def _refuse(reason: str, cause: Exception | None = None) -> NoReturn:
    msg = f"A block of metric points cannot be read: {reason}. Restore the database from a backup, or delete the run."
    raise DamagedData(msg) from cause


def _plain(data: bytes, count: int) -> tuple[Integers, Integers, Floats]:
    if len(data) != _BODY + 3 * _WORD * count:
        _refuse("it has the wrong length")
    steps, timestamps = np.frombuffer(data, "<i8", 2 * count, _BODY).reshape(2, count)
    return steps, timestamps, np.frombuffer(data, "<f8", count, _BODY + 2 * _WORD * count)


def _packed(column: Integers) -> tuple[bytes, bytes]:
    # Sums wrap around at 64 bits here and in `_integers`, so that any numbers come back.
    differences = column[1:] - column[:-1]
    step = differences.min()
    kind, base, rest = _DIFFERENCES, step, (differences - step).view(np.uint64)
    width = _width(int(rest.max()))
    if width:
        low = int(column.min())
        across = _width(int(column[1:].max()) - low)
        if across < width:
            kind, base, rest, width = _OFFSETS, low, (column[1:] - np.int64(low)).view(np.uint64), across
    planes = rest.view(np.uint8).reshape(len(rest), _WORD)[:, :width].T.tobytes() if width else b""
    return _COLUMN.pack(kind, width, int(column[0]), int(base)), planes


def _width(most: int) -> int:
    return (most.bit_length() + 7) // 8


def _unpacked(data: bytes, count: int) -> tuple[Integers, Integers, Floats]:
    most = 2 * _COLUMN.size + 3 * _WORD * count
    try:
        body = _zstd.decompress(memoryview(data)[_BODY:], max_output_size=most)
        steps, position = _integers(body, 0, count)
        timestamps, position = _integers(body, position, count)
    except (zstandard.ZstdError, struct.error, ValueError) as error:
        _refuse("its columns do not have the length that they should", error)
    if count < 1 or len(body) - position != _WORD * count:
        _refuse("its columns do not have the length that they should")
    planes = np.frombuffer(body, np.uint8, _WORD * count, position).reshape(_WORD, count)
    values = np.ascontiguousarray(planes.T).view("<f8").reshape(count)
    return steps, timestamps, values


def _integers(body: bytes, position: int, count: int) -> tuple[Integers, int]:
    kind, width, first, base = _COLUMN.unpack_from(body, position)
    position += _COLUMN.size
    rest = np.full(count - 1, base, "<i8")
    planes = np.frombuffer(body, np.uint8, width * (count - 1), position).reshape(width, count - 1)
    for place, plane in enumerate(planes):
        rest += plane.astype("<i8") << (8 * place)
    numbers = np.empty(count, "<i8")
    numbers[0] = first
    if kind == _DIFFERENCES:
        np.cumsum(rest, out=numbers[1:])
        numbers[1:] += numbers[0]
    else:
        numbers[1:] = rest
    return numbers, position + width * (count - 1)
