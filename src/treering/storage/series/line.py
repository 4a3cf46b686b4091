"""From the points of a series to a line of few bytes that looks like all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.entities.line import Line, LineAxis, LineQuery, LineX
from treering.entities.metric import SegmentOutline
from treering.storage.series.codec import Opened
from treering.storage.series.columns import Floats, Integers
from treering.storage.series.merge import ordered

__all__ = ["draw", "needed"]

# JSON's numbers are exact up to here, and so are those of browsers.
_EXACT = 1 << 53
_WIDEST_GAP = (1 << 32) - 1
_LARGEST = float(np.finfo(np.float32).max)
# A time of this century in seconds as a float is as exact as a hundredth of a millisecond, and so are bounds in it.
_SLACK = 0.01
# Digits of a thinned line's values, in bits: as many as labels show, and a 256th of what the line varies by.
_DIGITS = 16
_FINER = 8
_FLOAT_BITS = 24

_Rows = NDArray[np.int64]
_Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Range:
    """The range in whole units: steps, or milliseconds since the epoch; None leaves an end open."""

    first: int | None
    last: int | None


def needed(blocks: Sequence[SegmentOutline], asked: LineQuery, start_time: int) -> Sequence[SegmentOutline]:
    """Those of a series' blocks that hold points in the range, or the nearest one beyond an end of it."""
    bounds = _range(asked, start_time)
    if asked.axis is LineAxis.METRIC or (bounds.first is None and bounds.last is None):
        return blocks
    by_step = asked.axis is LineAxis.STEP
    spans = [
        (block.first_step, block.last_step) if by_step else (block.first_timestamp, block.last_timestamp)
        for block in blocks
    ]
    chosen = set()
    before = after = -1
    for place, (first, last) in enumerate(spans):
        if bounds.first is not None and last < bounds.first:
            before = place if before < 0 or last >= spans[before][1] else before
        elif bounds.last is not None and first > bounds.last:
            after = place if after < 0 or first < spans[after][0] else after
        else:
            chosen.add(place)
    chosen |= {place for place in (before, after) if place >= 0}
    return [blocks[place] for place in sorted(chosen)]


def draw(
    name: tuple[str, str], blocks: Sequence[bytes], asked: LineQuery, start_time: int, over: Sequence[bytes] = ()
) -> Line | None:
    """The line through the points of these blocks; None where none is in the range.

    Where none is in the range but some lie on either side of it, the line passes through, and is there.

    Args:
        name: Run and key of the series.
        start_time: Of the run, in milliseconds since the epoch.
        over: The blocks of the metric that is x, if one is.

    Raises:
        DamagedData: If a block cannot be read.
    """
    if asked.axis is LineAxis.METRIC:
        return _draw_over(name, blocks, asked, over)
    if asked.axis is LineAxis.STEP:
        x, values = _points(blocks, Opened.steps, _by_step)
        per, origin = 1, 0
    else:
        x, values = _points(blocks, Opened.timestamps, _by_time)
        per, origin = 1000, _origin(asked, start_time)
    bounds = _range(asked, start_time)
    first = 0 if bounds.first is None else int(np.searchsorted(x, bounds.first, "left"))
    last = len(x) if bounds.last is None else int(np.searchsorted(x, bounds.last, "right"))
    cut = _cut(first, max(first, last), len(x), asked.points)
    if cut is None:
        return None
    starts, ends = cut
    return _line(name, _whole(x[ends], per, origin), values, starts, ends, max(0, last - first))


def _draw_over(name: tuple[str, str], blocks: Sequence[bytes], asked: LineQuery, over: Sequence[bytes]) -> Line | None:
    steps, values = _points(blocks, Opened.steps, _by_step)
    other_steps, other_values = _points(over, Opened.steps, _by_step)
    if not len(other_steps):
        return None
    places = np.searchsorted(other_steps, steps, "right") - 1
    x = np.where(places >= 0, other_values[np.maximum(places, 0)], np.nan)
    known = np.isfinite(x)
    x, values = x[known], values[known]
    inside = np.ones(len(x), bool)
    if asked.first is not None:
        inside &= x >= asked.first
    if asked.last is not None:
        inside &= x <= asked.last
    # A metric may enter the range and leave it many times; each time its neighbours belong to the line.
    near = inside.copy()
    near[1:] |= inside[:-1]
    near[:-1] |= inside[1:]
    total = int(np.count_nonzero(inside))
    if not total:
        return None
    x, values = x[near], values[near]
    starts, ends = _buckets(0, len(x), asked.points)
    return _line(name, LineX(0, 1, (), x[ends]), values, starts, ends, total)  # type: ignore[arg-type]  # arrays index as sequences do


def _points(
    blocks: Sequence[bytes],
    x_of: Callable[[Opened], Integers],
    in_order: Callable[[Integers, Integers, Floats], tuple[Integers, Floats]],
) -> tuple[Integers, Floats]:
    """The x and the values of all points in order of x, each point once."""
    opened = Opened(blocks)
    x = x_of(opened)
    if bool(np.all(x[1:] > x[:-1])):
        return x, opened.values()  # as training loops write them; the third column need not even be unpacked
    return in_order(*ordered(opened.steps(), opened.timestamps(), opened.values()))


def _by_step(steps: Integers, timestamps: Integers, values: Floats) -> tuple[Integers, Floats]:
    order = np.lexsort((values, timestamps, steps))
    return steps[order], values[order]


