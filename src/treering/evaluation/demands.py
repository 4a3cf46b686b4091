"""Demands held against what was found out about a model: one rule for evaluations, gates and model cards.

What is not known, or is no number, neither keeps a bound nor breaks it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from treering.entities.evaluation import Check, Evaluation, Interval
from treering.entities.objective import Criterion
from treering.evaluation.metric_names import metric_named

__all__ = ["bound_kept", "demand_met"]


def demand_met(one: Criterion, found: Evaluation) -> Check:
    """Whether an evaluation meets a demand, on the slice that it names."""
    if not one.slice:
        return bound_kept(one, found.metrics, found.intervals)
    part = next((part for part in found.slices if part.name == one.slice), None)
    if part is None:
        known = ", ".join(repr(part.name) for part in found.slices) or "none at all"
        return _unknown(one, f"It was not evaluated on a slice {one.slice!r}; its slices are: {known}.")
    return bound_kept(one, part.metrics, part.intervals)


def bound_kept(one: Criterion, metrics: Mapping[str, float], intervals: Mapping[str, Interval]) -> Check:
    """Whether the figure of that name keeps the bound, and what could be doubted of it."""
    found = metric_named(metrics, one.metric)
    if found is None:
        known = ", ".join(sorted(metrics)) or "none at all"
        return _unknown(one, f"The evaluation has no metric {one.metric!r}; its metrics are: {known}.")
    called, value = found
    if math.isnan(value):
        return _unknown(one, f"{called} is not a number there: there are too few rows, or only of one class.")
    passed = one.holds(value)
    interval = intervals.get(called)
    reason = "" if passed else f"{value:.4g} is not {one.bound}."
    if passed and interval is not None and not (one.holds(interval.low) and one.holds(interval.high)):
        reason = f"The true value may be from {interval.low:.4g} to {interval.high:.4g}, which reaches over the bound."
    return Check(one.name, passed, float(value), one.bound, reason)


def _unknown(one: Criterion, reason: str) -> Check:
    return Check(one.name, None, None, one.bound, reason)
