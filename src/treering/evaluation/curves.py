"""Curves over all thresholds of a score: ROC, precision and recall, lift; and the areas below them.

All take weights. Equal scores are one threshold, as in scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "areas", "average_precision", "lift", "precision_recall", "roc", "roc_auc"]

Floats = NDArray[np.float64]


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


def roc_auc(positive: NDArray[np.bool_], score: NDArray[Any], weight: Floats | None = None) -> float:
    """The area under the ROC curve; NaN if one of the classes is missing."""
    return float(areas(*_at_thresholds(positive, score, weight)[:2])[0])


def average_precision(positive: NDArray[np.bool_], score: NDArray[Any], weight: Floats | None = None) -> float:
    """The mean of precision over recall (AP); NaN without a positive row."""
    return float(areas(*_at_thresholds(positive, score, weight)[:2])[1])


def roc(positive: NDArray[np.bool_], score: NDArray[Any], weight: Floats | None = None) -> Curve:
    """False positive rate and true positive rate."""
    hits, misses, thresholds = _at_thresholds(positive, score, weight)
    return Curve(_rate(misses), _rate(hits), np.concatenate([[np.inf], thresholds]))


def precision_recall(positive: NDArray[np.bool_], score: NDArray[Any], weight: Floats | None = None) -> Curve:
    """Recall and precision."""
    hits, misses, thresholds = _at_thresholds(positive, score, weight)
    right, wrong = hits.cumsum(), misses.cumsum()
    precision = np.concatenate([[1.0], right / np.maximum(right + wrong, np.finfo(float).tiny)])
    return Curve(_rate(hits), precision, np.concatenate([[np.inf], thresholds]))


def lift(positive: NDArray[np.bool_], score: NDArray[Any], weight: Floats | None = None) -> Curve:
    """The part of all rows that is chosen, and how many times more positives are in it than in all rows."""
    hits, misses, thresholds = _at_thresholds(positive, score, weight)
    chosen = (hits + misses).cumsum()
    base = max(hits.sum() / max(chosen[-1], np.finfo(float).tiny), np.finfo(float).tiny)
    found = hits.cumsum() / np.maximum(chosen, np.finfo(float).tiny) / base
    return Curve(chosen / chosen[-1], found, thresholds)


def _at_thresholds(positive: NDArray[np.bool_], score: NDArray[Any], weight: Floats | None) -> tuple[Floats, ...]:
    """The weight of positive and of negative rows at each score, highest first; and the scores."""
    order = np.argsort(-score.astype(np.float64), kind="stable")
    ordered = score[order].astype(np.float64)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    each = np.ones(len(score)) if weight is None else weight[order]
    marked = positive[order]
    hits = np.add.reduceat(np.where(marked, each, 0.0), starts)
    misses = np.add.reduceat(np.where(marked, 0.0, each), starts)
    return hits, misses, ordered[starts]


def _rate(weights: Floats) -> Floats:
    summed = np.concatenate([[0.0], weights.cumsum()])
    return summed / summed[-1] if summed[-1] else summed
