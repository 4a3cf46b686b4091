"""A line of few bytes shows what all its points would."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest

from treering.core.errors import DamagedData
from treering.entities.line import Line, LineAxis, LineQuery
from treering.entities.metric import MetricColumns, SegmentOutline
from treering.storage.series.codec import Opened, encode
from treering.storage.series.line import draw, needed

NAME = ("r", "loss")
BIG = 1 << 60


def block(steps: Sequence[int], values: Sequence[float], timestamps: Sequence[int] | None = None) -> bytes:
    return encode(MetricColumns(steps, steps if timestamps is None else timestamps, values))


def drawn(blocks: Sequence[bytes], axis: LineAxis = LineAxis.STEP, start_time: int = 0, **asked: float | None) -> Line:
    points = int(asked.pop("points", None) or 100)
    line = draw(NAME, blocks, LineQuery(["r"], ["loss"], axis, points=points, **asked), start_time)
    assert line is not None
    return line


@pytest.mark.parametrize("count", [2, 3, 10, 99, 1000])
@pytest.mark.parametrize("buckets", [2, 3, 10, 99])
def test_every_point_lies_in_one_bucket(count: int, buckets: int) -> None:
    line = drawn([block(range(count), [float(step) for step in range(count)])], points=buckets)
    x = line.x.numbers()
    assert len(x) == min(count, buckets)
    assert x == [float(value) for value in line.last] == line.maximum()
    assert x[-1] == count - 1
    starts = [0.0, *(last + 1 for last in x[:-1])]
    for start, low, end in zip(starts, line.minimum(), x, strict=True):
        assert start - (end - start) / 100 <= low <= start


@pytest.mark.parametrize("offset", [0.0, 1.0, -1000.0, 0.9995])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_what_is_cut_off_cannot_be_seen(offset: float, scale: float) -> None:
    """Less than a 256th of what a bucket spans; for the extremes less than a hundredth of it, and outwards."""
    values = offset + scale * np.random.default_rng(0).normal(size=10_000)
    line = drawn([block(range(10_000), values.tolist())], points=200)
    rows = np.array(line.x.numbers(), dtype=int)
    parts = [values[:1], *(values[start + 1 : end + 1] for start, end in itertools.pairwise(rows))]
    spans = np.median([np.ptp(part) for part in parts])
    # What a 32-bit float cannot hold, no rounding takes away.
    single = np.abs(values).max() * 2**-23
    assert np.abs(np.array(line.last) - values[rows]).max() <= spans / 256 + single
    for low, high, part in zip(line.minimum(), line.maximum(), parts, strict=True):
        slack = (spans + np.ptp(part)) / 100 + single
        assert part.min() - slack <= low <= part.min() + spans / 256 + single
        assert part.max() - spans / 256 - single <= high <= part.max() + slack


def test_small_values_keep_their_digits_beside_large_ones() -> None:
    values = [10.0 ** (-step / 100) for step in range(1000)]
    line = drawn([block(range(1000), values)], points=100)
    for x, value in zip(line.x.numbers(), line.last, strict=True):
        assert value == pytest.approx(values[int(x)], rel=2**-16)


def test_what_a_small_float_cannot_hold_stays_finite() -> None:
    line = drawn([block(range(100), [1e300, -1e300] * 50)], points=10)
    assert all(map(math.isfinite, [*line.last, *line.minimum(), *line.maximum()][:10]))
    assert not any(map(math.isnan, [*line.minimum(), *line.maximum()]))


def test_steps_that_are_far_apart() -> None:
    for steps in ([0, 5, 1 << 40], [-BIG, 0, BIG], [BIG, BIG + 1024], [0], [-(1 << 63), (1 << 63) - 1]):
        line = drawn([block(steps, [1.0] * len(steps))])
        assert line.x.numbers() == [float(step) for step in steps]
        assert list(line.last) == [1.0] * len(steps)


def test_duplicates_count_once_and_order_is_by_step_and_time() -> None:
    line = drawn([block([2, 1, 1], [1.0, 2.0, 3.0], [5, 9, 8]), block([1, 0], [2.0, 4.0], [9, 9])])
    assert (line.x.numbers(), list(line.last), line.total) == ([0, 1, 1, 2], [4.0, 3.0, 2.0, 1.0], 4)


def test_the_time_since_the_start_may_be_negative() -> None:
    blocks = [block([0, 1], [1.0, 2.0], [5000, 7500])]
    assert drawn(blocks, LineAxis.RELATIVE, 4000).x.numbers() == [1.0, 3.5]
    assert drawn(blocks, LineAxis.RELATIVE, 8000).x.numbers() == [-3.0, -0.5]


def test_blocks_that_the_range_does_not_need_are_left_out() -> None:
    spans = [(40, 49), (0, 9), (10, 19), (30, 39), (18, 31)]
    blocks = [SegmentOutline(place, 10, *span, span[0] * 1000, span[1] * 1000) for place, span in enumerate(spans)]

    def ids(first: float | None, last: float | None, axis: LineAxis = LineAxis.STEP, start: int = 0) -> list[int]:
        asked = LineQuery(["r"], ["loss"], axis, "x" if axis is LineAxis.METRIC else "", first, last)
        return [one.segment_id for one in needed(blocks, asked, start)]

    assert ids(None, None) == ids(0, 49) == ids(0, 49, LineAxis.METRIC) == [0, 1, 2, 3, 4]
    assert ids(20, 25) == [2, 3, 4]
    assert ids(10, 12) == [1, 2, 4]
    assert ids(50, None) == [0]
    assert ids(None, -1) == [1]
    assert ids(45, None, LineAxis.TIME) == [0, 3]
    assert ids(35, None, LineAxis.RELATIVE, 10_000) == [0, 3]


def test_columns_are_unpacked_by_themselves() -> None:
    blocks = [block(range(50), [1.0] * 50), block([7], [2.0]), block(range(50, 100), [3.0] * 50)]
    opened = Opened(blocks)
    assert opened.values().tolist() == [1.0] * 50 + [2.0] + [3.0] * 50
    assert opened.steps().tolist() == opened.timestamps().tolist() == [*range(50), 7, *range(50, 100)]
    assert len(Opened([]).steps()) == len(Opened([]).values()) == 0
    with pytest.raises(DamagedData):
        Opened([blocks[0][:-1]])
