"""Shapley values of features by the package `shap`: how much each feature moved each prediction.

shap works on numbers, so texts travel through it as their places in a list. Its sampling of permutations asks the
model alone, and needs to know nothing else of it; of trees the exact values are found without asking (Lundberg 2020).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import shap
from shap.utils._exceptions import InvalidModelError

from treering.entities.evaluation import Explanation, FeatureImportance
from treering.evaluation.explanation import outputs_of

if TYPE_CHECKING:  # which names this module in its table
    from collections.abc import Sequence

    from treering.evaluation.columns import Columns
    from treering.evaluation.explanation import ExplanationOptions, Sampled

__all__ = ["shapley"]

Array = np.ndarray[Any, np.dtype[Any]]
_ROWS = 100
_BACKGROUND = 50
_PIECE = 20
_TREE_ROWS = 1000


def shapley(sampled: Sampled, options: ExplanationOptions) -> Explanation:
    """The mean size of each feature's share in the predictions, over a sample of rows."""
    columns = sampled.columns
    matrix, kept = _numbers(columns)
    chosen = np.random.default_rng(options.seed).permutation(len(columns))
    found = None if kept else _of_trees(matrix[chosen[:_TREE_ROWS]], options)
    note = "" if found is None else "In the units of the trees: log-odds where a classifier was boosted."
    if found is None:
        found, note = _of_any(sampled, options, (matrix, kept), chosen)
    chosen = chosen[: len(found)]
    if options.keep_rows and options.rows_to is not None:
        options.rows_to(_rows(sampled.places[chosen], columns.names, found))
    sizes = np.abs(found).mean(axis=2)
    importances = [
        FeatureImportance(name, float(sizes[:, place].mean()), float(sizes[:, place].std()))
        for place, name in enumerate(columns.names)
    ]
    importances.sort(key=lambda one: (-one.value, one.feature))
    return Explanation("shap", "mean |SHAP value|", len(found), tuple(importances), (), (note,) if note else ())


def _of_trees(rows: Array, options: ExplanationOptions) -> Array | None:
    """Rows x features x outputs, exactly and at once; None unless the model is made of trees that shap knows."""
    if options.model is None:
        return None
    try:
        explainer = shap.TreeExplainer(options.model)
    except InvalidModelError:
        return None
    values = np.asarray(explainer(rows, check_additivity=False).values)
    return values.reshape(len(rows), rows.shape[1], -1)


def _of_any(
    sampled: Sampled, options: ExplanationOptions, table: tuple[Array, dict[int, list[Any]]], chosen: Array
) -> tuple[Array, str]:
    """Rows x features x outputs by asking the model about permuted rows, and what was left out for want of time."""
    columns, (matrix, kept) = sampled.columns, table
    labels = options.labels or _labels(sampled)

    def ask(numbers: Array) -> Array:
        predicted = sampled.predict(_table(columns, numbers, kept))
        return np.stack([values for _, values in outputs_of(predicted, labels)], axis=1)

    background = shap.maskers.Independent(matrix[chosen[:_BACKGROUND]])
    explainer = shap.PermutationExplainer(ask, background, seed=options.seed)
    rows = matrix[chosen[:_ROWS]]
    pieces: list[Array] = []
    for start in range(0, len(rows), _PIECE):
        if start and time.monotonic() > sampled.deadline:
            break
        pieces.append(np.asarray(explainer(rows[start : start + _PIECE], silent=True).values))
    values = np.concatenate(pieces)
    note = "" if len(values) == len(rows) else f"The time was over after {len(values):,} of {len(rows):,} rows."
    return values.reshape(len(values), len(columns.names), -1), note


def _rows(places: Array, names: Sequence[str], values: Array) -> dict[str, Array]:
    """A column for each feature, and for each output where there are several; in the order of the table."""
    order = np.argsort(places)
    told = {"row": places[order]}
    for output in range(values.shape[2]):
        end = f" [{output}]" if values.shape[2] > 1 else ""
        told |= {f"{name}{end}": values[order, place, output] for place, name in enumerate(names)}
    return told


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
