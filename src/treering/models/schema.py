"""What goes into a model, what comes out, and which parameters it takes, as lists of specifications.

The JSON written is MLflow's. Nothing here looks at data; see `inference` and `enforcement`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from treering.core.errors import DamagedData, InvalidInput
from treering.models.types import ColumnType, DataType, Object, type_from_json, type_to_json

__all__ = ["Column", "Parameter", "Parameters", "Schema", "Tensor"]


_LONGEST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: Empty when columns are known by their position.
        required: Whether data without the column is refused.
    """

    type: ColumnType
    name: str = ""
    required: bool = True

    def to_json(self) -> dict[str, Any]:
        """As it stands in an MLmodel file."""
        named = {"name": self.name} if self.name else {}
        return {**type_to_json(self.type), **named, "required": self.required}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One array.

    Attributes:
        dtype: A NumPy type; data must be of exactly this type.
        shape: -1 stands for any length.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it stands in an MLmodel file."""
        named = {"name": self.name} if self.name else {}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.dtype.name, "shape": list(self.shape)}}


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns or tensors, never both.

    Raises:
        InvalidInput: If both kinds are mixed, only some are named, or a name is there twice.
    """

    items: tuple[Column, ...] | tuple[Tensor, ...]

    def __post_init__(self) -> None:
        if len({type(item) for item in self.items}) > 1:
            msg = "A schema cannot mix columns and tensors. Describe all inputs in one of the two ways."
            raise InvalidInput(msg)
        names = [item.name for item in self.items if item.name]
        if names and len(names) != len(self.items):
            msg = "A schema names either all of its columns or none. Name the missing ones."
            raise InvalidInput(msg)
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            msg = f"A schema has the names {', '.join(twice)} more than once. Names must differ."
            raise InvalidInput(msg)
        if len(self.items) > 1 and not names and isinstance(self.items[0], Tensor):
            msg = "A schema of several tensors needs a name for each."
            raise InvalidInput(msg)

    def columns(self) -> tuple[Column, ...]:
        """The columns; none if this is a schema of tensors."""
        return tuple(item for item in self.items if isinstance(item, Column))

    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors; none if this is a schema of columns."""
        return tuple(item for item in self.items if isinstance(item, Tensor))

    def names(self) -> list[str]:
        """The names, in order; none if items are known by position."""
        return [item.name for item in self.items if item.name]

    def to_text(self) -> str:
        """The JSON string that stands in an MLmodel file."""
        return json.dumps([item.to_json() for item in self.items])

    @classmethod
    def from_text(cls, text: str) -> Schema:
        """The schema that an MLmodel file holds.

        Raises:
            DamagedData: If `text` is no schema.
        """
        found = _objects(text)
        if all(isinstance(one.get("name"), int) for one in found):
            # MLflow names the columns of a table without names by their position.
            found = [{**one, "name": ""} for one in found]
        return cls(tuple(_item(one) for one in found))  # type: ignore[arg-type]  # mixing is refused above


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter given beside the data, at prediction.

    Attributes:
        shape: `None` for a single value, `(-1,)` for a list.
    """

    name: str
    type: DataType | Object
    default: Any
    shape: tuple[int, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in an MLmodel file."""
        return {
            "name": self.name,
            "default": _plain(self.default),
            "shape": None if self.shape is None else list(self.shape),
            **type_to_json(self.type),
        }


@dataclass(frozen=True, slots=True)
class Parameters:
    """All parameters that a model takes."""

    items: tuple[Parameter, ...]

    def to_text(self) -> str:
        """The JSON string that stands in an MLmodel file."""
        return json.dumps([item.to_json() for item in self.items])

    @classmethod
    def from_text(cls, text: str) -> Parameters:
        """The parameters that an MLmodel file holds.

        Raises:
            DamagedData: If `text` describes none.
        """
        found = []
        for one in _objects(text):
            kind = type_from_json(one)
            if "name" not in one or not isinstance(kind, DataType | Object):
                msg = f"The signature has a parameter that is not understood: {one!r}."
                raise DamagedData(msg)
            shape = one.get("shape")
            if not isinstance(shape, list | None):
                msg = f"The signature has a parameter that is not understood: {one!r}."
                raise DamagedData(msg)
            found.append(Parameter(one["name"], kind, one.get("default"), None if shape is None else tuple(shape)))
        return cls(tuple(found))


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        parsed = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"The signature holds text that is no JSON: {str(text)[:_LONGEST_SHOWN]!r}."
        raise DamagedData(msg) from error
    if not isinstance(parsed, list) or not all(isinstance(one, dict) for one in parsed):
        msg = f"The signature is no list of specifications: {str(text)[:_LONGEST_SHOWN]!r}."
        raise DamagedData(msg)
    return parsed


def _item(data: Mapping[str, Any]) -> Column | Tensor:
    if data.get("type") != "tensor":
        return Column(type_from_json(data), str(data.get("name") or ""), bool(data.get("required", True)))
    try:
        spec = data["tensor-spec"]
        return Tensor(np.dtype(spec["dtype"]), tuple(int(size) for size in spec["shape"]), data.get("name") or "")
    except (KeyError, TypeError, ValueError) as error:
        msg = f"The signature has a tensor that is not understood: {dict(data)!r}."
        raise DamagedData(msg) from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value
