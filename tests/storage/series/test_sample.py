"""Thinning keeps what a drawing would show."""

import math

import pytest

from treering.core.errors import InvalidInput
from treering.entities.metric import MetricColumns
from treering.storage.series.sample import between, sample

NAN = float("nan")


def line(count: int) -> MetricColumns:
    return MetricColumns(range(count), range(count), [float(step) for step in range(count)])


@pytest.mark.parametrize("count", [2, 3, 10, 99, 1000])
@pytest.mark.parametrize("buckets", [1, 2, 3, 10, 99])
def test_every_point_lies_in_one_bucket(count: int, buckets: int) -> None:
    found = sample("r", "k", line(count), buckets)
    assert len(found.steps) == min(count, buckets)
    assert list(found.last) == list(found.steps) == list(found.maximum)
    assert found.last[-1] == count - 1
    # On a rising line each bucket starts right behind the one before.
    assert list(found.minimum) == [0.0, *(last + 1 for last in found.last[:-1])]
    assert (found.run_id, found.key, found.total) == ("r", "k", count)


def test_order_is_by_step() -> None:
    found = sample("r", "k", MetricColumns([2, 0, 1, 1], [0, 0, 5, 4], [1.0, 2.0, 3.0, 4.0]), 10)
    assert (list(found.steps), list(found.last)) == ([0, 1, 1, 2], [2.0, 4.0, 3.0, 1.0])


def test_extremes_leave_nan_aside() -> None:
    found = sample("r", "k", MetricColumns(range(5), range(5), [1.0, NAN, 3.0, NAN, NAN]), 3)
    assert list(found.steps) == [0, 2, 4]
    assert (found.minimum[1], found.maximum[1], found.last[1]) == (3.0, 3.0, 3.0)
    assert math.isnan(found.minimum[2])
    assert math.isnan(found.last[2])


def test_an_empty_series_has_no_buckets() -> None:
    found = sample("r", "k", MetricColumns([], [], []), 5, total=7)
    assert (list(found.steps), found.total) == ([], 7)


def test_no_buckets_are_refused() -> None:
    with pytest.raises(InvalidInput, match="0 points"):
        sample("r", "k", line(3), 0)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(None, None, [0, 1, 2, 3, 4]), (1, 3, [1, 2, 3]), (3, None, [3, 4]), (None, 0, [0]), (3, 1, []), (9, None, [])],
)
def test_a_range_has_both_its_ends(first: int | None, last: int | None, expected: list[int]) -> None:
    assert list(between(line(5), first, last).steps) == expected
