"""What filters and orderings mean, and how they are refused."""

from __future__ import annotations

import pytest

from treering.core.errors import BadFilter
from treering.storage.metadata.search.fields import EXPERIMENTS, LOGGED_MODELS, RUNS, Vocabulary
from treering.storage.metadata.search.grammar import parse_filter, parse_order
from treering.storage.metadata.search.syntax import And, Comparison, Entity, Field, Kind, Not, Operator, Or, OrderTerm

LOSS = Field(Entity.METRIC, "loss", Kind.NUMBER)
NAME = Field(Entity.ATTRIBUTE, "run_name", Kind.TEXT)
ONE = Comparison(LOSS, Operator.EQUAL, 1.0)
TWO = Comparison(NAME, Operator.EQUAL, "x")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("", None),
        (" \n\t", None),
        ("metrics.loss=1", ONE),
        ("metric.`loss`  =  +1.0e0 and", ONE),
        ("metrics.loss=1 AND run_name='x'", And((ONE, TWO))),
        ('metrics.loss=1 or run_name="x" And metrics.loss=1', Or((ONE, And((TWO, ONE))))),
        ("(metrics.loss=1 or run_name='x') AND metrics.loss=1", And((Or((ONE, TWO)), ONE))),
        ("NOT NOT (metrics.loss=1)", Not(Not(ONE))),
        ("`run_name` = 'x'", TWO),
        ("run_name = 'it''s'", Comparison(NAME, Operator.EQUAL, "it's")),
        ("run_name = ''", Comparison(NAME, Operator.EQUAL, "")),
        ("run_name not  in ('a' , \"b\")", Comparison(NAME, Operator.NOT_IN, ("a", "b"))),
        ("tags.and IS not null", Comparison(Field(Entity.TAG, "and", Kind.TEXT), Operator.IS_NOT_NULL, None)),
        ("params.a.b-c/d ilike '%'", Comparison(Field(Entity.PARAM, "a.b-c/d", Kind.TEXT), Operator.ILIKE, "%")),
        ("params.größe LIKE 'x'", Comparison(Field(Entity.PARAM, "größe", Kind.TEXT), Operator.LIKE, "x")),
        ("metrics.loss<-1", Comparison(LOSS, Operator.LESS, -1.0)),
        ("metrics.loss>=.5", Comparison(LOSS, Operator.AT_LEAST, 0.5)),
    ],
)
def test_filters(text: str, condition: object) -> None:
    assert parse_filter(RUNS, text) == condition


@pytest.mark.parametrize(
    ("vocabulary", "text", "position", "reason"),
    [
        (RUNS, "metrics.loss", 12, "an operator"),
        (RUNS, "metrics.loss = ", 15, "the end"),
        (RUNS, "metrics.loss = 'x'", 15, "without quotes"),
        (RUNS, "metrics.loss = 1e999", 15, "too large"),
        (RUNS, "metrics.loss IN ('1')", 13, "is a number"),
        (RUNS, "metrics.loss LIKE '1'", 13, "cannot be compared with LIKE"),
        (RUNS, "metrics. = 1", 0, "A key must follow"),
        (RUNS, "run_name < 'x'", 9, "cannot be compared with <"),
        (RUNS, "run_name = `x`", 11, "text in quotes"),
        (RUNS, "run_name = x", 11, "text in quotes"),
        (RUNS, "run_name NOT LIKE 'x'", 13, "Expected IN"),
        (RUNS, "run_name IS 'x'", 12, "Expected NULL"),
        (RUNS, "run_name IN 'x'", 12, r"Expected \("),
        (RUNS, "run_name IN ('x',)", 17, "text in quotes"),
        (RUNS, "run_name IN ('x'", 16, r"Expected \)"),
        (RUNS, "(run_name = 'x'", 15, r"Expected \)"),
        (RUNS, "run_name = 'x')", 14, "AND, OR or the end"),
        (RUNS, "AND run_name = 'x'", 0, "no attribute 'AND'"),
        (RUNS, "run_name = 'x' AND AND", 19, "no attribute 'AND'"),
        (RUNS, "run_name = 'x", 11, "never closed"),
        (RUNS, "tags.`x = 'x'", 5, "never closed"),
        (RUNS, "run_name == 'x'", 10, "text in quotes"),
        (RUNS, "run_name = 'x'; --", 14, "Unexpected character"),
        (RUNS, "'run_name' = 'x'", 0, "Expected a field"),
        (RUNS, "1 = 1", 0, "Expected a field"),
        (RUNS, "experiment_id = '1'", 0, "no attribute 'experiment_id'"),
        (EXPERIMENTS, "metrics.loss = 1", 0, "no 'metrics'"),
        (LOGGED_MODELS, "datasets.name = 'x'", 0, "no 'datasets'"),
    ],
)
def test_refused_with_a_caret_under_the_character(
    vocabulary: Vocabulary, text: str, position: int, reason: str
) -> None:
    with pytest.raises(BadFilter, match=reason) as caught:
        parse_filter(vocabulary, text)
    _, shown, caret = caught.value.message.split("\n")
    assert shown == f"  {text}"
    assert caret == " " * (position + 2) + "^"


def test_a_long_filter_is_shown_around_the_mistake() -> None:
    text = " OR ".join(["run_name = 'x'"] * 40) + " !\n" + " OR run_name = 'x'" * 40
    with pytest.raises(BadFilter) as caught:
        parse_filter(RUNS, text)
    _, shown, caret = caught.value.message.split("\n")
    assert len(shown) < 120
    assert shown[len(caret) - 1] == "!"


@pytest.mark.parametrize("text", ["(" * 5000, "NOT " * 5000, "run_name = 'x' AND " * 5000])
def test_a_filter_that_is_too_big_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        parse_filter(RUNS, text + "run_name = 'x'")


def test_an_ordering_is_made_total_without_doubles() -> None:
    start, run_id = RUNS.order
    assert parse_order(RUNS, []) == (start, run_id)
    assert parse_order(RUNS, ["metrics.`loss` desc", "Created ASC"]) == (
        OrderTerm(LOSS, descending=True),
        OrderTerm(start.field),
        run_id,
    )
    assert parse_order(RUNS, ["run_id", "run_id DESC"]) == (run_id, start)


def test_a_metric_of_a_logged_model_is_ordered_by_dataset() -> None:
    terms = parse_order(LOGGED_MODELS, ["metrics.loss ON 'train'", "metrics.loss ON 'test' 'd1' DESC"])
    assert terms[:2] == (
        OrderTerm(LOSS, dataset=("train", "")),
        OrderTerm(LOSS, descending=True, dataset=("test", "d1")),
    )
    with pytest.raises(BadFilter):
        parse_order(RUNS, ["metrics.loss ON 'train'"])
