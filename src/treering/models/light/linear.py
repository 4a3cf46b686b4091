"""Linear models: a product, and for classes the greatest score or the shares that scores stand for."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from typing import Any

import numpy as np

from treering.models.light.rows import Array, Rows, Sparse, Step, Unsure, finite
from treering.models.light.skops_file import Unfamiliar

__all__ = ["linear_classifier", "linear_regressor", "logistic_shares"]

# Rows whose share is computed one by one.
_MOST_SHARES = 20_000
# Where compilers turn a product and a sum into one operation, sums over sparse rows come out differently.
_PLAIN_SUMS = platform.machine().lower() in {"x86_64", "amd64"}


def _product(weights: Array, offset: Any) -> Callable[[Rows], Array]:
    weights = np.asarray(weights)

    def scores(rows: Rows) -> Array:
        if not isinstance(rows, Sparse):
            found: Array = finite(rows) @ weights + offset
            return found
        if not _PLAIN_SUMS:
            raise Unsure
        # A sparse product goes from column to column; what is zero adds nothing.
        given = finite(rows.rows)
        total = np.zeros((len(given), *weights.shape[1:]))
        for column, weight in zip(given.T, weights, strict=True):
            total += np.multiply.outer(column, weight)
        total += offset
        return total

    return scores


def linear_regressor(state: dict[str, Any]) -> Step:
    """LinearRegression and those with the same way to predict."""
    weights = np.asarray(state["coef_"])
    return _product(weights if weights.ndim == 1 else weights.T, state["intercept_"])


def linear_classifier(state: dict[str, Any]) -> Step:
    """LogisticRegression and those with the same way to predict."""
    scores_of, classes = _product(state["coef_"].T, state["intercept_"]), state["classes_"]

    def step(rows: Rows) -> Rows:
        scores = scores_of(rows)
        chosen = (scores.reshape(-1) > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(axis=1)
        answer: Array = np.take(classes, chosen, axis=0)
        return answer

    return step


def logistic_shares(state: dict[str, Any]) -> Step:
    """The shares that LogisticRegression gives."""
    scores_of, several = _product(state["coef_"].T, state["intercept_"]), len(state["classes_"]) > 2  # noqa: PLR2004 -- yes and no
    # Until 1.7 there was a choice, and each solver had its default.
    if (state["solver"] == "liblinear" and several) or state.get("multi_class", "auto") not in {"auto", "deprecated"}:
        raise Unfamiliar

    def step(rows: Rows) -> Rows:
        scores = scores_of(rows)
        if not several:
            if len(scores) > _MOST_SHARES:
                raise Unsure
            # NumPy's exponential differs from that of the C library in the last bit.
            share = np.array([1 / (1 + math.exp(-score)) for score in scores.reshape(-1).tolist()])
            return np.stack([1 - share, share], axis=1)
        scores -= scores.max(axis=1).reshape(-1, 1)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1).reshape(-1, 1)
        return scores

    return step
