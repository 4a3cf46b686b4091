"""What hangs together in a sample: numbers among each other, and each column with the target.

Texts against anything are judged by Cramer's V with Bergsma's correction (2013), without which a column with
many values seems to tell of everything.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from treering.monitoring.profiles.profile import Association, Correlation
from treering.monitoring.profiles.sample import Column, Sample, Values, is_gap, numbers_of
from treering.storage.tables.texts import texts_of

__all__ = ["associations_of", "correlations_of"]

_MOST_NUMBERS = 100
_MOST_PAIRS = 1000
_ROWS = 20_000
_BINS = 20
_CLASSES = 50
_LEAST = 10


def correlations_of(sample: Sample) -> tuple[Correlation, ...]:
    """Pairs of columns of numbers, those that go together the most first."""
    names = [name for name, kind in sample.kinds.items() if kind in {"number", "boolean"}][:_MOST_NUMBERS]
    numbers = {name: numbers_of(_some(sample.columns[name]))[0] for name in names}
    columns = {name: one for name, one in numbers.items() if _varies(one)}
    if len(columns) < 2:  # noqa: PLR2004 -- a pair
        return ()
    names = list(columns)
    plain = np.stack([columns[name] for name in names])
    ranked = np.stack([_ranks(columns[name]) for name in names])
    pearson, spearman = _correlated(plain), _correlated(ranked)
    pairs = [
        Correlation(names[one], names[other], float(pearson[one, other]), float(spearman[one, other]))
        for one in range(len(names))
        for other in range(one + 1, len(names))
        if np.isfinite(pearson[one, other]) and np.isfinite(spearman[one, other])
    ]
    pairs.sort(key=lambda pair: (-max(abs(pair.pearson), abs(pair.spearman)), pair.first, pair.second))
    return tuple(pairs[:_MOST_PAIRS])


def associations_of(sample: Sample, target: str) -> tuple[Association, ...]:
    """How much each column tells of the target, the most telling first."""
    aim = _some(sample.columns[target])
    aim_number = sample.kinds[target] == "number" and len(np.unique(_finite(numbers_of(aim)[0]))) > _BINS
    codes = _codes(aim, number=sample.kinds[target] in {"number", "time"})
    found = []
    for name, kind in sample.kinds.items():
        if name == target or kind == "empty":
            continue
        column = _some(sample.columns[name])
        gaps = is_gap(column)
        told = 0.0
        if _LEAST <= gaps.sum() <= len(gaps) - _LEAST:
            told = _cramer(gaps.astype(np.intp), codes)
        if aim_number and kind in {"number", "boolean"}:
            value = _in_order(numbers_of(column)[0], numbers_of(aim)[0])
            found.append(Association(name, value, "spearman", told))
        else:
            value = _cramer(_codes(column, number=kind in {"number", "time"}), codes)
            found.append(Association(name, value, "cramer", told))
    found.sort(key=lambda one: (-one.value, one.column))
    return tuple(found)


def _some(column: Values) -> Values:
    """Not more rows than are needed; the same ones of each column."""
    return column if len(column) <= _ROWS else column[:: -(-len(column) // _ROWS)]


def _finite(numbers: Column) -> Column:
    return numbers[np.isfinite(numbers)]


def _varies(numbers: Column) -> bool:
    known = _finite(numbers)
    return len(known) >= _LEAST and float(known.min()) < float(known.max())


def _ranks(numbers: Column) -> Column:
    """Mean ranks, NaN where there is no number."""
    known = np.isfinite(numbers)
    _, places, counts = np.unique(numbers[known], return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks = np.full(len(numbers), np.nan)
    ranks[known] = middle[places]
    return ranks


def _correlated(rows: Column) -> Column:
    """Pearson's coefficient of each two rows, over the places where both have a number."""
    known = np.isfinite(rows)
    centred = np.where(known, rows - np.nanmean(np.where(known, rows, np.nan), axis=1, keepdims=True), 0.0)
    scale = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    centred = centred / np.where(scale > 0, scale, 1)
    there = known.astype(float)
    n = there @ there.T
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = centred @ there.T
        squares = (centred**2) @ there.T
        covariance = centred @ centred.T - sums * sums.T / n
        variance = squares - sums * sums / n
        found: Column = covariance / np.sqrt(variance * variance.T)
    found[n < _LEAST] = np.nan
    return np.clip(found, -1, 1)


def _in_order(one: Column, other: Column) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if not _varies(one[both]) or not _varies(other[both]):
        return 0.0
    return float(abs(_correlated(np.stack([_ranks(one[both]), _ranks(other[both])]))[0, 1]))


def _codes(column: Values, *, number: bool) -> Any:
    """Each value's class: ranges of numbers, the most frequent texts; -1 where there is none."""
    if number:
        numbers, _ = numbers_of(column)
        known = np.isfinite(numbers)
        distinct = np.unique(numbers[known])
        if len(distinct) > _BINS:
            distinct = np.unique(np.quantile(numbers[known], np.linspace(0, 1, _BINS + 1)[:-1]))
        return np.where(known, np.searchsorted(distinct, numbers, side="right"), -1)
    texts = texts_of(column)
    counts = (-texts.counts()).tolist()
    ranked = sorted(range(len(counts)), key=lambda place: (counts[place], texts.different[place]))
    codes = np.empty(len(ranked), np.intp)
    codes[ranked] = np.minimum(np.arange(len(ranked)), _CLASSES)
    return texts.spread(codes, -1)


def _cramer(one: Any, other: Any) -> float:
    both = (one >= 0) & (other >= 0)
    n = int(both.sum())
    if n < _LEAST:
        return 0.0
    _, one = np.unique(one[both], return_inverse=True)
    _, other = np.unique(other[both], return_inverse=True)
    high, wide = int(one.max()) + 1, int(other.max()) + 1
    if min(high, wide) < 2:  # noqa: PLR2004 -- a constant tells nothing
        return 0.0
    table = np.bincount(one * wide + other, minlength=high * wide).reshape(high, wide).astype(float)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (high - 1) * (wide - 1) / (n - 1))
    rows, columns = high - (high - 1) ** 2 / (n - 1), wide - (wide - 1) ** 2 / (n - 1)
    least = min(rows, columns) - 1
    return min(1.0, (phi / least) ** 0.5) if least > 0 else 0.0
