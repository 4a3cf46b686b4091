"""One door to the metrics of every kind of model, and what is known of each metric."""

from __future__ import annotations

from collections.abc import Mapping

from treering.evaluation import classification, ranking, regression
from treering.evaluation.rows import CLASSIFIER, REGRESSOR, Rows

__all__ = ["DIRECTIONS", "greater_is_better", "metrics_of"]

DIRECTIONS: Mapping[str, bool] = {
    "accuracy_score": True,
    "brier_score": False,
    "business_value": True,
    "exact_match": True,
    "expected_calibration_error": False,
    "f1_score": True,
    "latency": False,
    "log_loss": False,
    "map_at": True,
    "max_error": False,
    "mean_absolute_error": False,
    "mean_absolute_percentage_error": False,
    "mean_squared_error": False,
    "mrr": True,
    "ndcg_at": True,
    "precision_at": True,
    "precision_recall_auc": True,
    "precision_score": True,
    "r2_score": True,
    "recall_at": True,
    "recall_score": True,
    "roc_auc": True,
    "root_mean_squared_error": False,
    "score": True,
}
"""Of each metric that has a good end, whether it is the greater one."""

_SPREAD = {"variance"}


def greater_is_better(metric: str) -> bool | None:
    """Whether a greater value of a metric is better; None for counts, and for what is not known here."""
    name, _, part = metric.partition("/")
    if part in _SPREAD:
        return None
    if name in DIRECTIONS:
        return DIRECTIONS[name]
    head, _, number = name.rpartition("_")
    return DIRECTIONS.get(head) if number.isdigit() else None


def metrics_of(rows: Rows) -> dict[str, float]:
    """The metrics of these rows, under MLflow's names. Raises InvalidInput for an unknown average of classes."""
    found: dict[str, float] = {}
    if rows.kind == CLASSIFIER:
        found = classification.metrics_of(rows)
    elif rows.kind == REGRESSOR:
        found = regression.metrics_of(rows)
    for name, values in rows.values.items():
        found |= {f"{name}/{part}": figure for part, figure in ranking.aggregated(values).items()}
    return found
