"""How sure a metric is: the bootstrap, at a cost that hardly grows with the number of rows.

The rows are dealt at random into at most a few thousand units, and the units are drawn with
replacement. A metric is then a function of sums over the drawn units: one product of matrices
makes all replicates. Up to as many rows as there are units, it is the ordinary bootstrap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Interval
from treering.evaluation import classification, regression
from treering.evaluation.curves import areas, tallied
from treering.evaluation.rows import CLASSIFIER, REGRESSOR, Rows

__all__ = ["FEWEST_ROWS", "Draws", "draws", "interval", "intervals_of", "replicates_of"]

Floats = NDArray[np.float64]

FEWEST_ROWS = 10
"""With fewer rows than this no interval is given: the bootstrap would be surer than it may be."""
_UNITS = 2000
_BINS = 512
_MOST_CLASSES_WITH_AREAS = 20
_SHARES = {"roc_auc", "precision_recall_auc"}


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Which units were drawn how often.

    Attributes:
        counts: Replicates x units.
        unit: Of each row.
    """

    counts: NDArray[np.float32]
    unit: NDArray[np.int64]

    def sums(self, column: Floats) -> Floats:
        """The sum of a column of the rows, in each replicate."""
        return (self.counts @ self._by_unit(column).astype(np.float64)).astype(np.float64)

    def sums_by(self, place: NDArray[Any], size: int, weight: Floats) -> Floats:
        """Replicates x size: the sum of `weight` over rows that have that place."""
        units = self.counts.shape[1]
        cells = np.bincount(self.unit * size + place, weight, minlength=units * size).reshape(units, size)
        return (self.counts @ cells.astype(np.float32)).astype(np.float64)

    def _by_unit(self, column: Floats) -> Floats:
        found: Floats = np.bincount(self.unit, column, minlength=self.counts.shape[1]).astype(np.float64)
        return found


def draws(rows: int, replicates: int = 1000, seed: int = 0) -> Draws:
    """The same arguments always give the same draws.

    Raises:
        InvalidInput: If there is no row, or fewer than two replicates are wanted.
    """
    if rows < 1 or replicates < 2:  # noqa: PLR2004
        msg = f"A bootstrap takes at least one row and two replicates, not {rows} and {replicates}."
        raise InvalidInput(msg)
    dice = np.random.default_rng(seed)
    units = min(rows, _UNITS)
    unit = dice.permutation(rows) % units if rows > units else np.arange(rows)
    drawn = dice.integers(0, units, (replicates, units)) + np.arange(replicates)[:, None] * units
    counts = np.bincount(drawn.ravel(), minlength=replicates * units).reshape(replicates, units)
    return Draws(counts.astype(np.float32), unit.astype(np.int64))


def interval(values: Floats, confidence: float) -> Interval | None:
    """Where the middle part of the replicates lies; None if there are too few of them."""
    finite = values[np.isfinite(values)]
    if len(finite) < max(2, len(values) // 2):
        return None
    low, high = np.quantile(finite, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def intervals_of(
    rows: Rows, metrics: Mapping[str, float], drawn: Draws, *, confidence: float = 0.95
) -> dict[str, Interval]:
    """The intervals of those metrics that have one."""
    if len(rows) < FEWEST_ROWS:
        return {}
    found: dict[str, Interval] = {}
    for name, values in replicates_of(rows, drawn).items():
        if name not in metrics:
            continue
        between = interval(values, confidence)
        if between is not None:
            # Not outside of what an area may be: the middle was moved onto the exact figure.
            found[name] = Interval(max(between.low, 0.0), min(between.high, 1.0)) if name in _SHARES else between
    return found


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def replicates_of(rows: Rows, drawn: Draws) -> dict[str, Floats]:
    """Each metric that can be resampled, in each replicate; NaN where only rows of no weight were drawn."""
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight
    total = drawn.sums(weight)
    found: dict[str, Floats] = {}
    if rows.kind == CLASSIFIER:
        found |= _decisions(rows, drawn, weight)
        for name, losses in classification.row_losses(rows).items():
            found[name] = drawn.sums(losses * weight) / total
        if rows.score is not None:
            found |= _areas(rows, drawn, weight)
    elif rows.kind == REGRESSOR:
        means = {name: drawn.sums(values * weight) / total for name, values in regression.row_losses(rows).items()}
        found |= {name: np.asarray(values) for name, values in regression.from_means(rows, means).items()}
    for name, values in rows.values.items():
        found[f"{name}/mean"] = drawn.sums(values * weight) / total
    return found


def _decisions(rows: Rows, drawn: Draws, weight: Floats) -> dict[str, Floats]:
    size = len(rows.labels)
    right = rows.target == rows.prediction
    hits = drawn.sums_by(rows.target, size, np.where(right, weight, 0.0))
    true, said = drawn.sums_by(rows.target, size, weight), drawn.sums_by(rows.prediction, size, weight)
    return classification.averaged(hits, true, said, rows.positive, rows.average)


def _areas(rows: Rows, drawn: Draws, weight: Floats) -> dict[str, Floats]:
    score = rows.score
    if score is None:
        return {}
    if rows.positive is not None:
        area, precise = _one_area(rows.target == rows.positive, score[:, rows.positive], weight, drawn)
        return {"roc_auc": area, "precision_recall_auc": precise}
    if rows.average == "micro" or len(rows.labels) > _MOST_CLASSES_WITH_AREAS:
        return {}
    each = [_one_area(rows.target == label, score[:, label], weight, drawn)[0] for label in range(len(rows.labels))]
    if rows.average == "macro":
        return {"roc_auc": np.mean(each, axis=0)}
    shares = drawn.sums_by(rows.target, len(rows.labels), weight).T
    return {"roc_auc": (np.array(each) * shares).sum(axis=0) / shares.sum(axis=0)}


def _one_area(truth: NDArray[np.bool_], score: NDArray[Any], weight: Floats, drawn: Draws) -> tuple[Floats, Floats]:
    """Areas in each replicate, from as many thresholds as matter; moved by what the missing thresholds make of them."""
    tallies = tallied(truth, score, weight)
    place, size = tallies.places, len(tallies.hits)
    if size > _BINS:
        # Neighbouring thresholds become one, so that each bin has about as many rows; equal scores stay together.
        first = np.flatnonzero(tallies.starts)
        bins = first * _BINS // len(score)
        place, size = bins[place], _BINS
    positive = drawn.sums_by(place, size, np.where(truth, weight, 0.0))
    negative = drawn.sums_by(place, size, np.where(truth, 0.0, weight))
    area, precise = areas(positive, negative)
    if len(tallies.hits) > _BINS:
        rough = areas(
            *(np.bincount(bins, column, size).astype(np.float64) for column in (tallies.hits, tallies.misses))
        )
        area, precise = area + (tallies.roc_auc - rough[0]), precise + (tallies.average_precision - rough[1])
    return area, precise
