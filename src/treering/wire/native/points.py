"""Columns of metric points as the bytes that travel, and back."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Literal

from treering.core.errors import InvalidInput
from treering.entities.metric import MetricColumns
from treering.wire.native.runs import SeriesPoints

__all__ = ["columns_from", "points_from"]

_WIDTH = 8


def columns_from(points: SeriesPoints, key: str = "") -> MetricColumns:
    """The points as columns: arrays that numpy reads without copying.

    Args:
        key: The metric's name, for messages.

    Raises:
        InvalidInput: If a column is not a whole number of 8-byte items, or the three are not of one length.
    """
    sizes = {len(points.steps), len(points.timestamps), len(points.values)}
    if len(sizes) > 1 or sizes.pop() % _WIDTH:
        msg = (
            f"The columns of metric {key!r} do not fit together: {len(points.steps)} bytes of steps,"
            f" {len(points.timestamps)} of timestamps and {len(points.values)} of values."
            f" Send as many of each, {_WIDTH} bytes an item."
        )
        raise InvalidInput(msg)
    steps: array[int] = array("q")
    timestamps: array[int] = array("q")
    values: array[float] = array("d")
    for column, data in ((steps, points.steps), (timestamps, points.timestamps), (values, points.values)):
        column.frombytes(data)
        if sys.byteorder == "big":
            column.byteswap()
    return MetricColumns(steps, timestamps, values)


def points_from(columns: MetricColumns) -> SeriesPoints:
    """The columns as bytes; NaN, the infinities and -0.0 keep every bit."""
    return SeriesPoints(_bytes("q", columns.steps), _bytes("q", columns.timestamps), _bytes("d", columns.values))


def _bytes(kind: Literal["q", "d"], column: Sequence[int] | Sequence[float]) -> bytes:
    # Arrays, also numpy's, of the right kind give their memory as it is.
    try:
        view = memoryview(column)  # type: ignore[arg-type]  # a list has none, which is the other case
    except TypeError:
        view = memoryview(array(kind, column))
    if view.format not in {kind, "l" if kind == "q" else kind} or view.itemsize != _WIDTH:
        view = memoryview(array(kind, column))
    if sys.byteorder == "big":
        swapped = array(kind, view)
        swapped.byteswap()
        return swapped.tobytes()
    return view.tobytes()
