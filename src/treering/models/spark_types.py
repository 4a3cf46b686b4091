"""The types of Spark's columns as a model's signature names them, and the reverse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyspark.ml.linalg import VectorUDT
from pyspark.sql import functions, types

from treering.core.errors import InvalidInput
from treering.models.schema import Schema, Tensor
from treering.models.types import Array, ColumnType, DataType, MapType, Object, SparkVector, of_dtype

__all__ = ["answer_type", "columns_of", "schema_of", "spark_type"]

# The first that fits a type counts.
_WORDS: tuple[tuple[type[types.DataType], str], ...] = (
    (types.LongType, "long"),
    (types.IntegralType, "integer"),
    (types.FloatType, "float"),
    (types.DoubleType, "double"),
    (types.BooleanType, "boolean"),
    (types.StringType, "string"),
    (types.BinaryType, "binary"),
    (types.DateType, "datetime"),
    (types.TimestampType, "datetime"),
)
_SINGLE: Mapping[DataType, type[types.DataType]] = {
    DataType.BINARY: types.BinaryType,
    DataType.BOOLEAN: types.BooleanType,
    DataType.DATETIME: types.TimestampType,
    DataType.DOUBLE: types.DoubleType,
    DataType.FLOAT: types.FloatType,
    DataType.INTEGER: types.IntegerType,
    DataType.LONG: types.LongType,
    DataType.STRING: types.StringType,
}


def columns_of(frame: Any) -> list[dict[str, Any]] | None:
    """The columns of a frame of Spark as MLflow's JSON; None if one is of a type that it has no word for.

    The keys of a map are looked for in the data.
    """
    found = []
    for field in frame.schema.fields:
        kind = _map(frame, field) if isinstance(field.dataType, types.MapType) else _type(field.dataType)
        if kind is None:
            return None
        found.append({**kind, "name": field.name, "required": True})
    return found


def schema_of(frame: Any) -> Schema:
    """The columns of a frame of Spark.

    Raises:
        InvalidInput: If one is of a type that no signature holds.
    """
    found = columns_of(frame)
    if found is None:
        told = ", ".join(f"{field.name}: {field.dataType.simpleString()}" for field in frame.schema.fields)
        msg = f"A column of the frame is of a type that no signature holds. The columns are {told}."
        raise InvalidInput(msg)
    return Schema.from_text(json.dumps(found))


def spark_type(kind: ColumnType) -> types.DataType:
    """What Spark calls `kind`; what may be missing in an object may be missing there.

    Raises:
        InvalidInput: If Spark has no such type.
    """
    match kind:
        case DataType():
            return _SINGLE[kind]()
        case SparkVector():
            return types.ArrayType(types.DoubleType())
        case Array():
            return types.ArrayType(spark_type(kind.items))
        case Object():
            return types.StructType([types.StructField(one.name, spark_type(one.type)) for one in kind.properties])
        case MapType():
            return types.MapType(types.StringType(), spark_type(kind.values))
    msg = f"Spark has no type for {kind}. Say what the answer is made into, with result_type."
    raise InvalidInput(msg)


def answer_type(outputs: Schema) -> types.DataType:
    """The type of one column of Spark that holds what a model answers to a row.

    Raises:
        InvalidInput: If Spark has none.
    """
    items: tuple[Any, ...] = outputs.items
    found = [(item.name or str(place), _item(item)) for place, item in enumerate(items)]
    if len(found) == 1:
        return found[0][1]
    return types.StructType([types.StructField(name, kind) for name, kind in found])


def _item(item: Any) -> types.DataType:
    if not isinstance(item, Tensor):
        return spark_type(item.type)
    if len(item.shape) not in {1, 2}:
        msg = f"An array of {len(item.shape)} dimensions makes no column of Spark. Say what to make of it, with result_type."
        raise InvalidInput(msg)
    return types.ArrayType(spark_type(of_dtype(item.dtype)))


def _type(kind: types.DataType) -> dict[str, Any] | None:
    if isinstance(kind, types.ArrayType):
        items = _type(kind.elementType)
        return None if items is None else {"type": "array", "items": items}
    if isinstance(kind, types.StructType):
        return _object({field.name: (_type(field.dataType), not field.nullable) for field in kind.fields})
    if isinstance(kind, VectorUDT):
        return {"type": "sparkml_vector"}
    return next(({"type": word} for known, word in _WORDS if isinstance(kind, known)), None)


def _object(parts: Mapping[str, tuple[dict[str, Any] | None, bool]]) -> dict[str, Any] | None:
    found = {name: {**kind, "required": needed} for name, (kind, needed) in sorted(parts.items()) if kind is not None}
    return {"type": "object", "properties": found} if len(found) == len(parts) else None


def _map(data: Any, field: types.StructField) -> dict[str, Any] | None:
    keys = data.select(functions.explode(functions.map_keys(data[field.name])).alias("key")).distinct().collect()
    return _object({str(row["key"]): (_type(field.dataType.valueType), True) for row in keys})
