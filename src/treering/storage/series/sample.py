"""Thinning a series for drawing, so that no spike is lost."""

from __future__ import annotations

import numpy as np

from treering.core.errors import InvalidInput
from treering.entities.metric import MetricColumns, SampledSeries
from treering.storage.series.columns import as_arrays, of_arrays

__all__ = ["between", "sample"]


def sample(run_id: str, key: str, columns: MetricColumns, max_points: int, total: int | None = None) -> SampledSeries:
    """At most `max_points` buckets, in order of (step, timestamp).

    Buckets hold equally many points, but for the first, which holds the first point
    alone: so curves whose points all have one step thin as well as any others. Each
    row is a bucket's last point; the last row is the series' last point. Extremes
    leave NaN aside; a bucket of NaN alone has NaN for them.

    Args:
        total: How many points the whole series has, where `columns` is a part of it.

    Raises:
        InvalidInput: If `max_points` is below 1.
    """
    if max_points < 1:
        msg = f"A series cannot be thinned to {max_points} points. Ask for 1 or more."
        raise InvalidInput(msg)
    steps, timestamps, values = as_arrays(columns)
    count = len(values)
    later, same = steps[1:] > steps[:-1], steps[1:] == steps[:-1]
    if not np.all(later | (same & (timestamps[1:] > timestamps[:-1]))):
        order = np.lexsort((values, timestamps, steps))
        steps, timestamps, values = steps[order], timestamps[order], values[order]
    low = high = values
    if count > max_points:
        ends = _ends(count, max_points)
        starts = np.concatenate(([0], ends[:-1] + 1))
        low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
        steps, timestamps, values = steps[ends], timestamps[ends], values[ends]
    return SampledSeries(
        run_id,
        key,
        steps.tolist(),
        timestamps.tolist(),
        values.tolist(),
        low.tolist(),
        high.tolist(),
        count if total is None else total,
    )


def between(columns: MetricColumns, first_step: int | None, last_step: int | None) -> MetricColumns:
    """The points whose step lies in the range, both ends included; None leaves an end open."""
    steps, timestamps, values = as_arrays(columns)
    inside = np.ones(len(steps), bool)
    if first_step is not None:
        inside &= steps >= first_step
    if last_step is not None:
        inside &= steps <= last_step
    return of_arrays(steps[inside], timestamps[inside], values[inside])


def _ends(count: int, buckets: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Index of the last point of each bucket."""
    if buckets == 1:
        return np.array([count - 1])
    return np.arange(buckets) * (count - 1) // (buckets - 1)
