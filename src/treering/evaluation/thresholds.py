"""Thresholds that a model's metrics must meet, alone or against a baseline's: MLflow's classes and rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Check, Comparison

__all__ = ["MetricThreshold", "ModelValidationFailedException", "checks_of", "validate"]

_LEAST_CHANGE = 1e-10


class ModelValidationFailedException(InvalidInput):
    """A model does not meet its thresholds; the message names each metric."""

    code = "BAD_REQUEST"


class MetricThreshold:
    """What one metric must reach; at least one of the first three is given.

    Args:
        threshold: The metric must be at least (or, where lower is better, at most) this.
        min_absolute_change: Above zero: it must be better than the baseline's by at least this.
        min_relative_change: A float from 0 to 1: it must be better than the baseline's by at least this part of
            the baseline's magnitude; of a baseline of 0 it must just be better.
        greater_is_better: Whether a greater value is better; must be given.

    Raises:
        InvalidInput: If one of them is not so.
    """

    def __init__(
        self,
        threshold: float | None = None,
        min_absolute_change: float | None = None,
        min_relative_change: float | None = None,
        greater_is_better: bool | None = None,  # noqa: FBT001  # MLflow's signature
    ) -> None:
        if threshold is not None and type(threshold) not in {int, float}:
            raise InvalidInput(_so("`threshold` parameter must be a number."))
        if min_absolute_change is not None and (
            type(min_absolute_change) not in {int, float} or min_absolute_change <= 0
        ):
            raise InvalidInput(_so("`min_absolute_change` parameter must be a positive number."))
        if min_relative_change is not None:
            _check_relative(min_relative_change)
        if greater_is_better is None:
            raise InvalidInput(_so("`greater_is_better` parameter must be defined."))
        if type(greater_is_better) is not bool:
            raise InvalidInput(_so("`greater_is_better` parameter must be a boolean."))
        if threshold is None and min_absolute_change is None and min_relative_change is None:
            raise InvalidInput(_so("no threshold was specified."))
        self.threshold = threshold
        self.min_absolute_change = min_absolute_change
        self.min_relative_change = min_relative_change
        self.greater_is_better = greater_is_better

    def __str__(self) -> str:
        parts = [
            f"{words}: {value}."
            for words, value in (
                ("Threshold", self.threshold),
                ("Minimum Absolute Change", self.min_absolute_change),
                ("Minimum Relative Change", self.min_relative_change),
            )
            if value is not None
        ]
        parts.append("Greater value is better." if self.greater_is_better else "Lower value is better.")
        return " ".join(parts)

    def __repr__(self) -> str:
        return f"MetricThreshold({self})"


def checks_of(
    thresholds: Mapping[str, MetricThreshold], candidate: Mapping[str, float], baseline: Mapping[str, float]
) -> tuple[Check, ...]:
    """Each demand of each threshold, and whether it is met.

    Raises:
        InvalidInput: If the thresholds are not texts with `MetricThreshold`s.
    """
    _check_thresholds(thresholds)
    return tuple(check for name, one in thresholds.items() for check in _judged(name, one, candidate, baseline))


def validate(
    thresholds: Mapping[str, MetricThreshold],
    candidate: Mapping[str, float],
    baseline: Mapping[str, float],
    comparison: Comparison | None = None,
) -> tuple[Check, ...]:
    """All checks, if they all pass.

    Args:
        comparison: With it, a demanded change must be beyond doubt: its interval's worse end must reach it.

    Raises:
        ModelValidationFailedException: If one does not.
        InvalidInput: If the thresholds are none.
    """
    checks = checks_of(thresholds, candidate, baseline)
    failed = [check.reason for check in checks if not check.passed]
    if comparison is not None:
        failed += list(_doubts(thresholds, comparison))
    if failed:
        raise ModelValidationFailedException("\n".join(dict.fromkeys(failed)))
    return checks


def _judged(
    name: str, one: MetricThreshold, candidate: Mapping[str, float], baseline: Mapping[str, float]
) -> Iterator[Check]:
    sign = ">=" if one.greater_is_better else "<="
    if name not in candidate:
        reason = (
            f"Metric validation failed: metric {name} was missing from the evaluation result of the candidate model."
        )
        yield Check(name, passed=False, bound=str(one), reason=reason)
        return
    value = candidate[name]
    if one.threshold is not None:
        passed = _reaches(value, one.threshold, up=one.greater_is_better)
        reason = (
            f"Metric {name} value threshold check failed: candidate model {name} = {value},"
            f" {name} threshold = {one.threshold}."
        )
        yield Check(name, passed, float(value), f"{sign} {one.threshold}", "" if passed else reason)
    # As in MLflow, a change of zero asks nothing of a baseline that is not there.
    if not one.min_absolute_change and not one.min_relative_change and name not in baseline:
        return
    if name not in baseline:
        reason = f"Model comparison failed: metric {name} was missing from the evaluation result of the baseline model."
        yield Check(name, passed=False, value=float(value), bound=str(one), reason=reason)
        return
    for words, least in (("absolute", one.min_absolute_change), ("relative", one.min_relative_change)):
        if least is None:
            continue
        passed = _improved(value, baseline[name], least, up=one.greater_is_better, relative=words == "relative")
        reason = (
            f"Metric {name} minimum {words} change check failed: candidate model {name} = {value},"
            f" baseline model {name} = {baseline[name]}, {name} minimum {words} change threshold = {least}."
        )
        yield Check(
            name, passed, float(value), f"{words} change against {baseline[name]}: {least}", "" if passed else reason
        )


def _reaches(value: float, bound: float, *, up: bool) -> bool:
    return bool(value >= bound if up else value <= bound)


def _improved(value: float, before: float, least: float, *, up: bool, relative: bool) -> bool:
    if not relative or before == 0:
        change = _LEAST_CHANGE if relative else least
        bound = before + change if up else before - change
        # Decimals, as MLflow compares them: of exactly the two floats.
        return bool(
            Decimal(float(value)) >= Decimal(float(bound)) if up else Decimal(float(value)) <= Decimal(float(bound))
        )
    gained = (value - before if up else before - value) / abs(before)
    return bool(gained >= least)


def _doubts(thresholds: Mapping[str, MetricThreshold], comparison: Comparison) -> Iterator[str]:
    known = {one.metric: one for one in comparison.differences}
    for name, one in thresholds.items():
        found = known.get(name)
        least = one.min_absolute_change
        if least is None or found is None or found.difference.low is None or found.difference.high is None:
            continue
        sure = found.difference.low if one.greater_is_better else -found.difference.high
        if sure < least:
            yield (
                f"Metric {name} is not surely better by {least}: the difference lies between"
                f" {found.difference.low:.6g} and {found.difference.high:.6g}. Judge more rows, or ask for less."
            )


def _check_thresholds(thresholds: Any) -> None:
    if not isinstance(thresholds, Mapping) or not all(
        isinstance(name, str) and isinstance(one, MetricThreshold) for name, one in thresholds.items()
    ):
        msg = "The validation thresholds argument must be a dictionary that maps strings to MetricThreshold objects."
        raise InvalidInput(msg)


def _check_relative(change: Any) -> None:
    if not isinstance(change, float):
        raise InvalidInput(_so("`min_relative_change` parameter must be a floating point number."))
    if not 0 <= change <= 1:
        raise InvalidInput(_so("`min_relative_change` parameter must be between 0 and 1."))


def _so(why: str) -> str:
    return f"Could not instantiate MetricThreshold class: {why}"
