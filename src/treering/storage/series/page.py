"""One page of a series after another, while points may still be arriving.

A page token is the last point seen, so that a page starts behind that point and not
at a count: points that are stored in between neither repeat nor hide others.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from treering.core.errors import InvalidInput
from treering.entities.metric import MetricColumns, MetricSegment
from treering.storage.series.columns import as_arrays, as_columns
from treering.storage.series.merge import merge_arrays

__all__ = ["begins_at", "page"]

_Position = tuple[int, int, int]
"""Timestamp, step, and the bits of the value as a signed number."""

_TOKEN = re.compile(r"(-?\d{1,19})\.(-?\d{1,19})\.(-?\d{1,19})")


Read = Callable[[Sequence[MetricSegment]], Iterable[bytes]]
"""Gives the encoded points of some blocks, in their order."""


def begins_at(token: str) -> int | None:
    """The timestamp from which on the points of the page behind `token` lie; None for the first page.

    Raises:
        InvalidInput: If `token` was not made here.
    """
    position = _read(token)
    return None if position is None else position[0]


def _held(blocks: Sequence[MetricSegment]) -> Iterable[bytes]:
    """The `Read` of blocks that hold their points."""
    return (block.data for block in blocks)


def page(
    blocks: Sequence[MetricSegment], limit: int | None, token: str, read: Read = _held
) -> tuple[MetricColumns, str]:
    """At most `limit` points behind `token`, in the order of `merge`, and the token of the next page or "".

    Args:
        blocks: All blocks of the series that reach to `begins_at` or beyond; those that the page cannot
            touch are not read.

    Raises:
        InvalidInput: If `limit` is below 1, or `token` was not made here.
        DamagedData: If a block cannot be read.
    """
    if limit is not None and limit < 1:
        msg = f"Invalid value {limit} for parameter 'max_results' supplied: It must be at least 1."
        raise InvalidInput(msg)
    position = _read(token)
    waiting = sorted(
        (block for block in blocks if position is None or block.last_timestamp >= position[0]),
        key=lambda block: block.first_timestamp,
    )
    most = sum(block.count for block in waiting) if limit is None else limit
    taken = 0
    while True:
        taken = _enough(waiting, taken, most)
        points = merge_arrays(read(waiting[:taken]))
        start = 0 if position is None else _behind(points, position)
        # Points from here on may have others before them in blocks not decoded yet.
        end = len(points)
        if taken < len(waiting):
            end = int(np.searchsorted(as_arrays(points)[1], waiting[taken].first_timestamp))
        if taken == len(waiting) or end - start > most:
            break
    steps, timestamps, values = as_arrays(points)
    rows = slice(start, start + most)
    found = as_columns(steps[rows], timestamps[rows], values[rows])
    return found, _write(found) if end - start > most else ""


def _enough(waiting: Sequence[MetricSegment], taken: int, most: int) -> int:
    """How many blocks to decode: enough for a page, and twice as many as the time before."""
    # The first block holds points of the page before.
    wanted, count = max(2 * taken, 1), -waiting[0].count if waiting else 0
    for index, block in enumerate(waiting):
        count += block.count
        if count > most and index + 1 >= wanted:
            return index + 1
    return len(waiting)


def _behind(points: MetricColumns, position: _Position) -> int:
    """The index of the first point behind `position`."""
    timestamp, step, bits = position
    steps, timestamps, values = as_arrays(points)
    first, last = (int(np.searchsorted(timestamps, timestamp, side)) for side in ("left", "right"))
    steps, values = steps[first:last], values[first:last]
    value = struct.unpack("<d", struct.pack("<q", bits))[0]
    tie = values.view("<i8") <= bits
    seen = ~np.isnan(values) | tie if math.isnan(value) else (values < value) | ((values == value) & tie)
    return first + int(np.count_nonzero((steps < step) | ((steps == step) & seen)))


def _write(points: MetricColumns) -> str:
    bits = struct.unpack("<q", struct.pack("<d", points.values[-1]))[0]
    return f"{points.timestamps[-1]}.{points.steps[-1]}.{bits}"


def _read(token: str) -> _Position | None:
    if not token:
        return None
    match = _TOKEN.fullmatch(token)
    position = tuple(map(int, match.groups())) if match else ()
    if not match or not all(-(1 << 63) <= number < 1 << 63 for number in position):
        msg = f"The page token {token!r} is malformed. Pass the next_page_token of the page before, unchanged."
        raise InvalidInput(msg)
    return position[0], position[1], position[2]
