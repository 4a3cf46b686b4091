from __future__ import annotations

import json
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.entities.objective import Criterion, Objective
from treering.tracking.objectives import (
    OBJECTIVE_TAG,
    criteria_of,
    new_objective,
    parse_criterion,
    read_objective,
    write_objective,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recall >= 0.9", Criterion("recall", ">=", 0.9)),
        ("recall>=.9", Criterion("recall", ">=", 0.9)),
        (" log_loss < 4e-1 ", Criterion("log_loss", "<", 0.4)),
        ("recall[age over 60] >= 0.8", Criterion("recall", ">=", 0.8, "age over 60")),
        ("validation/f1 score == 1", Criterion("validation/f1 score", "==", 1.0)),
        ("bias <= -0.5", Criterion("bias", "<=", -0.5)),
    ],
)
def test_a_bound_is_a_metric_an_operator_and_a_number(text: str, expected: Criterion) -> None:
    assert parse_criterion(text) == expected
    assert parse_criterion(str(expected)) == expected


@pytest.mark.parametrize(
    "text", ["", "recall", "recall 0.9", ">= 0.9", "recall >= high", "recall >= nan", "recall >= inf", "recall => 1",
             "recall >= 0.9 >= 0.8", "recall[] >= 1", "recall[a >= 1", "recall <> 1", "../x > 1"],
)  # fmt: skip
def test_what_is_no_bound_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_criterion(text)


def test_bounds_may_be_given_by_metric() -> None:
    assert criteria_of({"recall": ">= 0.9, <= 0.99", "recall[old]": [">= 0.8"]}) == (
        Criterion("recall", ">=", 0.9),
        Criterion("recall", "<=", 0.99),
        Criterion("recall", ">=", 0.8, "old"),
    )
    assert criteria_of("recall >= 0.9") == (Criterion("recall", ">=", 0.9),)


def test_a_bare_number_is_refused_because_it_has_no_direction() -> None:
    given: Any = {"log_loss": 0.4}
    with pytest.raises(InvalidInput, match=r"'>= 0\.4' or '<= 0\.4'"):
        criteria_of(given)


def test_the_primary_metric_and_its_direction_are_read_off_the_first_bound() -> None:
    found = new_objective("Call who will leave.", ["log_loss < 0.4", "recall >= 0.9"])
    assert (found.primary, found.greater_is_better) == ("log_loss", False)
    found = new_objective("Call who will leave.", ["log_loss < 0.4"], "recall")
    assert (found.primary, found.greater_is_better) == ("recall", True)
    assert new_objective("x", ["loss < 1"], greater_is_better=True).greater_is_better


@pytest.mark.parametrize(
    "given", [{"statement": " "}, {"min_improvement": -0.1, "success": ["a > 0"]}, {"min_improvement": 0.1},
              {"min_improvement": float("nan"), "success": ["a > 0"]}, {"statement": "a\0b"}],
)  # fmt: skip
def test_an_objective_that_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        new_objective(**{"statement": "Call who will leave.", **given})


def test_the_tag_gives_back_what_was_written() -> None:
    written = new_objective(
        "Zurückrufen, wer kündigt.", {"recall[old]": ">= 0.123456789"}, min_improvement=0.01, owner="me"
    )
    text = write_objective(written)
    assert read_objective({OBJECTIVE_TAG: text}) == written
    assert "Zurückrufen" in text
    assert read_objective({}) is None


def test_what_a_newer_version_adds_is_passed_over() -> None:
    text = json.dumps({**json.loads(write_objective(Objective("x"))), "deadline": "soon"})
    assert read_objective({OBJECTIVE_TAG: text}) == Objective("x")


@pytest.mark.parametrize(
    "text", ["", "ship it", "[]", '{"statement": 3}', '{"statement": ""}',
             '{"statement": "x", "criteria": [{"metric": "a", "op": "~", "value": 1}]}'],
)  # fmt: skip
def test_a_tag_that_holds_something_else_says_what_to_do(text: str) -> None:
    with pytest.raises(InvalidInput, match="treering experiments objective set"):
        read_objective({OBJECTIVE_TAG: text})
