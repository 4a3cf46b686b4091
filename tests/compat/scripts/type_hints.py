"""Prints what MLflow and Treering make of type hints with models of pydantic, and of data that is held against them."""

from __future__ import annotations

import datetime as dt
import json
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import pydantic
from mlflow.exceptions import MlflowException
from mlflow.types import type_hints as mlflow_hints

from treering.core.errors import InvalidInput
from treering.models.type_hints import as_hinted, schema_of_hint


class Inner(pydantic.BaseModel):
    a: int
    b: list[str] = []


class Message(pydantic.BaseModel):
    role: str
    when: dt.datetime
    inner: Inner
    more: Inner | None = None
    scores: dict[str, float]
    anything: Any = None
    many: list[Inner]
    raw: bytes = b""
    choice: int | str = 1


class Needs(pydantic.BaseModel):
    a: int | None


class Plain(pydantic.BaseModel):
    x: float
    y: str = "d"
    model_config = {"extra": "forbid"}


HINTS: dict[str, Any] = {
    "message": list[Message], "inner": list[Inner], "plain": list[Plain], "models by key": list[dict[str, Inner]],
    "lists of models": list[list[Inner]], "optional without default": list[Needs], "optional item": list[Plain | None],
    "numbers": list[int], "lists by key": list[dict[str, list[int]]], "anything": list[Any], "either": list[int | str],
    "bare dictionary": list[dict], "bare list": list[list], "keys that are numbers": list[dict[int, int]],
}  # fmt: skip
WHEN = dt.datetime(2024, 5, 6)  # noqa: DTZ001 -- as models have it
MESSAGE = {"role": "r", "when": WHEN, "inner": {"a": 1}, "scores": {"s": 0.5}, "many": [{"a": 1, "b": ["x"]}]}
DATA: dict[str, tuple[Any, Any]] = {
    "fits": (list[Plain], [{"x": 1.5, "y": "a"}]),
    "whole number for a float": (list[Plain], [{"x": 1}]),
    "text for a float": (list[Plain], [{"x": "1.5"}]),
    "a word for a float": (list[Plain], [{"x": "no"}]),
    "a field too many": (list[Plain], [{"x": 1.0, "z": 2}]),
    "a field too few": (list[Plain], [{"y": "a"}]),
    "a model": (list[Plain], [Plain(x=1)]),
    "a model of another class": (list[Plain], [Inner(a=1)]),
    "no list": (list[Plain], {"x": 1.0}),
    "one of two is wrong": (list[Inner], [{"a": 1, "b": ["x"]}, {"a": "z"}]),
    "by key": (list[dict[str, Inner]], [{"k": {"a": 1}}]),
    "whole": (list[Message], [MESSAGE]),
    "a day as text": (list[Message], [{**MESSAGE, "when": "2024-05-06"}]),
    "None where it may be": (list[Message], [{**MESSAGE, "more": None}]),
    "None where it may not be": (list[Message], [{**MESSAGE, "inner": None}]),
    "table of models": (list[Plain], pd.DataFrame({"x": [1.0], "y": ["q"]})),
    "table with a gap": (list[Plain], pd.DataFrame({"x": [1.0]})),
}


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (MlflowException, InvalidInput):
        return "refused"


def theirs(hint: Any) -> Any:
    return mlflow_hints._infer_schema_from_list_type_hint(hint).to_dict()


def ours(hint: Any) -> Any:
    schema = schema_of_hint(hint)
    return None if schema is None else json.loads(schema.to_text())


def held(data: Any, hint: Any) -> str:
    return repr(
        mlflow_hints._validate_data_against_type_hint(mlflow_hints._convert_data_to_type_hint(data, hint), hint)
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    found = {f"schema: {name}": [outcome(partial(one, hint)) for one in (theirs, ours)] for name, hint in HINTS.items()}
    for name, (hint, data) in DATA.items():
        mine = outcome(partial(as_hinted, data, hint))
        found[f"data: {name}"] = [outcome(partial(held, data, hint)), mine if mine == "refused" else repr(mine)]
    json.dump(found, sys.stdout)
