"""Words and figures that several parts of a card share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from treering.core.page import number
from treering.entities.evaluation import Estimate, Interval
from treering.evaluation.card.document import Mark

__all__ = ["MAIN", "OUTCOMES", "between", "figure", "means", "when"]

MAIN = (
    "accuracy_score",
    "f1_score",
    "roc_auc",
    "log_loss",
    "root_mean_squared_error",
    "mean_absolute_error",
    "r2_score",
    "ndcg_at_10",
)
"""Metrics that are shown before others."""

OUTCOMES = {True: Mark("passed", "ok"), False: Mark("failed", "err"), None: Mark("not enough data", "warn")}


def means(names: Iterable[str]) -> list[str]:
    """Of metrics that are judged row by row, such as a ranker's: the means, and neither variances nor percentiles."""
    return [name for name in names if name.endswith("/mean")]


def when(millis: int) -> str:
    """A moment as people write it."""
    return f"{datetime.fromtimestamp(millis / 1000, UTC):%Y-%m-%d %H:%M} UTC" if millis else ""


def between(interval: Interval | Estimate | None) -> str:
    """From where to where; nothing without an interval."""
    if interval is None or interval.low is None:
        return ""
    return f"{figure(interval.low)} to {figure(interval.high)}"


def figure(value: float | None) -> str:
    """With three decimals, so that figures of one column can be compared at a glance; great numbers without."""
    return f"{value:.3f}" if value is not None and abs(value) < 100 else number(value)  # noqa: PLR2004 -- three decimals of it say nothing
