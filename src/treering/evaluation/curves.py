"""Curves over all thresholds of a score: ROC, precision and recall, lift; and the areas below them.

The rows are put in order once, and all curves and areas come of that. Equal scores are one threshold, as in scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "Tallies", "areas", "tallied"]

Floats = NDArray[np.float64]

_LEAST = np.finfo(float).tiny


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Points of a curve, in order of falling thresholds."""

    x: Floats
    y: Floats
    thresholds: Floats

    def thinned(self, most: int = 500) -> Curve:
        """The same curve with at most so many points, first and last among them."""
        if len(self.x) <= most:
            return self
        kept = np.unique(np.linspace(0, len(self.x) - 1, most).astype(int))
        return Curve(self.x[kept], self.y[kept], self.thresholds[kept])


def areas(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """Area under the ROC curve and average precision, from the weights at each threshold.

    Args:
        positive: Any shape x thresholds, highest threshold first: the weight of positive rows there.
        negative: As `positive`.

    Returns:
        Two arrays of the leading shape; NaN where there is no positive, or for the first one no negative row.
    """
    hits, misses = positive.cumsum(axis=-1), negative.cumsum(axis=-1)
    all_hits, all_misses = hits[..., -1], misses[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        # A positive row wins against the negatives below it, and half against those beside it.
        lost = (positive * (misses - negative / 2)).sum(axis=-1)
        area = 1 - lost / (all_hits * all_misses)
        precision = np.where(hits + misses > 0, hits / (hits + misses), 0.0)
        average = (positive * precision).sum(axis=-1) / all_hits
    return area, average


@dataclass(frozen=True, slots=True, eq=False)
class Tallies:
    """What there is at each threshold of a score, the highest first.

    Attributes:
        hits: The weight of positive rows with that score.
        misses: The weight of negative ones.
        thresholds: The scores.
        order: The rows by falling score.
        starts: For each row in that order, whether it has another score than the one before.
    """

    hits: Floats
    misses: Floats
    thresholds: Floats
    order: NDArray[np.intp]
    starts: NDArray[np.bool_]

    @property
    def places(self) -> NDArray[np.intp]:
        """Of each row, which threshold is its score."""
        found = np.empty(len(self.order), np.intp)
        found[self.order] = self.starts.cumsum() - 1
        return found

    @property
    def roc_auc(self) -> float:
        """The area under the ROC curve; NaN if one of the classes is missing."""
        return float(areas(self.hits, self.misses)[0])

    @property
    def average_precision(self) -> float:
        """The mean of precision over recall (AP); NaN without a positive row."""
        return float(areas(self.hits, self.misses)[1])

    def roc(self) -> Curve:
        """False positive rate and true positive rate."""
        return Curve(_rate(self.misses), _rate(self.hits), np.concatenate([[np.inf], self.thresholds]))

    def precision_recall(self) -> Curve:
        """Recall and precision."""
        right, wrong = self.hits.cumsum(), self.misses.cumsum()
        precision = np.concatenate([[1.0], right / np.maximum(right + wrong, _LEAST)])
        return Curve(_rate(self.hits), precision, np.concatenate([[np.inf], self.thresholds]))

    def lift(self) -> Curve:
        """The part of all rows that is chosen, and how many times more positives are in it than in all rows."""
        chosen = (self.hits + self.misses).cumsum()
        base = max(self.hits.sum() / max(chosen[-1], _LEAST), _LEAST)
        return Curve(chosen / chosen[-1], self.hits.cumsum() / np.maximum(chosen, _LEAST) / base, self.thresholds)

    def of_the_other(self) -> Tallies:
        """The same for the other one of two classes, whose score is what is left to 1."""
        ends = np.append(self.starts[1:], True)
        return Tallies(self.misses[::-1], self.hits[::-1], 1 - self.thresholds[::-1], self.order[::-1], ends[::-1])


def tallied(positive: NDArray[np.bool_], score: NDArray[Any], weight: Floats | None = None) -> Tallies:
    """The rows, of which there is one at least, put in order."""
    values = score.astype(np.float64)
    order = np.argsort(-values)
    ordered = values[order]
    starts = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    first = np.flatnonzero(starts)
    each = np.ones(len(score)) if weight is None else weight[order]
    marked = positive[order]
    hits = np.add.reduceat(np.where(marked, each, 0.0), first)
    misses = np.add.reduceat(np.where(marked, 0.0, each), first)
    return Tallies(hits, misses, ordered[first], order, starts)


def _rate(weights: Floats) -> Floats:
    summed = np.concatenate([[0.0], weights.cumsum()])
    return summed / summed[-1] if summed[-1] else summed
