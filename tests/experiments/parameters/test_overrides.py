"""The table of values was compared with what Hydra 1.3 makes of the same texts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.experiments.parameters.overrides import expand, parse_override, parse_overrides


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.2", 0.2),
        ("3", 3),
        ("-3", -3),
        ("+3", 3),
        ("1_000", 1000),
        ("01", "01"),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e-5", 1e-5),
        ("inf", math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("", ""),
        (" 5", 5),
        ("abc def", "abc def"),
        ("2020-01-01", "2020-01-01"),
        ("'x, y'", "x, y"),
        ('"it\'s"', "it's"),
        ('"a\\"b"', 'a"b'),
        ("'[1,2]'", "[1,2]"),
        ("'3'", "3"),
        ("a\\,b", "a,b"),
        ("s3://bucket/x", "s3://bucket/x"),
        ("a:b", "a:b"),
        ("10%", "10%"),
        ("[1,2,abc,'q']", [1, 2, "abc", "q"]),
        ("[]", []),
        ("{x:1,y:[1,2]}", {"x": 1, "y": [1, 2]}),
        ("int(3.7)", 3),
        ("float(3)", 3.0),
        ('float("3.5")', 3.5),
        ("str(12)", "12"),
        ("str([1,2])", ["1", "2"]),
        ("bool(true)", True),
    ],
)
def test_a_value_has_the_type_it_looks_like(text: str, value: Any) -> None:
    override = parse_override(f"a={text}")
    assert (override.file, override.key, override.action) == ("params.yaml", ("a",), "set")
    assert [repr(one) for one in override.values] == [repr(value)]
    assert not override.is_sweep


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2,3", [1, 2, 3]),
        ("[1,2],[3]", [[1, 2], [3]]),
        ("choice(a,b,1)", ["a", "b", 1]),
        ("range(3)", [0, 1, 2]),
        ("range(1,4)", [1, 2, 3]),
        ("range(1,10,step=4)", [1, 5, 9]),
        ("range(start=1,stop=3)", [1, 2]),
        ("range(1,2,0.25)", [1.0, 1.25, 1.5, 1.75]),
        ("range(0,0.3,0.1)", [0.0, 0.1, 0.2]),
        ("range(5,1,-2)", [5, 3]),
        ("sort(3,1,2)", [1, 2, 3]),
        ("sort(choice(3,1,2),reverse=true)", [3, 2, 1]),
        ("int(choice(1.2,2.7))", [1, 2]),
    ],
)
def test_several_values_are_several_experiments(text: str, values: list[Any]) -> None:
    override = parse_override(f"a={text}")
    assert override.is_sweep
    assert repr(list(override.values)) == repr(values)


def test_the_file_the_way_and_the_action_are_taken_apart() -> None:
    override = parse_override("conf/p.json:a.b[0].c=s3://x:1")
    assert (override.file, override.key, override.value) == ("conf/p.json", ("a", "b", "0", "c"), "s3://x:1")
    assert [parse_override(text).action for text in ("a=1", "+a=1", "++a=1", "~a", "~a=1")] == [
        *("set", "add", "put"),
        *("delete", "delete"),
    ]
    assert parse_override("x.yaml:+a=1").action == "add"


@pytest.mark.parametrize(
    "text",
    [
        *("a", "=3", "a=[1,", "a='open", "a=1,", "a=foo(1)", "a=glob(*)", "a=${b}", "a=range(3,1)", "a=range(1,2,0)"),
        *("a=range()", "a=float(x)", "a=int(1,2)", "a=bool(maybe)", "a={x}", "a=[1]2", "a=choice()", "a=1,choice(2,3)"),
    ],
)
def test_what_cannot_be_understood_is_shown(text: str) -> None:
    with pytest.raises(InvalidInput, match="Cannot read") as refused:
        parse_override(text)
    assert repr(text) in str(refused.value)


def test_every_combination_is_tried_the_last_changing_fastest() -> None:
    overrides = parse_overrides(["a=1,2", "x.json:b=true,null", "c=7"])
    tried = [[(one.file, one.key[0], one.value) for one in chosen] for chosen in expand(overrides)]
    assert tried == [
        [("params.yaml", "a", a), ("params.yaml", "c", 7), ("x.json", "b", b)] for a in (1, 2) for b in (True, None)
    ]
    assert [one.text for one in next(expand(overrides))] == ["a=1", "c=7", "b=true"]


def test_without_several_values_there_is_one_experiment() -> None:
    assert [list(one) for one in expand([])] == [[]]
    assert len(list(expand(parse_overrides(["a=1", "b=2"])))) == 1
