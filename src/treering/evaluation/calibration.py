"""Whether scores are probabilities: what was foretold beside what was, for rows with like scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.entities.evaluation import Calibration, CalibrationBin
from treering.evaluation.classification import row_losses
from treering.evaluation.rows import Rows

__all__ = ["calibration_of", "calibrations"]

_MOST_CLASSES = 10


def calibrations(rows: Rows, bins: int = 10) -> tuple[Calibration, ...]:
    """Of the positive class, or of each one of several, and of the predicted one ("") with more than two."""
    score = rows.score
    if score is None or not len(rows):
        return ()
    brier = float(np.average(row_losses(rows)["brier_score"], weights=rows.weight))
    if rows.positive is not None:
        found = _one(rows, rows.labels[rows.positive], rows.target == rows.positive, score[:, rows.positive], bins)
        return (found,)
    best = score.argmax(axis=1)
    top = calibration_of("", best == rows.target, score[np.arange(len(rows)), best], rows.weight, bins)
    every = [
        _one(rows, label, rows.target == place, score[:, place], bins)
        for place, label in enumerate(rows.labels)
        if len(rows.labels) <= _MOST_CLASSES
    ]
    return (Calibration("", top.bins, top.expected_error, top.maximal_error, brier), *every)


def calibration_of(
    label: str, truth: NDArray[np.bool_], score: NDArray[Any], weight: NDArray[np.float64] | None, bins: int
) -> Calibration:
    """With bins of equal width; empty ones are left out."""
    each = np.ones(len(truth)) if weight is None else weight
    clipped = np.clip(score.astype(np.float64), 0.0, 1.0)
    place = np.minimum((clipped * bins).astype(np.int64), bins - 1)
    mass = np.bincount(place, each, bins)
    counts = np.bincount(place, minlength=bins)
    kept = np.flatnonzero(mass > 0)
    predicted = np.bincount(place, each * clipped, bins)[kept] / mass[kept]
    observed = np.bincount(place, each * truth, bins)[kept] / mass[kept]
    away = np.abs(predicted - observed)
    return Calibration(
        label,
        tuple(
            CalibrationBin(at / bins, (at + 1) / bins, int(counts[at]), float(said), float(was))
            for at, said, was in zip(kept.tolist(), predicted, observed, strict=True)
        ),
        float(np.average(away, weights=mass[kept])),
        float(away.max()),
        float(np.average((clipped - truth) ** 2, weights=each)),
    )


def _one(rows: Rows, label: str, truth: NDArray[np.bool_], score: NDArray[Any], bins: int) -> Calibration:
    return calibration_of(label, truth, score, rows.weight, bins)
