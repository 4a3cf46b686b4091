"""Metrics by the names that people use for them: `accuracy` is what MLflow's evaluation calls `accuracy_score`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["metric_named"]

Value = TypeVar("Value")

_SHORT = {
    "accuracy": "accuracy_score",
    "auc": "roc_auc",
    "f1": "f1_score",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "pr_auc": "precision_recall_auc",
    "precision": "precision_score",
    "r2": "r2_score",
    "recall": "recall_score",
    "rmse": "root_mean_squared_error",
    "roc_auc_score": "roc_auc",
}
_LONG = {long: short for short, long in _SHORT.items()}


def metric_named(found: Mapping[str, Value], name: str) -> tuple[str, Value] | None:
    """The metric that `name` means, and what it is called; None where there is none.

    A metric of exactly that name wins over one of which it is the short or the long name.
    """
    for called in (name, _SHORT.get(name, ""), _LONG.get(name, "")):
        if called in found:
            return called, found[called]
    return None
