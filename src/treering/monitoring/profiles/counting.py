"""The second reading: one column counted, a piece at a time, in the way that the sample decided or an earlier profile did."""

from __future__ import annotations

from heapq import nsmallest

import numpy as np

from treering.monitoring.profiles.distinct import Distinct
from treering.monitoring.profiles.profile import ColumnProfile
from treering.monitoring.profiles.sample import Column, Values, numbers_of
from treering.storage.tables.hashing import MISSING, Hashes, hashes_of
from treering.storage.tables.texts import text_hashes, texts_of

__all__ = ["NumberCounter", "TextCounter", "counter_of", "edges_of", "values_of"]

_BINS = 64
_VALUES = 256
_DISTINCT = 1 << 14
_SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_FENCE = 3.0
_EXAMPLES = 5
_LONG_EXAMPLE = 100
_LONG = 1000  # characters


class NumberCounter:
    """Counts a column of numbers or times.

    Args:
        kind: `number` or `time`.
        edges: Ascending borders of the bins.
    """

    def __init__(self, name: str, kind: str, edges: Column, quantiles: tuple[tuple[float, float], ...]) -> None:
        self._made = ColumnProfile(name, kind, quantiles=quantiles, edges=tuple(edges.tolist()))
        self._edges = edges
        self._counts = np.zeros(len(edges) + 1, np.int64)
        self._distinct = Distinct(_DISTINCT)
        self._fences = _fences(dict(quantiles)) if kind == "number" else None
        self._tally = dict.fromkeys(("rows", "missing", "infinite", "invalid", "zeros", "negatives", "low", "high"), 0)
        self._known = 0
        self._whole = kind == "number"
        self._mean = self._spread = 0.0
        self._least, self._most = np.inf, -np.inf
        self._examples: dict[str, None] = {}

    def add(self, column: Values) -> Hashes:
        """Take in a piece; gives a hash for each of its rows."""
        numbers, wrong = numbers_of(column)
        hashes = hashes_of(numbers)
        known = np.isfinite(numbers)
        finite = numbers[known]
        self._distinct.add(hashes[known])
        if wrong.any():
            texts = texts_of(column[wrong])
            if len(self._examples) < _EXAMPLES:
                self._examples |= dict.fromkeys(text[:_LONG_EXAMPLE] for text in texts.listed()[:_EXAMPLES])
            hashes[wrong] = texts.spread(text_hashes(texts.different), MISSING)
        gaps = np.isnan(numbers) & ~wrong
        hashes[gaps] = MISSING
        tally = self._tally
        tally["rows"] += len(column)
        tally["missing"] += int(gaps.sum())
        tally["invalid"] += int(wrong.sum())
        tally["infinite"] += len(column) - len(finite) - int(gaps.sum()) - int(wrong.sum())
        if len(finite):
            self._moments(finite)
            self._whole = self._whole and bool((finite == np.rint(finite)).all())
            self._counts += np.bincount(np.searchsorted(self._edges, finite, side="right"), minlength=len(self._counts))
        return hashes

    def profile(self) -> ColumnProfile:
        """What was counted."""
        tally = self._tally
        any_known = self._known > 0
        return ColumnProfile(
            self._made.name, self._made.kind, tally["rows"], tally["missing"], tally["infinite"], tally["invalid"],
            tuple(self._examples)[:_EXAMPLES], min(self._distinct.count(), self._known), self._distinct.exact,
            float(self._least) if any_known else None, float(self._most) if any_known else None,
            self._mean if any_known else None, self._spread, tally["zeros"], tally["negatives"],
            self._made.edges, tuple(self._counts.tolist()), quantiles=self._made.quantiles, fences=self._fences,
            outliers_low=tally["low"], outliers_high=tally["high"],
            whole=self._whole and any_known,
        )  # fmt: skip

    def _moments(self, finite: Column) -> None:
        n, mean = len(finite), float(finite.mean())
        apart = mean - self._mean
        total = self._known + n
        self._spread += float(((finite - mean) ** 2).sum()) + apart * apart * self._known * n / total
        self._mean += apart * n / total
        self._known = total
        self._least = min(self._least, float(finite.min()))
        self._most = max(self._most, float(finite.max()))
        self._tally["zeros"] += int((finite == 0).sum())
        self._tally["negatives"] += int((finite < 0).sum())
        if self._fences:
            self._tally["low"] += int((finite < self._fences[0]).sum())
            self._tally["high"] += int((finite > self._fences[1]).sum())


