"""What a model answers, as a column of Spark: by the rules of MLflow's `spark_udf`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import types

from treering.core.errors import InvalidInput

__all__ = ["as_column", "check_type"]

# How a single value of each type is made, and which columns of an answer can become one.
_SINGLE: Mapping[type[types.DataType], tuple[Any, Callable[[Any], Any]]] = {
    types.BooleanType: (np.bool_, bool),
    types.DoubleType: (np.float64, float),
    types.FloatType: (np.float32, float),
    types.IntegerType: (np.int32, int),
    types.LongType: (np.int64, int),
    types.StringType: (np.str_, str),
}
_SMALL = [np.int8, np.uint8, np.int16, np.uint16]
_FITTING: Mapping[type[types.DataType], list[Any]] = {
    types.BooleanType: [np.bool_],
    types.DoubleType: [np.number],
    types.FloatType: [np.number],
    types.IntegerType: [*_SMALL, np.int32],
    types.LongType: [*_SMALL, np.int32, np.int64],
}


def check_type(kind: types.DataType) -> None:
    """Refuse a type that no answer is made into.

    Raises:
        InvalidInput: If it is none of single values, and of arrays, structs and maps of them.
    """
    match kind:
        case types.ArrayType():
            check_type(kind.elementType)
        case types.StructType():
            for field in kind.fields:
                check_type(field.dataType)
        case types.MapType() if isinstance(kind.keyType, types.StringType):
            check_type(kind.valueType)
        case _ if type(kind) not in _SINGLE:
            msg = (
                f"A model's answer cannot be made into {kind.simpleString()}. Use int, long, float, double, string or"
                " boolean, or arrays, structs, or maps from strings, of these."
            )
            raise InvalidInput(msg)


def as_column(answer: Any, kind: types.DataType) -> Any:
    """An answer to some rows as a Series, or for a struct a DataFrame, with one row each.

    A single value is made of the leftmost column that fits its type, and an array of single values of all that fit.

    Raises:
        InvalidInput: If no column fits.
    """
    if isinstance(answer, Mapping):
        answer = {name: list(values) for name, values in answer.items()}
    if isinstance(kind, types.StructType):
        return _fields(pd.DataFrame(answer), kind)
    if isinstance(kind, types.MapType) or (isinstance(kind, types.ArrayType) and type(kind.elementType) not in _SINGLE):
        return pd.Series([_value(one, kind) for one in answer], dtype=object)
    single = kind.elementType if isinstance(kind, types.ArrayType) else kind
    if np.isscalar(answer):
        answer = [answer]
    table = _fitting(answer if isinstance(answer, pd.DataFrame) else pd.DataFrame(answer), single)
    if isinstance(kind, types.ArrayType):
        return pd.Series(table.to_numpy().tolist())
    return table.iloc[:, 0]


def _fitting(table: pd.DataFrame, kind: types.DataType) -> pd.DataFrame:
    if isinstance(kind, types.StringType):
        return table.map(str)
    found = table.select_dtypes(_FITTING[type(kind)])
    if not len(found.columns):
        had = ", ".join(f"{name}: {dtype}" for name, dtype in table.dtypes.items())
        msg = (
            f"The model's answer has no column that fits {kind.simpleString()}; it has {had}."
            " Ask for another result_type, such as string or array<string>."
        )
        raise InvalidInput(msg)
    return found.astype(_SINGLE[type(kind)][0])


def _fields(table: pd.DataFrame, kind: types.StructType) -> pd.DataFrame:
    missing = [name for name in kind.fieldNames() if name not in table.columns]
    if missing:
        msg = f"The model's answer has no {', '.join(missing)}; it has {', '.join(map(str, table.columns))}."
        raise InvalidInput(msg)
    return pd.DataFrame({field.name: _field(table[field.name], field.dataType) for field in kind.fields})


def _field(values: pd.Series[Any], kind: types.DataType) -> Any:
    if type(kind) not in _SINGLE:
        return pd.Series([_value(one, kind) for one in values], index=values.index, dtype=object)
    if values.isna().any():
        # A type of NumPy's without gaps would refuse them, or call them by a text.
        return pd.Series([_value(one, kind) for one in values], index=values.index, dtype=object)
    return values.astype(_SINGLE[type(kind)][0])


def _value(value: Any, kind: types.DataType) -> Any:
    """One value of any type, of Python's own."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    match kind:
        case types.ArrayType():
            return [_value(one, kind.elementType) for one in value]
        case types.MapType():
            return {str(key): _value(one, kind.valueType) for key, one in value.items()}
        case types.StructType():
            known = value.model_dump() if hasattr(value, "model_dump") else value
            return {field.name: _value(known[field.name], field.dataType) for field in kind.fields}
    return _SINGLE[type(kind)][1](value)
