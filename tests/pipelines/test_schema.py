from __future__ import annotations

from typing import Any

import pytest

from treering.pipelines.schema import SchemaMistake, check_definition, check_lock


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"stages": {}},
        {"stages": {"a": {"cmd": "x"}}},
        {"stages": {"a": {"cmd": ["x", "y"], "params": ["a", {"p.yaml": None}, {"q.py": ["k"]}], "meta": [1]}}},
        {"stages": {"a": {"cmd": "x", "outs": ["o", {"p": {"cache": False, "persist": True, "labels": ["l"]}}]}}},
        {"stages": {"a": {"cmd": "x", "plots": [{"p": {"x": "a", "y": "b", "header": False}}, {"q": [{"x": "a"}]}]}}},
        {"stages": {"a": {"foreach": [1], "do": {"cmd": "x"}}, "b": {"matrix": {"m": [1], "n": "${l}"}, "cmd": "x"}}},
        {"plots": ["p.csv", {"roc": {"x": {"f": "a"}, "y": {"f": ["a", "b"]}}}, {"only": None}], "metrics": ["m"]},
        {
            "artifacts": {"m": {"path": "p", "type": "model", "meta": {"a": 1}}},
            "params": ["p"],
            "vars": ["f", {"a": 1}],
        },
        {"datasets": [{"name": "d", "type": "dvc", "url": "u"}]},
    ],
)
def test_what_dvc_takes_is_taken(data: Any) -> None:
    check_definition(data)


@pytest.mark.parametrize(
    ("data", "at", "why"),
    [
        ([], (), "mapping"),
        ({"stage": {}}, ("stage",), "not a key"),
        ({"stages": None}, ("stages",), "nothing"),
        ({"stages": {"a": {}}}, ("stages", "a"), "'cmd'"),
        ({"stages": {"a": {"cmd": "x", "dep": []}}}, ("stages", "a", "dep"), "not a key"),
        ({"stages": {"a": {"cmd": "x", "deps": "d"}}}, ("stages", "a", "deps"), "a list"),
        ({"stages": {"a": {"cmd": "x", "deps": [1]}}}, ("stages", "a", "deps", 0), "text"),
        ({"stages": {"a": {"cmd": "x", "frozen": "yes"}}}, ("stages", "a", "frozen"), "true or false"),
        (
            {"stages": {"a": {"cmd": "x", "outs": [{"o": {"cash": 1}}]}}},
            ("stages", "a", "outs", 0, "o", "cash"),
            "not a",
        ),
        ({"stages": {"a": {"cmd": "x", "outs": [3]}}}, ("stages", "a", "outs", 0), "a path"),
        ({"stages": {"a": {"foreach": [1]}}}, ("stages", "a"), "'do'"),
        ({"stages": {"a": {"foreach": [1], "do": {"cmd": 1}}}}, ("stages", "a", "do", "cmd"), "text or a list"),
        ({"stages": {1: {"cmd": "x"}}}, ("stages",), "quotes"),
        ({"artifacts": {"m": {}}}, ("artifacts", "m"), "'path'"),
        ({"plots": [{"p": {"x": 1}}]}, ("plots", 0, "p", "x"), "column"),
    ],
)
def test_a_slip_is_told_with_its_place(data: Any, at: tuple[str | int, ...], why: str) -> None:
    with pytest.raises(SchemaMistake, match=why) as caught:
        check_definition(data)
    assert caught.value.at == at


@pytest.mark.parametrize(
    ("data", "at"),
    [
        ({"stages": {}}, ()),
        ({"schema": "3.0"}, ("schema",)),
        ({"schema": 2.0}, ("schema",)),
        ({"schema": "2.0", "meta": 1}, ("meta",)),
        ({"schema": "2.0", "stages": {"a": {}}}, ("stages", "a")),
        ({"schema": "2.0", "stages": {"a": {"cmd": "x", "outs": [{}]}}}, ("stages", "a", "outs", 0)),
        (
            {"schema": "2.0", "stages": {"a": {"cmd": "x", "deps": [{"path": "d", "md5": []}]}}},
            ("stages", "a", "deps", 0, "md5"),
        ),
        ({"schema": "2.0", "stages": {"a": {"cmd": "x", "params": {"f": [1]}}}}, ("stages", "a", "params", "f")),
    ],
)
def test_a_damaged_lock_is_told_with_its_place(data: Any, at: tuple[str | int, ...]) -> None:
    with pytest.raises(SchemaMistake) as caught:
        check_lock(data)
    assert caught.value.at == at
