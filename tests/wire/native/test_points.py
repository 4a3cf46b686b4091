from __future__ import annotations

import math
import struct
from array import array
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import InvalidInput
from treering.entities.metric import MetricColumns
from treering.wire.native.points import columns_from, points_from
from treering.wire.native.runs import SeriesPoints

WHOLE = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(WHOLE, WHOLE, st.floats())))
def test_points_survive_the_journey(rows: list[tuple[int, int, float]]) -> None:
    steps, times, values = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    points = points_from(MetricColumns(steps, times, values))
    assert points.steps == struct.pack(f"<{len(rows)}q", *steps)
    again = columns_from(points)
    assert (list(again.steps), list(again.timestamps)) == (steps, times)
    assert struct.pack(f"<{len(rows)}d", *again.values) == struct.pack(f"<{len(rows)}d", *values)


@pytest.mark.parametrize(
    "column",
    [
        [1, -2, 3],
        (1, -2, 3),
        array("q", [1, -2, 3]),
        array("i", [1, -2, 3]),
        np.array([1, -2, 3]),
        np.array([1, -2, 3], dtype=np.int32),
        np.array([1, 9, -2, 9, 3])[::2],
        np.array([1, -2, 3], dtype=">i8"),
    ],
    ids=repr,
)
def test_any_kind_of_column_is_taken(column: Any) -> None:
    points = points_from(MetricColumns(column, column, column))
    assert points.steps == struct.pack("<3q", 1, -2, 3)
    assert points.values == struct.pack("<3d", 1, -2, 3)


def test_a_payload_of_nan_is_kept() -> None:
    odd = struct.pack("<Q", 0x7FF8_0000_DEAD_BEEF)
    columns = columns_from(SeriesPoints(bytes(8), bytes(8), odd))
    assert math.isnan(columns.values[0])
    assert points_from(columns).values == odd


@pytest.mark.parametrize("sizes", [(8, 8, 16), (8, 0, 8), (7, 7, 7), (12, 12, 12)])
def test_columns_that_do_not_fit_are_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidInput, match="'loss' do not fit together"):
        columns_from(SeriesPoints(*(bytes(size) for size in sizes)), "loss")
