"""Blocks become one series, in one order whatever order they came in."""

import random
import struct

import pytest

from treering.core.errors import DamagedData
from treering.entities.metric import MetricColumns
from treering.storage.series.codec import encode
from treering.storage.series.merge import merge, tidy

NAN, INFINITY = float("nan"), float("inf")
NEGATIVE_NAN = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0000))[0]

Row = tuple[int, int, float]


def columns(points: list[Row]) -> MetricColumns:
    """Points given as (step, timestamp, value)."""
    return MetricColumns(*(list(column) for column in zip(*points, strict=True)))


def rows(merged: MetricColumns) -> list[tuple[int, int, bytes]]:
    return [
        (step, timestamp, struct.pack("<d", value))
        for step, timestamp, value in zip(merged.steps, merged.timestamps, merged.values, strict=True)
    ]


def test_order_does_not_depend_on_arrival() -> None:
    ordered: list[Row] = [
        (9, 1, 5.0),
        (0, 2, 7.0),
        (1, 2, -INFINITY),
        (1, 2, -0.0),
        (1, 2, 0.0),
        (1, 2, 1.0),
        (1, 2, INFINITY),
        (1, 2, NEGATIVE_NAN),
        (1, 2, NAN),
        (2, 2, 0.0),
        (0, 3, 0.0),
    ]
    expected = rows(columns(ordered))
    for seed in range(20):
        shuffled = ordered * 2
        random.Random(seed).shuffle(shuffled)
        cut = seed % len(shuffled)
        parts = [part for part in (shuffled[:cut], shuffled[cut:]) if part]
        assert rows(merge(encode(columns(part)) for part in parts)) == expected
        assert rows(tidy(columns(shuffled))) == expected


def test_only_exact_duplicates_are_dropped() -> None:
    points: list[Row] = [(0, 0, 1.0), (0, 0, 1.0), (0, 0, 1.0000000000000002), (1, 0, 1.0), (0, 1, 1.0)]
    assert len(merge([encode(columns(points))])) == 4


def test_points_in_order_stay_as_they_are() -> None:
    points: list[Row] = [(step, step // 3, 1.0) for step in range(100)]
    assert rows(merge([encode(columns(points[:50])), encode(columns(points[50:]))])) == rows(columns(points))


def test_nothing_is_an_empty_series() -> None:
    assert len(merge([])) == 0
    assert len(merge([encode(MetricColumns([], [], []))])) == 0


def test_a_damaged_block_is_named() -> None:
    with pytest.raises(DamagedData):
        merge([encode(columns([(0, 0, 1.0)])), b"junk"])
