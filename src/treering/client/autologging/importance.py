"""Feature importances, as a JSON file and, where Matplotlib is installed, as a plot."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from treering.client.autologging.training import Training

__all__ = ["draw", "log_importance"]

_CROWDED = 10


def log_importance(training: Training, kind: str, scores: Mapping[str, Any]) -> None:
    """Log `feature_importance_<kind>` as `.json` and `.png`.

    Args:
        scores: A number for each feature, or one for each class.
    """
    training.json(dict(scores), f"feature_importance_{kind}.json")
    if scores and find_spec("matplotlib") is not None:
        with training.attempt("the plot of feature importances"):
            training.figure(_plot(kind, scores), f"feature_importance_{kind}.png")


def draw(width: float = 6.4, height: float = 4.8, **options: Any) -> tuple[Any, Any]:
    """A figure and its axes, made without pyplot, whose current figure is the user's."""
    figure = import_module("matplotlib.figure").Figure(figsize=(width, height), layout="tight", **options)
    return figure, figure.subplots()


def _plot(kind: str, scores: Mapping[str, Any]) -> Any:
    # A linear booster has a weight for each class; what counts for a feature is how much they move together.
    totals = {str(name): float(np.abs(np.asarray(value, dtype=float)).sum()) for name, value in scores.items()}
    ordered = sorted(totals.items(), key=lambda one: one[1])
    figure, axes = draw(height=4.8 + 0.1 * max(0, len(ordered) - _CROWDED))
    axes.barh([name for name, _ in ordered], [value for _, value in ordered], height=0.5)
    axes.set_xlabel("Importance")
    axes.set_title(f"Feature Importance ({kind})")
    return figure
