"""Schemas found in data, written as MLflow writes them, and held against what callers give."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import DamagedData, InvalidInput
from treering.models.enforcement import enforce_input, enforce_params
from treering.models.schema import Column, Parameter, Parameters, Schema, Tensor
from treering.models.signature import Signature, infer_schema, infer_signature
from treering.models.tables import TABLES
from treering.models.types import AnyType, Array, DataType, MapType, Object, Property


def _columns(**kinds: Any) -> Schema:
    return Schema(tuple(Column(kind, name) for name, kind in kinds.items()))


def test_a_column_is_written_as_mlflow_writes_it():
    schema = infer_schema(pd.DataFrame({"a": [1], "b": ["x"], "c": [[1.0]]}))
    assert schema.to_text() == (
        '[{"type": "long", "name": "a", "required": true}, {"type": "string", "name": "b", "required": true},'
        ' {"type": "array", "items": {"type": "double"}, "name": "c", "required": true}]'
    )
    assert infer_schema(np.ones((2, 3))).to_text() == (
        '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]'
    )


def test_columns_without_names_are_read_as_mlflow_numbers_them():
    text = '[{"type": "double", "name": 0, "required": true}, {"type": "double", "name": 1, "required": true}]'
    assert Schema.from_text(text) == Schema((Column(DataType.DOUBLE), Column(DataType.DOUBLE)))


_kinds: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(DataType) | st.just(AnyType()),
    lambda inner: (
        st.builds(Array, inner)
        | st.builds(MapType, inner)
        | st.dictionaries(st.text(min_size=1), st.tuples(inner, st.booleans()), min_size=1, max_size=3).map(
            lambda found: Object(tuple(Property(name, *found[name]) for name in sorted(found)))
        )
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.text(min_size=1), st.tuples(_kinds, st.booleans()), max_size=4))
def test_columns_survive_writing_and_reading(kinds: Any):
    schema = Schema(tuple(Column(kind, name, required) for name, (kind, required) in kinds.items()))
    assert Schema.from_text(schema.to_text()) == schema


@given(st.lists(st.integers(-1, 9), max_size=4), st.sampled_from(["float32", "int64", "uint8", "bool"]))
def test_tensors_survive_writing_and_reading(shape: list[int], dtype: str):
    schema = Schema((Tensor(np.dtype(dtype), tuple(shape)),))
    assert Schema.from_text(schema.to_text()) == schema


def test_a_signature_survives_its_dictionary():
    signature = infer_signature({"a": [1.0]}, np.zeros(3), {"k": 1, "many": ["a"], "object": {"x": 1.5}})
    assert Signature.from_dict(signature.to_dict()) == signature
    assert Signature.from_dict({}) == Signature()


@pytest.mark.parametrize(
    "text",
    ["{", "3", "[1]", '[{"type": "colour"}]', '[{"type": "array"}]', '[{"type": "tensor", "tensor-spec": {}}]',
     '[{"type": "tensor", "tensor-spec": {"dtype": "no", "shape": []}}]', '[{"type": "object", "properties": 3}]'],
)  # fmt: skip
def test_a_damaged_signature_is_told(text: str):
    with pytest.raises(DamagedData, match="signature"):
        Schema.from_text(text)


@pytest.mark.parametrize(
    "items",
    [
        (Column(DataType.LONG, "a"), Tensor(np.dtype(int), (-1,), "b")),
        (Column(DataType.LONG, "a"), Column(DataType.LONG)),
        (Column(DataType.LONG, "a"), Column(DataType.LONG, "a")),
        (Tensor(np.dtype(int), (-1,)), Tensor(np.dtype(int), (-1,))),
    ],
    ids=["mixed", "half named", "twice", "tensors without names"],
)
def test_schemas_that_make_no_sense(items: Any):
    with pytest.raises(InvalidInput):
        Schema(items)


@pytest.mark.parametrize("data", [{1: 2}, [1, "a"], {"a": {1, 2}}, object()])
def test_data_that_no_signature_holds(data: Any):
    with pytest.raises(InvalidInput):
        infer_schema(data)


SAFE = [
    (np.array([1], "int32"), DataType.LONG, "int64"),
    (np.array([1], "int16"), DataType.INTEGER, "int32"),
    (np.array([1], "int32"), DataType.DOUBLE, "float64"),
    (np.array([1], "float32"), DataType.DOUBLE, "float64"),
    (np.array([1], "uint8"), DataType.INTEGER, "int32"),
    (np.array([True]), DataType.BOOLEAN, "bool"),
    (np.array(["2020-01-01"], "datetime64[s]"), DataType.DATETIME, "datetime64[ns]"),
]


@pytest.mark.parametrize(("values", "kind", "dtype"), SAFE)
def test_casts_that_lose_nothing_are_made(values: Any, kind: DataType, dtype: str):
    assert enforce_input(pd.DataFrame({"a": values}), _columns(a=kind))["a"].dtype == np.dtype(dtype)


UNSAFE = [
    (np.array([1], "int64"), DataType.INTEGER),
    (np.array([1], "int64"), DataType.DOUBLE),
    (np.array([1.0], "float64"), DataType.FLOAT),
    (np.array([1.0], "float64"), DataType.LONG),
    (np.array([1], "int32"), DataType.FLOAT),
    (np.array([1], "uint64"), DataType.LONG),
    (np.array([1], "int64"), DataType.STRING),
    (np.array([1], "int64"), DataType.BOOLEAN),
    (np.array([1], "int64"), DataType.DATETIME),
    (np.array(["x"]), DataType.LONG),
    (np.array(["x"]), DataType.BINARY),
    (np.array(["no date"]), DataType.DATETIME),
    (pd.array([1, None], "Int64"), DataType.LONG),
]


@pytest.mark.parametrize(("values", "kind"), UNSAFE[:-1])
def test_casts_that_lose_something_name_the_column(values: Any, kind: DataType):
    with pytest.raises(InvalidInput, match="column a"):
        enforce_input(pd.DataFrame({"a": values}), _columns(a=kind))


def test_dates_may_be_text_and_decimals_doubles():
    schema = _columns(day=DataType.DATETIME, price=DataType.DOUBLE)
    frame = enforce_input(pd.DataFrame({"day": ["2020-01-02"], "price": [Decimal("1.5")]}), schema)
    assert frame["day"][0] == pd.Timestamp("2020-01-02")
    assert frame["price"][0] == 1.5


def test_columns_are_chosen_and_ordered():
    schema = Schema(
        (Column(DataType.LONG, "b"), Column(DataType.LONG, "a"), Column(DataType.LONG, "c", required=False))
    )
    frame = enforce_input(pd.DataFrame({"a": [1], "x": [2], "b": [3]}), schema)
    assert list(frame.columns) == ["b", "a"]
    with pytest.raises(InvalidInput, match=r"missing inputs \['b', 'a'\].*'x'"):
        enforce_input(pd.DataFrame({"x": [2]}), schema)


def test_columns_by_position():
    schema = Schema((Column(DataType.DOUBLE), Column(DataType.DOUBLE)))
    assert enforce_input(np.ones((2, 2)), schema).shape == (2, 2)
    with pytest.raises(InvalidInput, match="needs 2 columns and was given 1"):
        enforce_input(pd.DataFrame([[1.0]]), schema)


@pytest.mark.parametrize(
    ("data", "rows"),
    [({"a": 1, "b": "x"}, 1), ({"a": [1, 2], "b": ["x", "y"]}, 2), ([{"a": 1, "b": "x"}], 1)],
    ids=["one row", "columns", "records"],
)
def test_tables_may_be_given_as_python_values(data: Any, rows: int):
    assert len(enforce_input(data, _columns(a=DataType.LONG, b=DataType.STRING))) == rows


def test_nested_values_are_checked():
    kind = Object((Property("k", DataType.LONG), Property("m", Array(DataType.STRING), required=False)))
    schema = _columns(o=kind, any=AnyType(), map=MapType(DataType.DOUBLE))

    def row(**changes: Any) -> pd.DataFrame:
        return pd.DataFrame([{"o": {"k": 1}, "any": object(), "map": {"x": 1.5}, **changes}])

    enforce_input(row(), schema)
    enforce_input(row(o={"k": 1, "m": ["a"]}), schema)
    for wrong in ({"o": {}}, {"o": {"k": "1"}}, {"o": {"k": 1, "z": 1}}, {"o": [1]}, {"o": {"k": 1, "m": [1]}}):
        with pytest.raises(InvalidInput, match="column o, row 0"):
            enforce_input(row(**wrong), schema)
    with pytest.raises(InvalidInput, match="column map"):
        enforce_input(row(map={"x": "y"}), schema)


def test_arrays_must_be_of_the_type_and_shape():
    schema = Schema((Tensor(np.dtype("float32"), (-1, 2)),))
    data = np.ones((3, 2), "float32")
    assert enforce_input(data, schema) is data
    assert enforce_input([[1, 2]], schema).dtype == np.float32
    assert enforce_input(pd.DataFrame(data), schema).shape == (3, 2)
    with pytest.raises(InvalidInput, match=r"float64.*expects float32"):
        enforce_input(np.ones((3, 2)), schema)
    with pytest.raises(InvalidInput, match=r"shape \(3, 3\)"):
        enforce_input(np.ones((3, 3), "float32"), schema)
    with pytest.raises(InvalidInput, match="ragged"):
        enforce_input([[1, 2], [3]], schema)
    with pytest.raises(InvalidInput, match="must be an array"):
        enforce_input(object(), schema)


def test_named_arrays():
    schema = Schema((Tensor(np.dtype(float), (-1,), "a"), Tensor(np.dtype(int), (-1,), "b")))
    found = enforce_input({"a": np.ones(2), "b": [1, 2], "more": 3}, schema)
    assert list(found) == ["a", "b"]
    with pytest.raises(InvalidInput, match=r"missing inputs \['b'\]"):
        enforce_input({"a": np.ones(2)}, schema)
    with pytest.raises(InvalidInput, match="dictionary of arrays"):
        enforce_input(np.ones(2), schema)


def test_without_a_schema_anything_goes():
    data = object()
    assert enforce_input(data, None) is data


PARAMS = Parameters(
    (
        Parameter("k", DataType.LONG, 1),
        Parameter("x", DataType.DOUBLE, 0.5),
        Parameter("words", DataType.STRING, ["a"], (-1,)),
        Parameter("day", DataType.DATETIME, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    )
)


def test_parameters_take_their_defaults_and_are_widened(caplog: pytest.LogCaptureFixture):
    found = enforce_params({"x": 3, "words": ["b", "c"], "day": "2021-01-01", "odd": 1}, PARAMS)
    assert found == {"k": 1, "x": 3.0, "words": ["b", "c"], "day": np.datetime64("2021-01-01")}
    assert isinstance(found["x"], float)
    assert "odd" in caplog.text
    assert enforce_params(None, None) == {}


@pytest.mark.parametrize(
    "params",
    [{"k": 1.5}, {"k": "1"}, {"k": [1]}, {"k": None}, {"words": "a"}, {"words": [1]}, {"day": "soon"}, {"x": True}],
)
def test_parameters_of_another_type_are_refused(params: Any):
    with pytest.raises(InvalidInput, match=repr(next(iter(params)))):
        enforce_params(params, PARAMS)


def test_parameters_survive_writing_and_reading():
    text = Parameters(PARAMS.items[:3]).to_text()
    assert Parameters.from_text(text) == Parameters(PARAMS.items[:3])
    assert json.loads(text)[0] == {"name": "k", "default": 1, "shape": None, "type": "long"}
    with pytest.raises(DamagedData):
        Parameters.from_text('[{"type": "long"}]')


def test_a_column_that_is_there_twice_is_named() -> None:
    schema = Schema((Column(DataType.DOUBLE, "a"), Column(DataType.LONG, "b")))
    table = pd.DataFrame([[1.0, 2, 3.0]], columns=["a", "b", "a"])
    with pytest.raises(InvalidInput, match="more than one column 'a'"):
        enforce_input(table, schema)
    with pytest.raises(InvalidInput, match="more than one column 'a'"):
        TABLES.load("pandas").from_split({"columns": ["a", "b", "a"], "data": [[1.0, 2, 3.0]]}, schema)
    # What the model does not take may be there as often as it likes.
    assert list(enforce_input(table.set_axis(["a", "b", "x"], axis=1).assign(x=1), schema)) == ["a", "b"]
    more = pd.DataFrame([[1.0, 2, 3, 4]], columns=["a", "b", "x", "x"])
    assert list(enforce_input(more, schema)) == ["a", "b"]


def test_a_ragged_input_is_named() -> None:
    schema = Schema((Tensor(np.dtype("float64"), (-1, 2), "x"), Tensor(np.dtype("float64"), (-1,), "y")))
    with pytest.raises(InvalidInput, match=r"'x'.*different lengths"):
        enforce_input(pd.DataFrame({"x": [[1.0, 2.0], [3.0]], "y": [1.0, 2.0]}), schema)
    with pytest.raises(InvalidInput, match="'x' is a ragged list"):
        enforce_input({"x": [[1.0, 2.0], [3.0]], "y": [1.0, 2.0]}, schema)
