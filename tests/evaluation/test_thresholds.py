"""Thresholds hold as MLflow's do; what MLflow itself says of them is compared in tests/compat."""

from __future__ import annotations

import pytest

from treering.core.errors import InvalidInput
from treering.entities.evaluation import Comparison, Difference, Estimate
from treering.evaluation.thresholds import MetricThreshold, ModelValidationFailedException, checks_of, validate


def up(**options: float) -> MetricThreshold:
    return MetricThreshold(**options, greater_is_better=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("threshold", "value", "before", "passed"),
    [
        (up(threshold=0.9), 0.9, None, True),
        (up(threshold=0.9), 0.89, None, False),
        (MetricThreshold(threshold=0.9, greater_is_better=False), 0.89, None, True),
        (up(min_absolute_change=0.25), 1.0, 0.75, True),
        (up(min_absolute_change=0.25), 0.99, 0.75, False),
        (up(min_relative_change=0.5), -0.5, -1.0, True),
        (up(min_relative_change=0.5), -0.6, -1.0, False),
        (up(min_relative_change=0.5), 1e-9, 0, True),
        (up(min_relative_change=0.5), 0.0, 0, False),
        (MetricThreshold(min_relative_change=0.5, greater_is_better=False), 0.5, 1.0, True),
        (up(min_absolute_change=0.1), 1.0, None, False),
        (up(min_relative_change=0.0), 1.0, None, True),
        (up(threshold=float("0.5")), float("nan"), None, False),
    ],
)
def test_a_threshold_is_met_or_not(
    threshold: MetricThreshold, value: float, before: float | None, passed: bool
) -> None:
    baseline = {} if before is None else {"m": before}
    assert all(check.passed for check in checks_of({"m": threshold}, {"m": value}, baseline)) is passed
    if passed:
        validate({"m": threshold}, {"m": value}, baseline)
    else:
        with pytest.raises(ModelValidationFailedException, match="m"):
            validate({"m": threshold}, {"m": value}, baseline)


def test_a_metric_that_is_not_there_meets_nothing() -> None:
    with pytest.raises(ModelValidationFailedException, match="missing from the evaluation result of the candidate"):
        validate({"m": up(threshold=0.0)}, {}, {})


def test_every_metric_that_failed_is_named() -> None:
    with pytest.raises(ModelValidationFailedException) as caught:
        validate(
            {"a": up(threshold=1.0), "b": up(threshold=1.0), "c": up(threshold=0.0)}, dict.fromkeys("abc", 0.5), {}
        )
    assert "Metric a " in str(caught.value)
    assert "Metric b " in str(caught.value)
    assert "Metric c " not in str(caught.value)


def test_a_change_that_may_be_luck_is_refused_where_that_is_asked() -> None:
    lucky = Difference("m", 0.9, 0.8, Estimate(0.1, -0.05, 0.25))
    validate({"m": up(min_absolute_change=0.05)}, {"m": 0.9}, {"m": 0.8})
    with pytest.raises(ModelValidationFailedException, match=r"not surely better by 0\.05"):
        validate({"m": up(min_absolute_change=0.05)}, {"m": 0.9}, {"m": 0.8}, Comparison("b", (lucky,)))


@pytest.mark.parametrize("wrong", [[], {"a": 0.9}, {1: up(threshold=1)}, "a"])
def test_what_are_no_thresholds_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="dictionary that maps strings"):
        validate(wrong, {}, {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"greater_is_better": True},
        {"threshold": 1.0},
        {"threshold": "1", "greater_is_better": True},
        {"threshold": True, "greater_is_better": True},
        {"threshold": 1.0, "greater_is_better": 1},
        {"min_absolute_change": 0, "greater_is_better": True},
        {"min_relative_change": 1, "greater_is_better": True},
        {"min_relative_change": 1.5, "greater_is_better": True},
    ],
)
def test_what_is_no_threshold_is_refused(options: dict) -> None:
    with pytest.raises(InvalidInput, match="Could not instantiate MetricThreshold class"):
        MetricThreshold(**options)
