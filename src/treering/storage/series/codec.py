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
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np
import zstandard
from numpy.typing import NDArray

from treering.core.errors import DamagedData
from treering.entities.metric import MetricColumns
from treering.storage.series.columns import Floats, Integers, as_arrays, as_columns

__all__ = ["PLAIN_POINTS", "Opened", "decode", "decode_all", "encode"]

PLAIN_POINTS = 16
"""Most points for which the layout PLAIN is used."""

_VERSION = 1
_PLAIN, _PACKED = 0, 1
_HEADER = struct.Struct("<BBI")
_CHECKSUM = struct.Struct("<I")
_BODY = _HEADER.size + _CHECKSUM.size
# Whether differences or offsets follow, bytes of each, the first number, and what was taken off each.
_COLUMN = struct.Struct("<BBqq")
_FIRST = 2
_OFFSETS, _DIFFERENCES = 0, 1
_WORD = 8

_Arrays = tuple[Integers, Integers, Floats]
_NONE: _Arrays = np.empty(0, "<i8"), np.empty(0, "<i8"), np.empty(0, "<f8")
_Rows = NDArray[np.uint8]
_Shape = tuple[int, int, int, int, int]
"""Points of a block, and kind and width of its steps and of its timestamps."""


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
    return as_columns(*decode_all([data]))


def decode_all(blocks: Iterable[bytes]) -> tuple[Integers, Integers, Floats]:
    """As `decode`, the points of many blocks one behind the other: steps, timestamps, values.

    The arrays may not be writable.
    """
    opened = Opened(blocks)
    return opened.steps(), opened.timestamps(), opened.values()


class Opened:
    """The points of many blocks, one behind the other, with each column unpacked only when it is asked for.

    Blocks of one shape, as the full blocks of a training loop are, are unpacked in one
    go. The arrays may not be writable.

    Raises:
        DamagedData: If a byte is wrong or missing.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._count = 0
        self._plain: dict[int, _Arrays] = {}
        alike: dict[_Shape, tuple[list[int], list[bytes]]] = {}
        for place, data in enumerate(blocks):
            self._count += 1
            layout, count = _opened(data)
            if layout == _PLAIN:
                self._plain[place] = _plain(data, count)
                continue
            body, shape = _inflated(data, count)
            places, bodies = alike.setdefault(shape, ([], []))
            places.append(place)
            bodies.append(body)
        self._packed = [
            (shape, places, np.frombuffer(b"".join(bodies), np.uint8).reshape(len(bodies), -1))
            for shape, (places, bodies) in alike.items()
        ]

    def steps(self) -> Integers:
        """Of all points."""
        return self._joined(0, _steps)

    def timestamps(self) -> Integers:
        """Of all points."""
        return self._joined(1, _timestamps)

    def values(self) -> Floats:
        """Of all points."""
        return self._joined(2, _values)

    def _joined(self, which: int, unpacked: Callable[[_Shape, _Rows], NDArray[Any]]) -> NDArray[Any]:
        if len(self._packed) == 1 and not self._plain:
            shape, _, rows = self._packed[0]
            return unpacked(shape, rows).reshape(-1)
        parts: list[NDArray[Any]] = [_NONE[which]] * self._count
        for place, arrays in self._plain.items():
            parts[place] = arrays[which]
        for shape, places, rows in self._packed:
            for place, part in zip(places, unpacked(shape, rows), strict=True):
                parts[place] = part
        return np.concatenate(parts) if parts else _NONE[which]


def _opened(data: bytes) -> tuple[int, int]:
    """The block's layout and how many points it has."""
    if len(data) < _BODY:
        _refuse("it is too short")
    version, layout, count = _HEADER.unpack_from(data)
    if version != _VERSION:
        _refuse(f"its format version is {version}, and only {_VERSION} can be read")
    if _CHECKSUM.unpack_from(data, _HEADER.size)[0] != _checksum(data[: _HEADER.size], data[_BODY:]):
        _refuse("its checksum is wrong")
    if layout not in {_PLAIN, _PACKED}:
        _refuse(f"its layout {layout} is not known")
    return layout, count


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


def _plain(data: bytes, count: int) -> _Arrays:
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


def _inflated(data: bytes, count: int) -> tuple[bytes, _Shape]:
    """The body of a packed block, and how its columns lie in it."""
    most = 2 * _COLUMN.size + 3 * _WORD * count
    try:
        body = _zstd.decompress(memoryview(data)[_BODY:], max_output_size=most)
        kind, width = body[0], body[1]
        second = _COLUMN.size + width * (count - 1)
        shape = count, kind, width, body[second], body[second + 1]
    except (zstandard.ZstdError, IndexError) as error:
        _refuse("its columns do not have the length that they should", error)
    if count < 1 or len(body) != second + _COLUMN.size + shape[4] * (count - 1) + _WORD * count:
        _refuse("its columns do not have the length that they should")
    return body, shape


def _steps(shape: _Shape, rows: _Rows) -> Integers:
    """Of two dimensions, as the other columns: a row for each body."""
    count, kind, width, _, _ = shape
    return _integers(rows[:, : _second(shape)], count, kind, width)


def _timestamps(shape: _Shape, rows: _Rows) -> Integers:
    count, _, _, kind, width = shape
    return _integers(rows[:, _second(shape) : -_WORD * count], count, kind, width)


def _values(shape: _Shape, rows: _Rows) -> Floats:
    count = shape[0]
    planes = rows[:, -_WORD * count :].reshape(len(rows), _WORD, count)
    return np.ascontiguousarray(planes.transpose(0, 2, 1)).view("<f8").reshape(len(rows), count)


def _second(shape: _Shape) -> int:
    """Where the second column begins."""
    count, _, width, _, _ = shape
    return _COLUMN.size + width * (count - 1)


def _integers(rows: _Rows, count: int, kind: int, width: int) -> Integers:
    first, base = (np.ascontiguousarray(rows[:, at : at + _WORD]).view("<i8") for at in (_FIRST, _FIRST + _WORD))
    numbers = np.empty((len(rows), count), "<i8")
    numbers[:, :1] = first
    rest = numbers[:, 1:]
    rest[:] = base
    planes = rows[:, _COLUMN.size :].reshape(len(rows), width, count - 1)
    for place in range(width):
        rest += planes[:, place].astype("<i8") << (8 * place)
    if kind == _DIFFERENCES:
        np.cumsum(numbers, axis=1, out=numbers)
    return numbers
