"""Shapley values of features by the package `shap`: how much each feature moved each prediction.

shap works on numbers, so texts travel through it as their places in a list. Its sampling of permutations asks the
model alone, and needs to know nothing else of it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import shap

from treering.entities.evaluation import Explanation, FeatureImportance
from treering.evaluation.explanation import outputs_of

if TYPE_CHECKING:  # which names this module in its table
    from treering.evaluation.columns import Columns
    from treering.evaluation.explanation import ExplanationOptions, Sampled

__all__ = ["shapley"]

Array = np.ndarray[Any, np.dtype[Any]]
_ROWS = 100
_BACKGROUND = 50
_PIECE = 20


def shapley(sampled: Sampled, options: ExplanationOptions) -> Explanation:
    """The mean size of each feature's share in the predictions, over a sample of rows."""
    columns = sampled.columns
    matrix, kept = _numbers(columns)
    rng = np.random.default_rng(options.seed)
    chosen = rng.permutation(len(columns))
    background = matrix[chosen[: min(len(chosen), _BACKGROUND)]]
    rows = matrix[chosen[: min(len(chosen), _ROWS)]]
    labels = options.labels or _labels(sampled)

    def ask(numbers: Array) -> Array:
        predicted = sampled.predict(_table(columns, numbers, kept))
        return np.stack([values for _, values in outputs_of(predicted, labels)], axis=1)

    explainer = shap.PermutationExplainer(ask, shap.maskers.Independent(background), seed=options.seed)
    pieces: list[Array] = []
    for start in range(0, len(rows), _PIECE):
        if start and time.monotonic() > sampled.deadline:
            break
        pieces.append(np.asarray(explainer(rows[start : start + _PIECE], silent=True).values))
    values = np.concatenate(pieces)
    sizes = np.abs(values).reshape(len(values), len(columns.names), -1).mean(axis=2)
    importances = [
        FeatureImportance(name, float(sizes[:, place].mean()), float(sizes[:, place].std()))
        for place, name in enumerate(columns.names)
    ]
    importances.sort(key=lambda one: (-one.value, one.feature))
    notes = () if len(values) == len(rows) else (f"The time was over after {len(values):,} of {len(rows):,} rows.",)
    return Explanation("shap", "mean |SHAP value|", len(values), tuple(importances), (), notes)


def _labels(sampled: Sampled) -> list[str]:
    """The classes, where classes are what is predicted: a few rows need not have all of them."""
    said = np.asarray(sampled.predict(sampled.columns.table))
    return np.unique(said.astype(str)).tolist() if said.ndim == 1 and said.dtype.kind not in "iuf" else []


def _numbers(columns: Columns) -> tuple[Array, dict[int, list[Any]]]:
    """The table as a matrix, and for each column of other things than numbers what its numbers stand for."""
    made, kept = [], {}
    for place in range(len(columns.names)):
        values = columns.values(place)
        if columns.is_number(place):
            made.append(np.array([np.nan if value is None else value for value in values.tolist()], float))
            continue
        known: dict[str, Any] = {}
        for value in values.tolist():
            known.setdefault(repr(value), value)
        order = {text: at for at, text in enumerate(known)}
        kept[place] = list(known.values())
        made.append(np.array([order[repr(value)] for value in values.tolist()], float))
    return np.stack(made, axis=1), kept


def _table(columns: Columns, numbers: Array, kept: dict[int, list[Any]]) -> Any:
    table = columns.take(np.zeros(len(numbers), np.intp))
    for place in range(len(columns.names)):
        values: Array = numbers[:, place]
        if place in kept:
            values = np.empty(len(numbers), object)
            values[:] = [kept[place][round(number)] for number in numbers[:, place].tolist()]
        elif columns.values(place).dtype.kind in "iu":
            values = values.round().astype(columns.values(place).dtype)
        table = type(columns)(table.replaced(place, values), columns.names)
    return table.table