class TextCounter:
    """Counts a column of texts or truth values.

    Args:
        kind: `text`, `boolean` or `empty`.
        values: Those that are counted one by one.
    """

    def __init__(self, name: str, kind: str, values: tuple[str, ...]) -> None:
        self._name, self._kind, self._values = name, kind, values
        hashes = text_hashes(values)
        self._order = np.argsort(hashes)
        self._hashes = hashes[self._order]
        self._counts = np.zeros(len(values), np.int64)
        self._distinct = Distinct(_DISTINCT)
        self._rows = self._missing = self._other = 0
        self._shortest, self._longest = 1 << 60, 0

    def add(self, column: Values) -> Hashes:
        """Take in a piece; gives a hash for each of its rows."""
        texts = texts_of(column)
        counts = texts.counts()
        hashes = text_hashes(texts.different)
        places = self._places(hashes)
        listed = places >= 0
        self._counts[places[listed]] += counts[listed]
        known = int(counts.sum())
        self._other += known - int(counts[listed].sum())
        self._rows += len(texts)
        self._missing += len(texts) - known
        if known and self._kind == "text":
            lengths = list(map(len, texts.different))
            self._shortest = min(self._shortest, *lengths)
            self._longest = max(self._longest, *lengths)
        self._distinct.add(hashes)
        return texts.spread(hashes, MISSING)

    def _places(self, hashes: Hashes) -> Column:
        """Of each hash the place of its text among those that are counted, or -1."""
        if not len(self._hashes):
            return np.full(len(hashes), -1)
        near = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        found: Column = np.where(self._hashes[near] == hashes, self._order[near], -1)
        return found

    def profile(self) -> ColumnProfile:
        """What was counted."""
        return ColumnProfile(
            self._name, self._kind, self._rows, self._missing,
            distinct=min(self._distinct.count(), self._rows - self._missing), distinct_exact=self._distinct.exact,
            values=self._values, value_counts=tuple(self._counts.tolist()), other=self._other,
            shortest=self._shortest if self._longest else 0, longest=self._longest,
        )  # fmt: skip


def counter_of(name: str, kind: str, sample: Values) -> NumberCounter | TextCounter:
    """What counts a column, as its sample has it."""
    if kind in {"number", "time"}:
        numbers, _ = numbers_of(sample)
        numbers = numbers[np.isfinite(numbers)]
        quantiles = tuple(zip(_SHARES, np.quantile(numbers, _SHARES).tolist(), strict=True)) if len(numbers) else ()
        return NumberCounter(name, kind, edges_of(numbers), quantiles)
    return TextCounter(name, kind, values_of(sample))


def edges_of(numbers: Column) -> Column:
    """Borders of bins: the values themselves if they are few, else so that the bins hold equally many of them."""
    distinct = np.unique(numbers)
    if len(distinct) > _BINS:
        distinct = np.unique(np.quantile(numbers, np.linspace(0, 1, _BINS + 1)))
    return distinct


def values_of(sample: Values) -> tuple[str, ...]:
    """The most frequent values, these first; none that would make a book of the profile."""
    texts = texts_of(sample)
    counted = zip((-texts.counts()).tolist(), texts.different, strict=True)
    ranked = nsmallest(_VALUES, (one for one in counted if len(one[1]) <= _LONG))
    return tuple(value for _, value in ranked)


def _fences(quantiles: dict[float, float]) -> tuple[float, float] | None:
    if not quantiles:
        return None
    low, high = quantiles[0.25], quantiles[0.75]
    return (low - _FENCE * (high - low), high + _FENCE * (high - low)) if high > low else None
