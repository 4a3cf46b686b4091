"""The types that a column or parameter of a model can have, and how they are written down.

The words are MLflow's: a signature written here is read there, and the reverse.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from treering.core.errors import DamagedData, InvalidInput

__all__ = [
    "AnyType",
    "Array",
    "ColumnType",
    "DataType",
    "MapType",
    "Object",
    "Property",
    "SparkVector",
    "of_dtype",
    "of_value",
    "type_from_json",
    "type_to_json",
]


class DataType(Enum):
    """A type of single values."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    STRING = "string"
    BINARY = "binary"
    DATETIME = "datetime"

    def dtype(self) -> np.dtype[Any]:
        """The NumPy type that a column of this type is cast to."""
        return _DTYPES[self]

    def __str__(self) -> str:
        return self.value


_DTYPES: dict[DataType, np.dtype[Any]] = {
    DataType.BOOLEAN: np.dtype(bool),
    DataType.INTEGER: np.dtype(np.int32),
    DataType.LONG: np.dtype(np.int64),
    DataType.FLOAT: np.dtype(np.float32),
    DataType.DOUBLE: np.dtype(np.float64),
    DataType.STRING: np.dtype(object),
    DataType.BINARY: np.dtype(object),
    DataType.DATETIME: np.dtype("datetime64[ns]"),
}


@dataclass(frozen=True, slots=True)
class Array:
    """Lists whose items are of one type."""

    items: ColumnType

    def __str__(self) -> str:
        return f"array of {self.items}"


@dataclass(frozen=True, slots=True)
class SparkVector(Array):
    """Vectors of Spark MLlib, which a caller gives and gets as lists of numbers."""

    items: ColumnType = DataType.DOUBLE

    def __str__(self) -> str:
        return "SparkML vector"


@dataclass(frozen=True, slots=True)
class Property:
    """One key of an object."""

    name: str
    type: ColumnType
    required: bool = True


@dataclass(frozen=True, slots=True)
class Object:
    """Dictionaries with known keys, kept sorted by name."""

    properties: tuple[Property, ...]

    def __str__(self) -> str:
        return "object of " + ", ".join(f"{one.name}: {one.type}" for one in self.properties)


@dataclass(frozen=True, slots=True)
class MapType:
    """Dictionaries with any keys, whose values are of one type."""

    values: ColumnType

    def __str__(self) -> str:
        return f"map of {self.values}"


@dataclass(frozen=True, slots=True)
class AnyType:
    """Anything: nothing is checked."""

    def __str__(self) -> str:
        return "any"


ColumnType = DataType | Array | Object | MapType | AnyType


def type_to_json(kind: ColumnType) -> dict[str, Any]:
    """`kind` as it stands in an MLmodel file."""
    match kind:
        case DataType():
            return {"type": kind.value}
        case SparkVector():
            return {"type": "sparkml_vector"}
        case Array():
            return {"type": "array", "items": type_to_json(kind.items)}
        case Object():
            properties = {one.name: {**type_to_json(one.type), "required": one.required} for one in kind.properties}
            return {"type": "object", "properties": properties}
        case MapType():
            return {"type": "map", "values": type_to_json(kind.values)}
        case AnyType():
            return {"type": "any"}


def type_from_json(data: Mapping[str, Any]) -> ColumnType:
    """The type that `data` describes.

    Raises:
        DamagedData: If it is none that is known.
    """
    word = data.get("type")
    try:
        match word:
            case "sparkml_vector":
                return SparkVector()
            case "array":
                return Array(type_from_json(data["items"]))
            case "object":
                found = [
                    Property(name, type_from_json(one), bool(one.get("required", True)))
                    for name, one in data["properties"].items()
                ]
                return Object(tuple(sorted(found, key=lambda one: one.name)))
            case "map":
                return MapType(type_from_json(data["values"]))
            case "any":
                return AnyType()
            case _:
                return DataType(word)
    except RecursionError as error:
        msg = "The signature has a column type that is nested too deeply."
        raise DamagedData(msg) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"The signature has a column type that is not understood: {dict(data)!r}."
        raise DamagedData(msg) from error


