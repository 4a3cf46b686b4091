"""The demo's figures. They are drawn without a screen and without matplotlib's global state."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay

from treering.demo.data import CLASSES

__all__ = ["confusion_matrix", "roc_curve"]


def confusion_matrix(target: Any, predicted: NDArray[np.int64]) -> Figure:
    """Counts of predicted against true class."""
    figure = Figure(figsize=(4.2, 3.6), layout="constrained")
    axes = figure.subplots()
    ConfusionMatrixDisplay.from_predictions(
        target, predicted, display_labels=CLASSES, cmap="Blues", colorbar=False, ax=axes
    )
    axes.set_title("Validation rows")
    return figure


def roc_curve(target: Any, probability: NDArray[np.float64]) -> Figure:
    """True against false positive rate over all thresholds."""
    figure = Figure(figsize=(4.2, 3.6), layout="constrained")
    axes = figure.subplots()
    RocCurveDisplay.from_predictions(target, probability, name="validation", plot_chance_level=True, ax=axes)
    return figure
