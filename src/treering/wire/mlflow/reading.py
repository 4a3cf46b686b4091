"""Turning JSON of unknown shape into a message, with MLflow's latitude and MLflow's words for what is wrong.

Field names may be written in snake_case or camelCase, null stands for a field that
is not there, and unknown fields are passed over. This is the thorough way; the codec
tries a quick one first.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from treering.core.errors import InvalidInput

__all__ = ["camel_case", "read_message"]

M = TypeVar("M", bound=msgspec.Struct)

_LONGEST_QUOTE = 120
_HINT = "See the API docs for more information about request parameters."


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    camel: str
    kind: Any
    plain: type
    repeated: bool
    required: bool


def camel_case(name: str) -> str:
    """`run_id` as `runId`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def read_message(kind: type[M], raw: Mapping[str, Any], where: str = "") -> M:
    """The message of type `kind` that `raw` describes.

    Args:
        where: The path of the message inside the request, for what is said of its fields.

    Raises:
        InvalidInput: If a required field is missing, or a value is not of its field's type.
    """
    values: dict[str, Any] = {}
    for field in _fields(kind):
        path = f"{where}.{field.name}" if where else field.name
        value = _take(raw, field, path)
        if value is not None:
            values[field.name] = _read(field, value, path)
        elif field.required:
            raise _missing(path)
    return kind(**values)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[_Field, ...]:
    found = []
    for item in msgspec.structs.fields(kind):
        repeated = get_origin(item.type) is tuple
        inner = get_args(item.type)[0] if repeated else item.type
        found.append(_Field(item.name, camel_case(item.name), inner, _plain(inner), repeated, item.required))
    return tuple(found)


def _plain(kind: Any) -> type:
    """The class behind an annotated or optional type."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        return _plain(next(item for item in get_args(kind) if item not in {msgspec.UnsetType, type(None)}))
    return kind  # type: ignore[no-any-return]  # what is left is a class


def _take(raw: Mapping[str, Any], field: _Field, path: str) -> Any:
    value = raw.get(field.name)
    if field.camel == field.name or field.camel not in raw:
        return value
    if field.name in raw:
        msg = f"Parameter {path!r} is given twice, as {field.name!r} and as {field.camel!r}. Leave one out."
        raise InvalidInput(msg)
    return raw[field.camel]


def _read(field: _Field, value: Any, path: str) -> Any:
    if not field.repeated:
        return _read_one(field, value, path)
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise _invalid(value, path, "Expected a list")
    return tuple(_read_one(field, item, f"{path}[{place}]") for place, item in enumerate(value))


def _read_one(field: _Field, value: Any, path: str) -> Any:
    if issubclass(field.plain, msgspec.Struct):
        if not isinstance(value, Mapping):
            raise _invalid(value, path, "Expected an object")
        return read_message(field.plain, value, path)
    return _read_scalar(field, value, path)


def _read_scalar(field: _Field, value: Any, path: str) -> Any:
    value = _lenient(field.plain, value)
    if value == "" and field.required:
        raise _missing(path)
    try:
        read = msgspec.convert(value, field.kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(value, path, str(error).partition(" - at ")[0]) from error
    if isinstance(read, str) and not _is_text(read):
        raise _invalid(ascii(read), path, "It holds half of a surrogate pair, which no text does")
    return read


def _lenient(kind: type, value: Any) -> Any:
    """`value` as `kind` would write it, where protocol buffers read another spelling too."""
    if issubclass(kind, Enum) and isinstance(value, int) and not isinstance(value, bool):
        members = list(kind)
        place = value if members[0].name == "UNSPECIFIED" else value - 1
        return members[place].value if 0 <= place < len(members) else value
    if kind is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if kind is float and isinstance(value, bool):
        return float(value)
    return value


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _missing(path: str) -> InvalidInput:
    return InvalidInput(f"Missing value for required parameter '{path}'. {_HINT}")


def _invalid(value: Any, path: str, reason: str) -> InvalidInput:
    quote = value if isinstance(value, str) else json.dumps(value, default=str)
    if len(quote) > _LONGEST_QUOTE:
        quote = quote[:_LONGEST_QUOTE] + "..."
    return InvalidInput(f"Invalid value {quote} for parameter '{path}' supplied: {reason}. {_HINT}")
