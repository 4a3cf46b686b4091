"""The metrics of a regressor under MLflow's names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from treering.evaluation.rows import Rows

__all__ = ["from_means", "metrics_of", "row_losses"]

Floats = NDArray[np.float64]


@np.errstate(over="ignore", invalid="ignore")
def metrics_of(rows: Rows) -> dict[str, float]:
    """All of MLflow's metrics of a regressor; infinite where squares of numbers are."""
    losses = row_losses(rows)
    means = {name: float(np.average(values, weights=rows.weight)) for name, values in losses.items()}
    found: dict[str, float] = {"example_count": len(rows)}
    found |= {name: float(value) for name, value in from_means(rows, means).items()}
    total = float((rows.target * rows.weight).sum() if rows.weight is not None else rows.target.sum())
    found["sum_on_target"] = total
    found["mean_on_target"] = total / len(rows)
    found["max_error"] = float(np.abs(rows.target - rows.prediction).max())
    if not np.isfinite(found["r2_score"]):
        del found["r2_score"]
    return found


@np.errstate(over="ignore")
def row_losses(rows: Rows) -> dict[str, Floats]:
    """What each row adds to the means that the metrics are made of."""
    error = rows.target - rows.prediction
    # From the middle of the targets, so that the squares of large numbers do not drown their differences.
    away = rows.target - rows.target.mean() if len(rows) else rows.target
    return {
        "absolute": np.abs(error),
        "squared": error**2,
        "percentage": np.abs(error) / np.maximum(np.abs(rows.target), np.finfo(np.float64).eps),
        "away": away,
        "away_squared": away**2,
    }


def from_means(rows: Rows, means: dict[str, float] | dict[str, Floats]) -> dict[str, float | Floats]:
    """The metrics that means of `row_losses` make."""
    spread = np.asarray(means["away_squared"]) - np.asarray(means["away"]) ** 2
    squared = np.asarray(means["squared"])
    with np.errstate(divide="ignore", invalid="ignore"):
        # As scikit-learn: without any spread 1 if there is no error, else 0; nothing for a single row.
        explained = np.where(spread > 0, 1 - squared / spread, np.where(squared == 0, 1.0, 0.0))
    return {
        "mean_absolute_error": means["absolute"],
        "mean_squared_error": means["squared"],
        "root_mean_squared_error": np.sqrt(squared),
        "r2_score": explained if len(rows) > 1 else np.full_like(explained, np.nan),
        "mean_absolute_percentage_error": means["percentage"],
    }
