"""Two models on the same rows: how much better one is, and whether the rows are enough to say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from treering.entities.evaluation import Comparison, Difference, Estimate
from treering.evaluation.judging import greater_is_better, metrics_of
from treering.evaluation.resampling import FEWEST_ROWS, draws, interval, replicates_of
from treering.evaluation.rows import Rows

__all__ = ["compare_figures", "compare_rows", "same_rows"]


def same_rows(candidate: Rows, baseline: Rows) -> bool:
    """Whether both models answered the same questions, so that they can be compared row by row."""
    if candidate.kind != baseline.kind or len(candidate) != len(baseline) or candidate.labels != baseline.labels:
        return False
    return bool(np.array_equal(candidate.target, baseline.target))


def compare_rows(
    candidate: Rows, baseline: Rows, name: str, *, confidence: float = 0.95, replicates: int = 1000, seed: int = 0
) -> Comparison:
    """All metrics that both have, each with a paired bootstrap of the difference.

    Args:
        name: What the baseline is called.
        replicates: 0 for differences without intervals.

    Raises:
        InvalidInput: If there is no row. The caller sees to it that they are the `same_rows`.
    """
    baseline = replace(baseline, average=candidate.average)
    ours, theirs = metrics_of(candidate), metrics_of(baseline)
    first: Mapping[str, Any] = {}
    second: Mapping[str, Any] = {}
    if replicates and len(candidate) >= FEWEST_ROWS:
        drawn = draws(len(candidate), replicates, seed)
        first, second = replicates_of(candidate, drawn), replicates_of(baseline, drawn)
    differences: list[Difference] = []
    for metric in ours:
        direction = greater_is_better(metric)
        if metric not in theirs or direction is None:
            continue
        change = ours[metric] - theirs[metric]
        between = None
        if metric in first and metric in second:
            between = interval(first[metric] - second[metric], confidence)
        estimate = Estimate(change) if between is None else Estimate(change, between.low, between.high)
        differences.append(
            Difference(metric, ours[metric], theirs[metric], estimate, _verdict(estimate, up=direction), direction)
        )
    return Comparison(name, tuple(differences), len(candidate), paired=True)


def compare_figures(
    candidate: Mapping[str, float],
    baseline: Mapping[str, float],
    name: str,
    directions: Mapping[str, bool] | None = None,
) -> Comparison:
    """Where only the figures are known: differences without an interval, of which nothing is beyond doubt."""
    known: dict[str, Any] = dict(directions or {})
    differences = [
        Difference(metric, value, baseline[metric], Estimate(value - baseline[metric]), None, bool(up))
        for metric, value in candidate.items()
        if metric in baseline and (up := known.get(metric, greater_is_better(metric))) is not None
    ]
    return Comparison(name, tuple(differences))


def _verdict(found: Estimate, *, up: bool) -> bool | None:
    if found.low is None or found.high is None:
        return None
    if found.low > 0:
        return up
    if found.high < 0:
        return not up
    return None
