"""Whole columns of points, logged with one call."""

from __future__ import annotations

import math
from array import array
from typing import Any

import numpy as np
import pandas as pd
import pytest

import treering
from treering.core.errors import InvalidInput

COUNT = 40_000


def history(run_id: str, key: str) -> Any:
    return treering.Client().get_metric_history(run_id, key)


@pytest.mark.parametrize(
    "column",
    [list, tuple, lambda numbers: array("d", numbers), np.array, lambda numbers: pd.Series(numbers, name="x")],
    ids=["list", "tuple", "array", "numpy", "pandas"],
)
def test_any_column_of_numbers_will_do(column: Any) -> None:
    values = [step / 3 for step in range(COUNT)]
    with treering.start_run() as run:
        treering.log_series("loss", column(values))
    points = history(run.info.run_id, "loss").columns
    assert list(points.values) == values
    assert list(points.steps) == list(range(COUNT))
    assert len(set(points.timestamps)) == 1


def test_steps_and_times_are_kept_and_narrow_types_widened() -> None:
    values = np.array([0.5, math.nan, math.inf, -0.0], dtype=np.float32)
    with treering.start_run() as run:
        treering.log_metric("loss", 7.0, step=9, timestamp=1)
        treering.log_series("loss", values, steps=np.array([4, 3, 2, 1], dtype=np.int32), timestamps=[5, 6, 7, 8])
        treering.log_series("every other", np.arange(10.0)[::2])
        treering.log_series("none", [])
    points = history(run.info.run_id, "loss")
    assert [(point.step, point.timestamp) for point in points] == [(9, 1), (4, 5), (3, 6), (2, 7), (1, 8)]
    assert [str(point.value) for point in points] == ["7.0", "0.5", "nan", "inf", "-0.0"]
    assert list(history(run.info.run_id, "every other").columns.values) == [0, 2, 4, 6, 8]
    assert treering.get_run(run.info.run_id).data.metrics.keys() == {"loss", "every other"}


@pytest.mark.parametrize(
    ("values", "steps", "told"),
    [
        ([1.0, 2.0], [1], r"2 values, 1 steps"),
        ([1.0, "x"], None, r"value that cannot be stored.*numbers only"),
        ([1.0], [0.5], r"step that cannot be stored.*whole numbers"),
        ([1.0], [2**63], r"step that cannot be stored"),
    ],
)
def test_what_is_no_column_is_refused_and_nothing_logged(values: Any, steps: Any, told: str) -> None:
    with treering.start_run() as run:
        with pytest.raises(InvalidInput, match=told):
            treering.log_series("loss", values, steps=steps)
        with pytest.raises(InvalidInput):
            treering.log_series("bad\x00name", [1.0])
    assert treering.get_run(run.info.run_id).data.metrics == {}
