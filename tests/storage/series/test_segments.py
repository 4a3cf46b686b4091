"""Blocks have the right bounds, and a summary says what a series holds."""

import math

import pytest

from treering.entities.metric import Metric, MetricColumns
from treering.storage.series.codec import decode
from treering.storage.series.segments import SEGMENT_POINTS, cut, digest

NAN = float("nan")
# Both the way for few points and the one for many.
SIZES = pytest.mark.parametrize("repeat", [1, 20])


def many(columns: MetricColumns, repeat: int) -> MetricColumns:
    return MetricColumns(list(columns.steps) * repeat, list(columns.timestamps) * repeat, list(columns.values) * repeat)


@SIZES
def test_bounds(repeat: int) -> None:
    (block,) = cut("r", "k", many(MetricColumns([3, -1, 2], [30, 50, 10], [0.5, NAN, -2.0]), repeat))
    assert (block.run_id, block.key, block.count, block.segment_id) == ("r", "k", 3 * repeat, 0)
    assert (block.first_step, block.last_step) == (-1, 3)
    assert (block.first_timestamp, block.last_timestamp) == (10, 50)
    assert (block.minimum, block.maximum) == (-2.0, 0.5)
    assert list(decode(block.data).steps) == [3, -1, 2] * repeat
    assert all(type(number) is int for number in (block.first_step, block.last_timestamp))


@SIZES
def test_no_bounds_where_all_is_nan(repeat: int) -> None:
    columns = many(MetricColumns([0], [0], [NAN]), repeat)
    (block,) = cut("r", "k", columns)
    assert (block.minimum, block.maximum) == (None, None)
    summary, _ = digest("r", "k", columns)
    assert (summary.minimum, summary.maximum, summary.count) == (None, None, repeat)
    assert math.isnan(summary.last.value)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1000, [1000]), (1001, [1000, 1]), (2500, [1000, 1000, 500])])
def test_blocks_are_full_but_the_last(count: int, sizes: list[int]) -> None:
    blocks = cut("r", "k", MetricColumns(range(count), range(count), [float(step) for step in range(count)]))
    assert [block.count for block in blocks] == sizes
    assert [step for block in blocks for step in decode(block.data).steps] == list(range(count))
    assert SEGMENT_POINTS == 1000


@SIZES
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (MetricColumns([1, 2], [9, 1], [5.0, 6.0]), (2, 1, 6.0)),
        (MetricColumns([2, 2], [1, 9], [6.0, 5.0]), (2, 9, 5.0)),
        (MetricColumns([2, 2], [9, 9], [6.0, 5.0]), (2, 9, 6.0)),
        (MetricColumns([-5, -7], [0, 1], [1.0, 2.0]), (-5, 0, 1.0)),
    ],
)
def test_the_last_point(columns: MetricColumns, expected: tuple[int, int, float], repeat: int) -> None:
    summary, _ = digest("r", "k", many(columns, repeat))
    step, timestamp, value = expected
    assert summary.last == Metric("k", value, timestamp, step, run_id="r")


@SIZES
@pytest.mark.parametrize("values", [[1.0, NAN], [NAN, 1.0]])
def test_nan_is_last_among_equals(values: list[float], repeat: int) -> None:
    summary, _ = digest("r", "k", many(MetricColumns([0, 0], [0, 0], values), repeat))
    assert math.isnan(summary.last.value)
    assert (summary.minimum, summary.maximum) == (1.0, 1.0)


@SIZES
def test_infinities_are_extremes(repeat: int) -> None:
    summary, _ = digest("r", "k", many(MetricColumns([0, 1], [0, 1], [math.inf, -math.inf]), repeat))
    assert (summary.minimum, summary.maximum) == (-math.inf, math.inf)
