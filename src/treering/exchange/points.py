"""Comparing series of points as bags: in no order, with every bit of every value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from treering.entities.metric import MetricColumns
from treering.storage.series.columns import as_arrays, as_columns

__all__ = ["checksum", "distinct", "history_of", "joined", "without"]

Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]

_PRIME = np.uint64(0x9E3779B97F4A7C15)


def checksum(columns: MetricColumns) -> int:
    """64 bits that are the same for the same points in any order; sums of several parts may be added.

    Every NaN counts as the same number.
    """
    return int(_hashes(columns).sum(dtype=np.uint64))


def distinct(columns: MetricColumns) -> MetricColumns:
    """Each point once; MLflow's folder keeps those that are logged twice, and its databases do not."""
    hashes = _hashes(columns)
    _, first = np.unique(hashes, return_index=True)
    if len(first) == len(columns):
        return columns
    kept = np.sort(first)
    steps, timestamps, values = as_arrays(columns)
    return as_columns(steps[kept], timestamps[kept], values[kept])


def _hashes(columns: MetricColumns) -> Hashes:
    steps, timestamps, values = as_arrays(columns)
    bits = np.where(np.isnan(values), np.nan, values + 0.0).view(np.uint64)
    total = np.zeros(len(values), dtype=np.uint64)
    for part in (steps.view(np.uint64), timestamps.view(np.uint64), bits):
        total = _mixed(total * _PRIME + part)
    return total


def _mixed(numbers: Hashes) -> Hashes:
    """The finaliser of splitmix64."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def joined(parts: Iterable[MetricColumns]) -> MetricColumns:
    """All points of several parts."""
    arrays = [as_arrays(part) for part in parts]
    if not arrays:
        return MetricColumns((), (), ())
    steps, timestamps, values = (np.concatenate(column) for column in zip(*arrays, strict=True))
    return as_columns(steps, timestamps, values)


def without(columns: MetricColumns, known: MetricColumns) -> MetricColumns:
    """The points that are not in `known`; one that is there twice is left out twice."""
    if not len(known):
        return columns
    there = Counter(_rows(known))
    kept: list[int] = []
    for place, row in enumerate(_rows(columns)):
        if there[row]:
            there[row] -= 1
        else:
            kept.append(place)
    steps, timestamps, values = as_arrays(columns)
    return as_columns(steps[kept], timestamps[kept], values[kept])


def _rows(columns: MetricColumns) -> Iterator[tuple[int, int, int]]:
    steps, timestamps, values = as_arrays(columns)
    bits = np.where(np.isnan(values), np.nan, values + 0.0).view(np.uint64)
    return zip(steps.tolist(), timestamps.tolist(), bits.tolist(), strict=True)


def history_of(
    history: Callable[[str, str, int | None, str], tuple[MetricColumns, str]], run_id: str, key: str
) -> MetricColumns:
    """The whole series that `Metrics.history` gives page by page."""
    parts: list[MetricColumns] = []
    token = ""
    while True:
        part, token = history(run_id, key, None, token)
        parts.append(part)
        if not token:
            return joined(parts)
