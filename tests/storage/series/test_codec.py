"""Blocks of points come back bit by bit, are small, and damage is noticed."""

import math
import random
import struct
from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treering.core.errors import DamagedData
from treering.entities.metric import MetricColumns
from treering.storage.series.codec import PLAIN_POINTS, decode, encode

INT64 = st.integers(-(2**63), 2**63 - 1)
# Every bit pattern, so also the many kinds of NaN.
BITS = st.integers(0, 2**64 - 1)


def floats(patterns: list[int]) -> list[float]:
    return list(struct.unpack(f"<{len(patterns)}d", struct.pack(f"<{len(patterns)}Q", *patterns)))


def rows(columns: MetricColumns) -> list[tuple[int, int, bytes]]:
    return [
        (step, timestamp, struct.pack("<d", value))
        for step, timestamp, value in zip(columns.steps, columns.timestamps, columns.values, strict=True)
    ]


def curve(count: int) -> MetricColumns:
    """A loss as a training loop logs it: noisy, falling, about 50 ms a step."""
    noise = random.Random(7)
    timestamps, time = [], 1_760_000_000_000
    for _ in range(count):
        time += noise.randrange(40, 60)
        timestamps.append(time)
    values = [2.3 * math.exp(-5 * step / count) + 0.1 + noise.gauss(0, 0.02) for step in range(count)]
    return MetricColumns(list(range(count)), timestamps, values)


@given(st.lists(st.tuples(INT64, INT64, BITS), max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_points_come_back(points: list[tuple[int, int, int]]) -> None:
    columns = MetricColumns(
        [point[0] for point in points], [point[1] for point in points], floats([point[2] for point in points])
    )
    assert rows(decode(encode(columns))) == rows(columns)


@pytest.mark.parametrize("count", [0, 1, PLAIN_POINTS, PLAIN_POINTS + 1, 1000])
def test_any_length_comes_back(count: int) -> None:
    assert rows(decode(encode(curve(max(count, 1)) if count else MetricColumns([], [], [])))) == (
        rows(curve(count)) if count else []
    )


@pytest.mark.parametrize(
    "steps",
    [
        [5] * 100,
        list(range(100)),
        list(range(0, -300, -3)),
        [7, 3] * 50,
        [2**63 - 1, -(2**63)] * 50,
        [0] * 99 + [2**40],
        [(step * 7919) % 1000 for step in range(100)],
    ],
)
def test_any_steps_come_back(steps: list[int]) -> None:
    columns = MetricColumns(steps, [0] * 100, [0.0] * 100)
    assert list(decode(encode(columns)).steps) == steps


def test_columns_may_be_any_sequence() -> None:
    plain = curve(100)
    as_arrays = MetricColumns(array("q", plain.steps), array("q", plain.timestamps), array("d", plain.values))
    as_numpy = MetricColumns(np.array(plain.steps), np.array(plain.timestamps), np.array(plain.values))
    assert encode(plain) == encode(as_arrays) == encode(as_numpy)
    few = MetricColumns(np.arange(3), np.arange(3), np.arange(3) / 2)
    assert list(decode(encode(few)).values) == [0.0, 0.5, 1.0]


def test_what_comes_back_are_python_numbers() -> None:
    for count in (3, 100):
        columns = decode(encode(curve(count)))
        assert (type(columns.steps[0]), type(columns.timestamps[0]), type(columns.values[0])) == (int, int, float)
        assert columns.steps[1:3] == array("q", [1, 2])


def test_a_typical_curve_takes_few_bytes() -> None:
    assert len(encode(curve(1000))) <= 9 * 1000


def test_a_single_point_takes_few_bytes() -> None:
    assert len(encode(curve(1))) == 34


@pytest.mark.parametrize("count", [1, 40])
def test_every_damaged_byte_is_noticed(count: int) -> None:
    data = encode(curve(count))
    for position in range(len(data)):
        for wrong in (data[position] ^ 1, data[position] ^ 0x80):
            with pytest.raises(DamagedData):
                decode(data[:position] + bytes([wrong]) + data[position + 1 :])


@pytest.mark.parametrize("count", [1, 40])
def test_every_missing_or_added_byte_is_noticed(count: int) -> None:
    data = encode(curve(count))
    for length in range(len(data)):
        with pytest.raises(DamagedData):
            decode(data[:length])
    with pytest.raises(DamagedData):
        decode(data + b"\0")


def test_a_later_format_is_named() -> None:
    with pytest.raises(DamagedData, match="format version is 2"):
        decode(b"\2" + encode(curve(1))[1:])


@pytest.mark.parametrize("count", [1, 40])
def test_a_number_beyond_64_bits_is_refused(count: int) -> None:
    with pytest.raises(OverflowError):
        encode(MetricColumns([2**63] * count, [0] * count, [0.0] * count))
