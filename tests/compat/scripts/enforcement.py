"""What a model makes of data, by its signature: the same cases for Treering and for MLflow.

Run by the real MLflow it prints its answers as JSON; the test imports it for ours.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
VALUES: dict[str, Any] = {
    "booleans": np.array([True, False]),
    "int8": np.array([1, 2], dtype="int8"),
    "int32": np.array([1, 2], dtype="int32"),
    "int64": np.array([1, 2], dtype="int64"),
    "large int64": np.array([2**40, 2], dtype="int64"),
    "uint8": np.array([1, 2], dtype="uint8"),
    "uint32": np.array([1, 2], dtype="uint32"),
    "uint64": np.array([1, 2], dtype="uint64"),
    "float32": np.array([0.5, 2], dtype="float32"),
    "float64": np.array([0.5, 2]),
    "whole float64": np.array([1.0, 2.0]),
    "gaps": np.array([np.nan, 2.0]),
    "texts": np.array(["a", "b"], dtype=object),
    "texts with a gap": np.array(["a", None], dtype=object),
    "numbers as texts": np.array(["1", "2"], dtype=object),
    "days as texts": np.array(["2020-01-01", "2020-01-02"], dtype=object),
    "bytes": np.array([b"a", b"b"], dtype=object),
    "days": np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[ns]"),
    "seconds": np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[s]"),
    "dates": np.array([dt.date(2020, 1, 1), dt.date(2020, 1, 2)], dtype=object),
    "mixed": np.array([1, "a"], dtype=object),
    "Python numbers": np.array([1, 2], dtype=object),
}
NESTED: list[tuple[dict[str, Any], list[Any]]] = [
    ({"type": "array", "items": {"type": "long"}}, [[1, 2], [3]]),
    ({"type": "array", "items": {"type": "long"}}, [[1, 2], ["x"]]),
    ({"type": "array", "items": {"type": "double"}}, [[1.5, 2.0], []]),
    ({"type": "array", "items": {"type": "string"}}, [["a"], "b"]),
    ({"type": "map", "values": {"type": "string"}}, [{"a": "x"}, {"b": "y"}]),
    ({"type": "map", "values": {"type": "string"}}, [{"a": 1}, {"b": "y"}]),
    ({"type": "any"}, [1, "x"]),
    ({"type": "object", "properties": {"a": {"type": "long", "required": True},
                                       "b": {"type": "string", "required": False}}}, [{"a": 1}, {"a": 2, "b": "x"}]),
    ({"type": "object", "properties": {"a": {"type": "long", "required": True}}}, [{"a": 1}, {}]),
    ({"type": "object", "properties": {"a": {"type": "long", "required": True}}}, [{"a": 1, "z": 1}, {"a": 2}]),
    ({"type": "object", "properties": {"a": {"type": "long", "required": True}}}, [{"a": "x"}, {"a": 2}]),
]  # fmt: skip
TENSORS: list[tuple[str, list[int], Any]] = [
    ("float64", [-1, 2], np.ones((3, 2))),
    ("float64", [-1, 2], np.ones((3, 3))),
    ("float64", [-1, 2], np.ones((3, 2), dtype="float32")),
    ("float32", [-1, 2], np.ones((3, 2))),
    ("int64", [-1], np.ones(3)),
    ("int64", [-1], np.ones(3, dtype="int32")),
    ("float64", [-1, 2], [[1.0, 2.0], [3.0, 4.0]]),
    ("float64", [-1, 2], [[1, 2], [3, 4]]),
    ("float64", [-1, 2], pd.DataFrame({"a": [1.0], "b": [2.0]})),
    ("str", [-1], np.array(["a", "b"])),
]


def cases() -> Iterator[tuple[str, str, Any]]:
    """A name, the JSON of a schema, and data for it."""
    for kind in COLUMNS:
        for name, values in VALUES.items():
            yield (
                f"{name} for {kind}",
                json.dumps([{"type": kind, "name": "a", "required": True}]),
                pd.DataFrame({"a": values}),
            )
    for number, (kind_of, values) in enumerate(NESTED):
        schema = json.dumps([{**kind_of, "name": "a", "required": True}])
        yield f"nested {number}", schema, pd.DataFrame({"a": pd.Series(values, dtype=object)})
    for number, (dtype, shape, data) in enumerate(TENSORS):
        schema = json.dumps([{"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}])
        yield f"tensor {number}", schema, data
    two = json.dumps(
        [{"type": "double", "name": "a", "required": True}, {"type": "long", "name": "b", "required": False}]
    )
    one_row = {"a": [1.0], "b": [2]}
    yield "all columns", two, pd.DataFrame(one_row)
    yield "other order", two, pd.DataFrame({"b": [2], "a": [1.0]})
    yield "one column more", two, pd.DataFrame({**one_row, "c": [3]})
    yield "optional one is missing", two, pd.DataFrame({"a": [1.0]})
    yield "required one is missing", two, pd.DataFrame({"b": [1]})
    yield "a dictionary of lists", two, {"a": [1.0], "b": [2]}
    yield "a list of records", two, [{"a": 1.0, "b": 2}, {"a": 2.0, "b": 3}]
    unnamed = json.dumps([{"type": "double", "required": True}, {"type": "double", "required": True}])
    yield "by place", unnamed, pd.DataFrame([[1.0, 2.0]])
    yield "too few by place", unnamed, pd.DataFrame([[1.0]])
    yield "an array by place", unnamed, np.ones((2, 2))


def outcomes(enforce: Callable[[Any, str], Any]) -> dict[str, Any]:
    """For each case what comes out, or that it was refused."""
    found: dict[str, Any] = {}
    for name, schema, data in cases():
        try:
            found[name] = plain(enforce(data, schema))
        except Exception as error:
            found[name] = "refused"
            if isinstance(error, AssertionError):
                raise
    return found


def plain(value: Any) -> Any:
    """Types and values, as JSON holds them."""
    if isinstance(value, pd.DataFrame):
        return {str(name): [str(value[name].dtype), repr(value[name].tolist())] for name in value.columns}
    if isinstance(value, np.ndarray):
        return [str(value.dtype), repr(value.tolist())]
    return repr(value)


def main() -> None:
    """MLflow's answers."""
    from mlflow.models.utils import _enforce_schema  # noqa: PLC0415 -- only MLflow's environment has it
    from mlflow.types import Schema  # noqa: PLC0415 -- likewise

    sys.stdout.write(json.dumps(outcomes(lambda data, schema: _enforce_schema(data, Schema.from_json(schema)))))


if __name__ == "__main__":
    main()
