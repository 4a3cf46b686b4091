"""Demands: what is known keeps a bound or breaks it; what is not known does neither."""

from __future__ import annotations

import math
import re

import pytest

from treering.entities.evaluation import Evaluation, Interval, SliceResult
from treering.entities.objective import Criterion
from treering.evaluation.demands import demand_met

FOUND = Evaluation(
    metrics={"accuracy_score": 0.9, "log_loss": math.nan, "error": math.inf},
    intervals={"accuracy_score": Interval(0.8, 0.95)},
    slices=(SliceResult("old", 5, {"accuracy_score": 0.5}),),
)


@pytest.mark.parametrize(
    ("criterion", "passed", "why"),
    [
        (Criterion("accuracy_score", ">=", 0.8), True, ""),
        (Criterion("accuracy", ">=", 0.85), True, "may be from 0.8 to 0.95"),
        (Criterion("accuracy", ">=", 0.95), False, "0.9 is not >= 0.95"),
        (Criterion("accuracy", ">=", 0.8, "old"), False, "0.5 is not"),
        (Criterion("accuracy", ">=", 0.8, "young"), None, "no.* a slice 'young'"),
        (Criterion("recall", ">=", 0.8), None, "no metric 'recall'"),
        (Criterion("log_loss", "<=", 1.0), None, "not a number"),
        (Criterion("error", "<=", 1.0), False, "inf is not"),
    ],
)
def test_a_demand_is_met_or_not_or_cannot_be_judged(criterion: Criterion, passed: bool | None, why: str) -> None:
    check = demand_met(criterion, FOUND)
    assert (check.name, check.bound, check.passed) == (criterion.name, criterion.bound, passed)
    assert re.search(why, check.reason)
    assert bool(check.reason) == bool(why)
