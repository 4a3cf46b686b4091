"""Columns of points as arrays: what the rest of this folder computes with.

`MetricColumns` holds any sequences. Here they become numpy arrays, and arrays
become `array.array` again, which compares, indexes and iterates like a list of
Python numbers and shares its memory with numpy.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.entities.metric import MetricColumns

__all__ = ["EMPTY", "Floats", "Integers", "as_arrays", "as_columns", "as_floats", "as_integers", "of_arrays"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

EMPTY = MetricColumns((), (), ())


def as_integers(column: Sequence[int]) -> Integers:
    """`column` as little-endian 64-bit integers, without a copy where it has that form already."""
    return np.asarray(column, dtype="<i8")


def as_floats(column: Sequence[float]) -> Floats:
    """`column` as little-endian 64-bit floats, without a copy where it has that form already."""
    return np.asarray(column, dtype="<f8")


def as_arrays(columns: MetricColumns) -> tuple[Integers, Integers, Floats]:
    """Steps, timestamps and values."""
    return as_integers(columns.steps), as_integers(columns.timestamps), as_floats(columns.values)


def as_columns(steps: Integers, timestamps: Integers, values: Floats) -> MetricColumns:
    """The points as `array.array` columns."""
    return MetricColumns(_column("q", steps), _column("q", timestamps), _column("d", values))


def of_arrays(steps: Integers, timestamps: Integers, values: Floats) -> MetricColumns:
    """The arrays themselves as columns, for what goes on computing with them: their items are NumPy's numbers."""
    return MetricColumns(steps, timestamps, values)  # type: ignore[arg-type]  # arrays index as sequences do


def _column(kind: str, numbers: NDArray[Any]) -> array[Any]:
    column: array[Any] = array(kind)
    column.frombytes(np.ascontiguousarray(numbers).data.cast("B") if len(numbers) else b"")
    return column