def of_dtype(dtype: np.dtype[Any]) -> DataType:
    """The column type that holds every value of a NumPy type.

    Raises:
        InvalidInput: If none does, as for complex numbers.
    """
    kind, size = dtype.kind, dtype.itemsize
    simple = {"b": DataType.BOOLEAN, "U": DataType.STRING, "S": DataType.BINARY, "M": DataType.DATETIME}
    if kind in simple:
        return simple[kind]
    if kind in "iu":
        if size + (kind == "u") <= 4:  # noqa: PLR2004 -- bytes of an integer column
            return DataType.INTEGER
        if size + (kind == "u") <= 8:  # noqa: PLR2004 -- bytes of a long column
            return DataType.LONG
    if kind == "f" and size <= 8:  # noqa: PLR2004 -- bytes of a double column
        return DataType.FLOAT if size <= 4 else DataType.DOUBLE  # noqa: PLR2004 -- bytes of a float column
    msg = f"No column type of a signature holds values of NumPy's {dtype}. Convert them first."
    raise InvalidInput(msg)


def of_value(value: Any) -> ColumnType:  # noqa: C901, PLR0911 -- one case a type
    """The type of a Python value, looking into lists and dictionaries.

    Raises:
        InvalidInput: If a list holds values of different types, or a value is of no known type.
    """
    match value:
        case bool():
            return DataType.BOOLEAN
        case int():
            return DataType.LONG
        case float():
            return DataType.DOUBLE
        case str():
            return DataType.STRING
        case bytes() | bytearray():
            return DataType.BINARY
        case dt.date():
            return DataType.DATETIME
        case np.generic():
            return of_dtype(value.dtype)
        case np.ndarray():
            return of_value(value.tolist()) if value.dtype.kind == "O" else _nested(of_dtype(value.dtype), value.ndim)
        case Mapping():
            return _of_mapping(value)
        case list() | tuple():
            return _of_items(list(value))
        case _:
            msg = f"No column type of a signature holds a {type(value).__name__}. Convert it first."
            raise InvalidInput(msg)


def _nested(kind: ColumnType, depth: int) -> ColumnType:
    for _ in range(depth):
        kind = Array(kind)
    return kind


def _of_mapping(value: Mapping[Any, Any]) -> ColumnType:
    if not all(isinstance(name, str) for name in value):
        msg = "A dictionary in a model's data needs strings as keys."
        raise InvalidInput(msg)
    found = [
        Property(name, AnyType() if one is None else of_value(one), one is not None) for name, one in value.items()
    ]
    return Object(tuple(sorted(found, key=lambda one: one.name)))


def _of_items(values: list[Any]) -> ColumnType:
    kinds = [of_value(one) for one in values if one is not None]
    if not kinds:
        return Array(AnyType())
    merged = kinds[0]
    for kind in kinds[1:]:
        merged = _merge(merged, kind)
    return Array(merged)


def _merge(one: ColumnType, other: ColumnType) -> ColumnType:
    if one == other or isinstance(other, AnyType):
        return one
    if isinstance(one, AnyType):
        return other
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(_merge(one.items, other.items))
    if isinstance(one, Object) and isinstance(other, Object):
        return _merge_objects(one, other)
    msg = f"A list in a model's data holds values of different types: {one} and {other}. Use one type."
    raise InvalidInput(msg)


def _merge_objects(one: Object, other: Object) -> Object:
    left = {item.name: item for item in one.properties}
    right = {item.name: item for item in other.properties}
    found = []
    for name in sorted({*left, *right}):
        if name in left and name in right:
            kind = _merge(left[name].type, right[name].type)
            found.append(Property(name, kind, left[name].required and right[name].required))
        else:
            found.append(Property(name, (left.get(name) or right[name]).type, required=False))
    return Object(tuple(found))
