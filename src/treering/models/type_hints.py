"""Type hints of a predict function: the schema that they amount to, and data that is held against them.

The hint at the data is a list, because a model is asked several things at once; what
stands in it is a plain type, `dict`, `list`, a model of pydantic, or `Any`. Hints at
tables and arrays say nothing of their columns and give no schema.
"""

from __future__ import annotations

import datetime as dt
import sys
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from treering.core.errors import InvalidInput
from treering.models.schema import Column, Schema
from treering.models.tables import TABLES, is_table
from treering.models.types import AnyType, Array, ColumnType, DataType, MapType, Object, Property

__all__ = ["as_hinted", "is_hint", "schema_of_hint"]

_TYPES: dict[Any, DataType] = {
    bool: DataType.BOOLEAN,
    bytes: DataType.BINARY,
    dt.datetime: DataType.DATETIME,
    float: DataType.DOUBLE,
    int: DataType.LONG,
    str: DataType.STRING,
}
_UNIONS = {Union, types.UnionType}
_NOTHING = type(None)
_MOST_TOLD = 5


def is_hint(hint: Any) -> bool:
    """Whether a schema follows from a hint at the data."""
    return get_origin(hint) is list and bool(get_args(hint))


def schema_of_hint(hint: Any) -> Schema | None:
    """The schema of data or answers of this type; `None` where the hint promises nothing that a schema could say.

    Raises:
        InvalidInput: If the list holds what no column can.
    """
    if not is_hint(hint):
        return None
    kind, required = _column(get_args(hint)[0])
    if not required:
        msg = f"The hint {_shown(hint)} makes whole inputs optional. Take the None out of the list's items."
        raise InvalidInput(msg)
    return Schema((Column(kind),))


def as_hinted(data: Any, hint: Any) -> Any:
    """`data` as the predict function expects it: a table becomes a list, and a dictionary a model of pydantic.

    Raises:
        InvalidInput: If the data is of another type; the message shows the first wrong items.
    """
    if is_table(data):
        data = _listed(data, hint)
    return _held(data, hint)


def _column(hint: Any) -> tuple[ColumnType, bool]:
    """The type of a column, and whether it has to be there."""
    if hint is Any:
        return AnyType(), True
    if isinstance(hint, type) and hint in _TYPES:
        return _TYPES[hint], True
    if _is_pydantic(hint):
        found = [_property(name, one) for name, one in hint.model_fields.items()]
        return Object(tuple(sorted(found, key=lambda one: one.name))), True
    origin, inner = get_origin(hint), get_args(hint)
    if origin is list and inner:
        return Array(_column(inner[0])[0]), True
    if origin is dict and inner:
        if inner[0] is not str:
            msg = f"The hint {_shown(hint)} has keys that are no strings, which no signature can hold."
            raise InvalidInput(msg)
        return MapType(_column(inner[1])[0]), True
    if origin in _UNIONS:
        others = [one for one in inner if one is not _NOTHING]
        kind = _column(others[0])[0] if len(others) == 1 else AnyType()
        return kind, _NOTHING not in inner
    names = ", ".join(one.__name__ for one in _TYPES)
    msg = (
        f"The hint {_shown(hint)} says nothing that a signature can hold. Use list[...] of {names}, a pydantic model,"
        " list[...], dict[str, ...] or Any."
    )
    raise InvalidInput(msg)


def _property(name: str, field: Any) -> Property:
    kind, required = _column(field.annotation)
    if not required and field.is_required():
        msg = f"The field {name!r} may be None and has no default. Give it one: {name}: ... = None."
        raise InvalidInput(msg)
    # A default does not make it optional, in MLflow's signatures: only None does.
    return Property(name, kind, required)


def _listed(table: Any, hint: Any) -> Any:
    if not is_hint(hint):
        return table
    inner = get_args(hint)[0]
    columns = list(getattr(table, "columns", [0]))
    if len(columns) > 1 or ((get_origin(inner) is dict or inner is dict or _is_pydantic(inner)) and columns != [0]):
        return TABLES.load("pandas").to_records(table)
    return [next(iter(record.values()), None) for record in TABLES.load("pandas").to_records(table)]


def _held(data: Any, hint: Any) -> Any:
    if isinstance(hint, type) and hint in _TYPES:
        if not isinstance(data, hint) or (hint is int and isinstance(data, bool)):
            raise _wrong(data, hint)
    elif _is_pydantic(hint):
        return _validated(data, hint)
    elif inner := get_args(hint):
        return _held_inside(data, hint, inner)
    return data


def _held_inside(data: Any, hint: Any, inner: tuple[Any, ...]) -> Any:
    origin = get_origin(hint)
    if origin is list:
        return _items(data, hint, inner[0])
    if origin is dict:
        if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
            raise _wrong(data, hint)
        return {key: _held(value, inner[1]) for key, value in data.items()}
    if origin in _UNIONS and not (data is None and _NOTHING in inner):
        others = [one for one in inner if one is not _NOTHING]
        return _held(data, others[0]) if len(others) == 1 else data
    return data


def _items(data: Any, hint: Any, inner: Any) -> list[Any]:
    if not isinstance(data, list):
        raise _wrong(data, hint)
    found, wrong = [], []
    for item in data:
        try:
            found.append(_held(item, inner))
        except InvalidInput as error:
            wrong.append((item, error.message))
    if wrong:
        told = "; ".join(f"{item!r}: {message}" for item, message in wrong[:_MOST_TOLD])
        msg = f"{len(wrong)} of {len(data)} items do not fit the type hint {_shown(hint)}: {told}"
        raise InvalidInput(msg)
    return found


def _validated(data: Any, hint: Any) -> Any:
    if isinstance(data, hint):
        return data
    if not isinstance(data, Mapping):
        raise _wrong(data, hint)
    try:
        # As MLflow does: no text is taken for a number.
        return hint.model_validate(dict(data), strict=True)
    except ValueError as error:  # pydantic's own error is one
        msg = f"The data does not fit {_shown(hint)}: {error}"
        raise InvalidInput(msg) from error


def _is_pydantic(hint: Any) -> bool:
    # Who has such a hint has imported pydantic.
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(hint, type) and issubclass(hint, pydantic.BaseModel)


def _wrong(data: Any, hint: Any) -> InvalidInput:
    return InvalidInput(f"The model takes {_shown(hint)}, and was given a {type(data).__name__}.")


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and get_origin(hint) is None else str(hint)