def _by_time(steps: Integers, timestamps: Integers, values: Floats) -> tuple[Integers, Floats]:  # noqa: ARG001 - as `_by_step`
    return timestamps, values


def _range(asked: LineQuery, start_time: int) -> _Range:
    if asked.axis is LineAxis.STEP:
        return _Range(_bound(asked.first, math.ceil), _bound(asked.last, math.floor))
    origin = _origin(asked, start_time)
    first = None if asked.first is None else asked.first * 1000 + origin - _SLACK
    last = None if asked.last is None else asked.last * 1000 + origin + _SLACK
    return _Range(_bound(first, math.ceil), _bound(last, math.floor))


def _bound(value: float | None, whole: Any) -> int | None:
    """`value` as a whole number of 64 bits."""
    if value is None:
        return None
    return max(-(1 << 63), min((1 << 63) - 1, int(whole(max(-1e19, min(1e19, value))))))


def _origin(asked: LineQuery, start_time: int) -> int:
    return start_time if asked.axis is LineAxis.RELATIVE else 0


def _cut(first: int, last: int, count: int, most: int) -> tuple[_Rows, _Rows] | None:
    """Where the buckets begin and end, with the neighbours of the range as buckets of their own."""
    before, after = first > 0, last < count
    if first == last and not (before and after):
        return None
    starts, ends = _buckets(first, last, most) if last > first else (np.empty(0, np.int64), np.empty(0, np.int64))
    left = [first - 1] if before else []
    right = [last] if after else []
    return (
        np.concatenate((left, starts, right)).astype(np.int64),
        np.concatenate((left, ends, right)).astype(np.int64),
    )


def _buckets(first: int, last: int, most: int) -> tuple[_Rows, _Rows]:
    """Buckets of equally many points, but for the first, which holds the first point alone; `most` is 2 or more."""
    count = last - first
    ends = np.arange(count) if count <= most else np.arange(most) * (count - 1) // (most - 1)
    return first + np.concatenate(([0], ends[:-1] + 1)), first + ends


def _line(name: tuple[str, str], x: LineX, values: Floats, starts: _Rows, ends: _Rows, total: int) -> Line:
    last = values[ends]
    if len(starts) == ends[-1] - starts[0] + 1:
        none = np.empty(0, "<f4")
        return Line(*name, x, _single(last), none, none, total)  # type: ignore[arg-type]  # arrays index as sequences do
    part, places = values[starts[0] : ends[-1] + 1], starts - starts[0]
    # fmin and fmax leave NaN aside while there is anything else.
    low, high = np.fmin.reduceat(part, places), np.fmax.reduceat(part, places)
    level = _finite_so_far(last)
    with np.errstate(invalid="ignore", over="ignore"):
        below, above = _rounded_up(level - low), _rounded_up(high - level)
        spread = high - low
    return Line(*name, x, _shortened(last, spread), below, above, total)  # type: ignore[arg-type]


def _whole(x: Integers, per: int, origin: int) -> LineX:
    low, high = int(x[0]) - origin, int(x[-1]) - origin
    if low >= -_EXACT and high <= _EXACT:
        gaps = np.diff(x)
        if not len(gaps) or int(gaps.max()) <= _WIDEST_GAP:
            return LineX(low, per, gaps.astype("<u4"))  # type: ignore[arg-type]  # arrays index as sequences do
    return LineX(0, per, (), (x.astype("<f8") - origin) / per)  # type: ignore[arg-type]


def _finite_so_far(values: Floats) -> Floats:
    places = np.where(np.isfinite(values), np.arange(len(values)), -1)
    np.maximum.accumulate(places, out=places)
    return np.where(places >= 0, values[np.maximum(places, 0)], 0.0)


def _single(values: Floats) -> _Singles:
    """As 32-bit floats; what is finite stays finite."""
    finite = np.clip(values, -_LARGEST, _LARGEST)
    singles: _Singles = np.where(np.isinf(values), values, finite).astype("<f4")
    return singles


def _rounded_up(distances: Floats) -> _Singles:
    """The next 32-bit float whose lower half is 0, but NaN."""
    bits = _single(distances).view("<u4").copy()
    # Towards greater numbers: of negative ones that is towards 0, where cutting leads.
    bits[~(distances < 0)] += 0xFFFF
    bits &= 0xFFFF0000
    bits[np.isnan(distances)] = 0x7FC00000
    return bits.view("<f4")


def _shortened(values: Floats, spread: Floats) -> _Singles:
    """As 32-bit floats with only as many digits as can be seen: the rest, which is noise, would be most of the bytes."""
    singles = _single(values)
    finite = spread[np.isfinite(spread) & (spread > 0)]
    finest = math.frexp(float(np.median(finite)))[1] - _FINER if len(finite) else -math.inf
    _, exponents = np.frexp(np.where(np.isfinite(singles), singles, 0))
    digits = np.clip(exponents - finest, _DIGITS, _FLOAT_BITS).astype(np.int64) if len(finite) else _FLOAT_BITS
    dropped = (_FLOAT_BITS - np.broadcast_to(digits, singles.shape)).astype("<u4")
    bits = singles.view("<u4")
    half = np.where(dropped > 0, np.uint32(1) << np.maximum(dropped, 1) - np.uint32(1), np.uint32(0)).astype("<u4")
    rounded = ((bits + half) >> dropped << dropped).astype("<u4").view("<f4")
    return np.where(np.isfinite(singles) & np.isfinite(rounded), rounded, singles).astype("<f4")
