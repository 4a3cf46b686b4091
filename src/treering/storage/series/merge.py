"""Reading blocks back as one series in order, each point once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from treering.entities.metric import MetricColumns
from treering.storage.series.codec import decode_all
from treering.storage.series.columns import Floats, Integers, as_arrays, as_columns, of_arrays

__all__ = ["merge", "merge_arrays", "ordered", "tidy"]


def merge(blocks: Iterable[bytes]) -> MetricColumns:
    """All points of some encoded blocks, as `tidy` orders them.

    Raises:
        DamagedData: If a block cannot be read.
    """
    return as_columns(*as_arrays(merge_arrays(blocks)))


def merge_arrays(blocks: Iterable[bytes]) -> MetricColumns:
    """As `merge`, with arrays as columns."""
    return of_arrays(*ordered(*decode_all(blocks)))


def tidy(columns: MetricColumns) -> MetricColumns:
    """The points in order of (timestamp, step, value), exact duplicates once.

    NaN comes after all numbers. Points are the same when all their bits are; values
    that are equal, or both NaN, but differ in their bits stand in the order of these.
    """
    return as_columns(*ordered(*as_arrays(columns)))


def ordered(steps: Integers, timestamps: Integers, values: Floats) -> tuple[Integers, Integers, Floats]:
    """As `tidy`, for arrays."""
    later, same = timestamps[1:] > timestamps[:-1], timestamps[1:] == timestamps[:-1]
    if bool(np.all(later | (same & (steps[1:] > steps[:-1])))):
        return steps, timestamps, values  # as training loops write them
    bits = values.view("<i8")
    order = np.lexsort((bits, values, steps, timestamps))
    steps, timestamps, values, bits = steps[order], timestamps[order], values[order], bits[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (
        (timestamps[1:] != timestamps[:-1]) | (steps[1:] != steps[:-1]) | (bits[1:] != bits[:-1])
    )  # fmt: skip
    return steps[fresh], timestamps[fresh], values[fresh]
