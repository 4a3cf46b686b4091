"""Cutting a column of points into blocks with bounds, and remembering what they hold in one line."""

from __future__ import annotations

import itertools
import math

import numpy as np

from treering.entities.metric import Metric, MetricColumns, MetricSegment, MetricSummary
from treering.storage.series.codec import PLAIN_POINTS, encode
from treering.storage.series.columns import Floats, Integers, as_arrays, of_arrays

__all__ = ["SEGMENT_POINTS", "cut", "digest"]

SEGMENT_POINTS = 1000
"""Points in a full block: small enough to be skipped with profit, large enough to compress well."""


def cut(run_id: str, key: str, columns: MetricColumns, size: int = SEGMENT_POINTS) -> list[MetricSegment]:
    """Full blocks of `size` points and one with the rest, in the order of the points; none for no points."""
    count = len(columns)
    if not count:
        return []
    if count <= PLAIN_POINTS:
        return [_block(run_id, key, columns)]
    steps, timestamps, values = as_arrays(columns)
    ends = [*range(0, count, size), count]
    return [
        _block(run_id, key, of_arrays(steps[start:end], timestamps[start:end], values[start:end]))
        for start, end in itertools.pairwise(ends)
    ]


def digest(run_id: str, key: str, columns: MetricColumns) -> tuple[MetricSummary, list[MetricSegment]]:
    """What to remember of the points, of which there is at least one, and the points as `cut` cuts them.

    Where two points have the greatest step and timestamp, NaN counts as the greatest value.
    """
    count = len(columns)
    if count > PLAIN_POINTS:
        columns = of_arrays(*as_arrays(columns))
    blocks = cut(run_id, key, columns)
    if count == 1:
        step, timestamp, value = columns.steps[0], columns.timestamps[0], columns.values[0]
    elif count <= PLAIN_POINTS:
        step, timestamp, _, value = max(
            (step, timestamp, math.isnan(value), value)
            for step, timestamp, value in zip(columns.steps, columns.timestamps, columns.values, strict=True)
        )
    else:
        step, timestamp, value = _last(*as_arrays(columns), max(block.last_step for block in blocks))
    last = Metric(key, float(value), int(timestamp), int(step), run_id=run_id)
    low = min((block.minimum for block in blocks if block.minimum is not None), default=None)
    high = max((block.maximum for block in blocks if block.maximum is not None), default=None)
    return MetricSummary(last, low, high, count), blocks


def _last(steps: Integers, timestamps: Integers, values: Floats, step: int) -> tuple[int, int, float]:
    rows = np.flatnonzero(steps == step)
    if len(rows) > 1:
        rows = rows[timestamps[rows] == timestamps[rows].max()]
    # The maximum of numbers and NaN is NaN.
    return step, timestamps[rows[0]], values[rows].max()


def _block(run_id: str, key: str, columns: MetricColumns) -> MetricSegment:
    count = len(columns)
    if count <= PLAIN_POINTS:
        # Of a long column's rest these are NumPy's numbers, which a database would take for bytes.
        bounds = (
            int(min(columns.steps)),
            int(max(columns.steps)),
            int(min(columns.timestamps)),
            int(max(columns.timestamps)),
        )
    else:
        steps, timestamps, _ = as_arrays(columns)
        bounds = int(steps.min()), int(steps.max()), int(timestamps.min()), int(timestamps.max())
    return MetricSegment(run_id, key, count, *bounds, *_extremes(columns), encode(columns))


def _extremes(columns: MetricColumns) -> tuple[float | None, float | None]:
    if len(columns) <= PLAIN_POINTS:
        numbers = [float(value) for value in columns.values if not math.isnan(value)]
        return (min(numbers), max(numbers)) if numbers else (None, None)
    values = as_arrays(columns)[2]
    # fmin and fmax leave NaN aside while there is anything else.
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    return (None, None) if math.isnan(low) else (low, high)
