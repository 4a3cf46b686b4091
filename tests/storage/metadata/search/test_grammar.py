"""What filters and orderings mean, and how they are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import BadFilter
from treering.storage.metadata.search.fields import EXPERIMENTS, LOGGED_MODELS, RUNS, Vocabulary
from treering.storage.metadata.search.grammar import parse_filter, parse_order
from treering.storage.metadata.search.syntax import (
    Aggregate,
    And,
    Comparison,
    Entity,
    Field,
    Kind,
    Not,
    Operator,
    Or,
    OrderTerm,
)

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
        ("`metrics`.loss = 1 and `metrics`.`loss` = 1", And((ONE, ONE))),
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
        (RUNS, "run_name == 'x'", 9, "Write = instead of =="),
        (RUNS, "run_name = 'x'; --", 14, "Unexpected character"),
        (RUNS, "'run_name' = 'x'", 0, "Expected a field"),
        (RUNS, "1 = 1", 0, "Expected a field"),
        (RUNS, "`metrics`. = 1", 10, "A key must follow"),
        (RUNS, "`metrics`.", 10, "A key must follow"),
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


LR = Field(Entity.PARAM, "lr", Kind.NUMBER)
START = Field(Entity.ATTRIBUTE, "start_time", Kind.TIME)
SMALLEST = Field(Entity.METRIC, "loss", Kind.NUMBER, Aggregate.MIN)
NAMED_SO = Field(Entity.METRIC, "loss.min", Kind.NUMBER)
NOW = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("params.lr < 0.01", Comparison(LR, Operator.LESS, 0.01)),
        ("params.lr = '0.01'", Comparison(Field(Entity.PARAM, "lr", Kind.TEXT), Operator.EQUAL, "0.01")),
        ("params.lr as Number is null", Comparison(LR, Operator.IS_NULL, None)),
        ("start_time > '2026-03-01T12:00'", Comparison(START, Operator.GREATER, NOW)),
        ("start_time > '2026-03-01T13:00:00+01:00'", Comparison(START, Operator.GREATER, NOW)),
        ("start_time > '2026-03-01'", Comparison(START, Operator.GREATER, NOW - 12 * HOUR)),
        ("start_time > now()", Comparison(START, Operator.GREATER, NOW)),
        ("start_time > NOW ( ) -7d", Comparison(START, Operator.GREATER, NOW - 7 * 24 * HOUR)),
        ("start_time > now()+1.5H", Comparison(START, Operator.GREATER, NOW + HOUR + HOUR // 2)),
        ("duration < 2w", Comparison(Field(Entity.ATTRIBUTE, "duration", Kind.DURATION), Operator.LESS, 336 * HOUR)),
        ("metrics.`loss`.min < 1", Comparison(SMALLEST, Operator.LESS, 1.0)),
        ("metrics.`loss.min` < 1", Comparison(NAMED_SO, Operator.LESS, 1.0)),
        (
            "metrics.loss.min < 1",
            Or(
                (
                    Comparison(NAMED_SO, Operator.LESS, 1.0),
                    And((Comparison(NAMED_SO, Operator.IS_NULL, None), Comparison(SMALLEST, Operator.LESS, 1.0))),
                )
            ),
        ),
    ],
)
def test_numbers_times_and_aggregates(text: str, condition: object) -> None:
    assert parse_filter(RUNS, text, NOW) == condition


@pytest.mark.parametrize(
    ("text", "start", "end", "expected", "reason"),
    [
        ("run_nam = 'x'", 0, 7, "run_name", "Did you mean 'run_name'"),
        ("metric_s.loss = 1", 0, 13, "metrics", "Did you mean 'metrics'"),
        ("datasets.nam = 'x'", 0, 12, "name", "Did you mean 'name'"),
        ("run_name LKE 'x'", 9, 12, "LIKE", "Did you mean 'LIKE'"),
        ("run_name = 'x' ADN status = 'y'", 15, 18, "AND", "Did you mean 'AND'"),
        ("metrics.`loss`.mim < 1", 0, 18, ".min", "Did you mean '.min'"),
        ("run_name = 'x' && status = 'y'", 15, 16, "AND", "Write AND"),
        ("metrics.loss <> 1", 13, 15, "!=", "Write != instead"),
        ("start_time > 'tomorrow'", 13, 23, None, "'tomorrow' is none"),
        ("start_time > now() - 7", 21, 22, None, "not '7'"),
        ("start_time > now() -7", 19, 21, None, "-7 has no unit"),
        ("duration > '1h'", 11, 15, None, "such as 7d"),
        ("params.lr < 'x'", 10, 11, "LIKE", "Leave the quotes away"),
        ("params.lr = x", 12, 13, None, "with a number, or with text in quotes"),
        ("metrics.loss AS NUMBER = 1", 13, 15, None, "Only params"),
        ("tags.`a`.min = 'x'", 0, 12, None, "Nothing may follow"),
        ("tags.a = 1", 9, 10, None, "such as '1'"),
    ],
)
def test_a_mistake_is_told_in_parts(text: str, start: int, end: int, expected: str | None, reason: str) -> None:
    with pytest.raises(BadFilter, match=reason) as caught:
        parse_filter(RUNS, text)
    mistake = caught.value.mistake
    assert mistake is not None
    assert (mistake.text, mistake.start, mistake.end) == (text, start, end)
    assert expected is None or expected in mistake.expected
    assert caught.value.message.startswith(mistake.reason + "\n")


PIECES = st.sampled_from(
    [
        "metrics.loss",
        "metrics.loss.min",
        "params.lr",
        "tags.`a`",
        "start_time",
        "duration",
        "run_id",
        "datasets.name",
        "(",
        ")",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "IS",
        "NULL",
        "AS",
        "NUMBER",
        "now",
        "(",
        ")",
        "-",
        "+",
        "7d",
        "1",
        "0.5e3",
        "'x'",
        '"y"',
        "`",
        "'",
        "=",
        "!=",
        "<",
        ">=",
        "==",
        ",",
        "ASC",
        "DESC",
        "ON",
        "é",
        "\x00",
        "🌲",
        ".",
        ";",
    ]
)


@given(st.lists(PIECES, max_size=12).map(" ".join) | st.text(max_size=30) | st.lists(PIECES, max_size=8).map("".join))
def test_junk_is_understood_or_refused_in_place(text: str) -> None:
    for vocabulary in (RUNS, EXPERIMENTS, LOGGED_MODELS):
        for refused in (_refused(parse_filter, vocabulary, text), _refused(parse_order, vocabulary, [text])):
            assert refused is None or refused.mistake is not None
            if refused is not None and refused.mistake is not None:
                assert refused.mistake.text == text
                assert 0 <= refused.mistake.start <= refused.mistake.end <= len(text)


def _refused(parse: Callable[[Vocabulary, Any], object], vocabulary: Vocabulary, asked: object) -> BadFilter | None:
    try:
        parse(vocabulary, asked)
    except BadFilter as error:
        return error
    return None


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
