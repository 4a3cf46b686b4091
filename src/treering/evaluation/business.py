"""What a classifier's decisions are worth: a value matrix over its answers, and the best threshold of its score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Business, Estimate
from treering.evaluation.classification import confusion
from treering.evaluation.options import check_number
from treering.evaluation.resampling import FEWEST_ROWS, Draws, interval
from treering.evaluation.rows import CLASSIFIER, Rows

__all__ = ["business_of", "matrix_of"]

Floats = NDArray[np.float64]

_CELLS = ("tn", "fp", "fn", "tp")
_LONG = {"true_negative": "tn", "false_positive": "fp", "false_negative": "fn", "true_positive": "tp"}
_MOST_POINTS = 201


def matrix_of(given: Any, rows: Rows) -> Floats:
    """What one row is worth: true class x predicted class, classes in the order of `rows.labels`.

    Args:
        given: Such a matrix; or for two classes a dictionary with `tp`, `fp`, `tn` and `fn`, of which those
            that are missing are worth nothing. Costs are negative.

    Raises:
        InvalidInput: If it is neither, or does not fit the classes.
    """
    size = len(rows.labels)
    if isinstance(given, Mapping):
        values = {_LONG.get(str(key), str(key)): value for key, value in given.items()}
        strange = sorted(set(values) - set(_CELLS))
        if strange or rows.positive is None or not values:
            msg = (
                f"value_matrix holds {strange or sorted(values)}. For two classes name what tp, fp, tn and fn are worth;"
                f" for {size} classes give {size} rows of {size} numbers."
            )
            raise InvalidInput(msg)
        matrix = np.zeros((2, 2))
        one, other = rows.positive, 1 - rows.positive
        for cell, place in zip(_CELLS, ((other, other), (other, one), (one, other), (one, one)), strict=True):
            matrix[place] = _number(values.get(cell, 0.0))
        return matrix
    try:
        matrix = np.asarray(given, np.float64)
    except (TypeError, ValueError) as error:
        msg = f"value_matrix must be numbers: {error}."
        raise InvalidInput(msg) from error
    if matrix.shape != (size, size) or not np.isfinite(matrix).all():
        msg = (
            f"value_matrix must have a row and a column for each of the {size} classes"
            f" ({', '.join(rows.labels[:10])}), and has the shape {matrix.shape}."
        )
        raise InvalidInput(msg)
    return matrix


def business_of(
    rows: Rows, value_matrix: Any, *, cost: float | None = None, drawn: Draws | None = None, confidence: float = 0.95
) -> Business:
    """What the model is worth on these rows.

    Args:
        value_matrix: As for `matrix_of`.
        cost: What it costs to use the model for these rows, in the same unit.
        drawn: For intervals; none without.

    Raises:
        InvalidInput: If the rows are not a classifier's, or the matrix does not fit, or the cost is no cost.
    """
    if rows.kind != CLASSIFIER:
        msg = f"value_matrix goes with a classifier, and this is a {rows.kind}. Use extra_metrics for what a number is worth."
        raise InvalidInput(msg)
    if cost is not None:
        check_number("model_cost", cost, 0)
    matrix = matrix_of(value_matrix, rows)
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight
    cells = confusion(rows)
    mass = float(weight.sum())
    current = float((cells * matrix).sum() / mass)
    alternative = float((cells.sum(axis=1) @ matrix).max() / mass)
    threshold: float | None = None
    curve: tuple[tuple[float, float], ...] = ()
    decided = matrix[rows.target, rows.prediction]
    best = decided
    score = rows.positive_score
    if score is not None and rows.positive is not None:
        threshold, curve, best = _best(rows, matrix, score.astype(np.float64), weight)
    value = float((best * weight).sum() / mass)
    total = value * mass
    return Business(
        rows.labels,
        tuple(tuple(float(cell) for cell in row) for row in matrix),
        _estimate(value, best * weight, weight, drawn, confidence),
        _estimate(current, decided * weight, weight, drawn, confidence),
        alternative,
        total,
        threshold,
        (total - alternative * mass - cost) / cost if cost else None,
        cost,
        curve,
    )


def _best(
    rows: Rows, matrix: Floats, score: Floats, weight: Floats
) -> tuple[float, tuple[tuple[float, float], ...], Floats]:
    """The threshold from which on positive is worth most; the curve; and what each row is worth then."""
    one = rows.positive_index
    yes, no = matrix[rows.target, one], matrix[rows.target, 1 - one]
    order = np.argsort(-score)
    ordered = score[order]
    ends = np.flatnonzero(np.concatenate([ordered[1:] != ordered[:-1], [True]]))
    # Nobody is chosen, then all down to each score.
    gained = np.concatenate([[0.0], ((yes - no) * weight)[order].cumsum()[ends]])
    worth = ((no * weight).sum() + gained) / weight.sum()
    thresholds = np.concatenate([[np.nextafter(ordered[0], np.inf)], ordered[ends]])
    place = int(worth.argmax())
    # In the middle between two scores, so that a rounding of the score does not turn a decision.
    low = thresholds[place + 1] if place + 1 < len(thresholds) else thresholds[place]
    chosen = float((thresholds[place] + low) / 2) if place > 0 else float(thresholds[place])
    kept = np.unique(np.append(np.linspace(0, len(worth) - 1, min(_MOST_POINTS, len(worth))).astype(int), place))
    curve = sorted((float(thresholds[at]), float(worth[at])) for at in kept)
    return chosen, tuple(curve), np.where(score >= chosen, yes, no)


def _estimate(value: float, weighted: Floats, weight: Floats, drawn: Draws | None, confidence: float) -> Estimate:
    if drawn is None or len(weight) < FEWEST_ROWS:
        return Estimate(value)
    with np.errstate(divide="ignore", invalid="ignore"):  # only rows of no weight may be drawn
        found = interval(drawn.sums(weighted) / drawn.sums(weight), confidence)
    return Estimate(value) if found is None else Estimate(value, found.low, found.high)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        msg = f"value_matrix must hold numbers, and holds {value!r}."
        raise InvalidInput(msg)
    return float(value)
