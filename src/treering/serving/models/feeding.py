"""Named tensors made into what a model takes, by its signature; and what the signature says of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from treering.core.errors import InvalidInput, MalformedRequest
from treering.models.light.rows import Table
from treering.models.loading import LoadedModel
from treering.models.schema import Column, Schema, Tensor
from treering.models.tables import TABLES
from treering.models.types import DataType
from treering.serving.models.datatypes import datatype_of

__all__ = ["INPUT", "OUTPUT", "Feed", "inputs_of", "outputs_of"]

INPUT = "input-0"
"""What the tensor of a model is called that does not name its own; any other name does as well."""
OUTPUT = "output-0"

Arrays = Mapping[str, np.ndarray[Any, Any]]
_PLAIN = {DataType.BOOLEAN, DataType.DOUBLE, DataType.FLOAT, DataType.INTEGER, DataType.LONG, DataType.STRING}
_MATRIX = 2


def inputs_of(schema: Schema | None) -> list[dict[str, Any]]:
    """The tensors that a model takes, as the protocol tells them: -1 stands for any length."""
    return _told(schema, INPUT)


def outputs_of(schema: Schema | None) -> list[dict[str, Any]]:
    """The tensors that a model gives."""
    return _told(schema, OUTPUT)


def _told(schema: Schema | None, default: str) -> list[dict[str, Any]]:
    if schema is None:
        return []
    if tensors := schema.tensors():
        return [
            {"name": one.name or default, "datatype": _datatype(one.dtype), "shape": list(one.shape)} for one in tensors
        ]
    columns = schema.columns()
    stem = default.rpartition("-")[0]
    if not schema.names() and len({one.type for one in columns}) == 1 and len(columns) > 1:
        return [{"name": default, "datatype": _column_type(columns[0]), "shape": [-1, len(columns)]}]
    return [
        {"name": one.name or f"{stem}-{place}", "datatype": _column_type(one), "shape": [-1]}
        for place, one in enumerate(columns)
    ]


def _datatype(dtype: np.dtype[Any]) -> str:
    try:
        return datatype_of(dtype)
    except TypeError:
        return "BYTES"


def _column_type(column: Column) -> str:
    return datatype_of(column.type.dtype()) if isinstance(column.type, DataType) else "BYTES"


class Feed:
    """Makes the data of one model. Values of BYTES come as `bytes`, or as `str` where they stood in JSON."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        schema = model.signature.inputs if model.signature else None
        self._schema = schema if schema and schema.items else None
        self._tensors = {one.name: one for one in schema.tensors()} if schema else {}
        self._columns = {one.name: one for one in schema.columns()} if schema and schema.names() else {}
        self._one = next(iter(self._tensors.values())) if list(self._tensors) == [""] else None
        types = [one.type for one in self._columns.values()]
        self._plain = all(one in _PLAIN for one in types)
        first = types[0] if types else None
        alike = isinstance(first, DataType) and first in _PLAIN - {DataType.STRING} and types == [first] * len(types)
        self._same = first.dtype() if alike and isinstance(first, DataType) else None

    def data(self, given: Arrays) -> Any:
        """What the model takes.

        Raises:
            MalformedRequest: If that cannot be made of `given`; the message names the tensor.
        """
        if self._one is not None and not self._model.hinted:
            name, values = self._single(given)
            return _fitted(name, values, self._one)
        if self._model.hinted or self._schema is None:
            return self._free(given)
        if self._tensors:
            self._check_names(given, list(self._tensors))
            return {name: _fitted(name, given[name], tensor) for name, tensor in self._tensors.items()}
        return self._table(given)

    def _single(self, given: Arrays) -> tuple[str, np.ndarray[Any, Any]]:
        if len(given) != 1:
            msg = f"The model takes one tensor, and was given {len(given)}: {sorted(given)}."
            raise MalformedRequest(msg)
        return next(iter(given.items()))

    def _check_names(self, given: Arrays, required: list[str]) -> None:
        known = self._tensors or self._columns
        missing = [name for name in required if name not in given]
        unknown = sorted(name for name in given if name not in known)
        if missing or unknown:
            texts = [f"Model is missing inputs {missing}."] if missing else []
            texts += [f"It does not know the inputs {unknown}."] if unknown else []
            msg = f"{' '.join(texts)} It takes: {list(known)}."
            raise MalformedRequest(msg)

    def _free(self, given: Arrays) -> Any:
        if len(given) > 1:
            return self._checked({name: _decoded(values) for name, values in given.items()})
        values = _decoded(next(iter(given.values())))
        return self._checked(values.tolist() if self._model.hinted else values)

    def _checked(self, data: Any) -> Any:
        try:
            return self._model.checked(data, None)[0]
        except InvalidInput as error:
            raise MalformedRequest(error.message) from error

    def _table(self, given: Arrays) -> Any:
        if len(given) == 1:
            name, values = next(iter(given.items()))
            count = len(self._schema.columns()) if self._schema else 0
            if values.ndim == _MATRIX and (name not in self._columns or count > 1):
                return self._matrix(name, values, count)
        if not self._columns:
            msg = f"The model takes one tensor with its columns side by side, and was given {sorted(given)}."
            raise MalformedRequest(msg)
        self._check_names(given, [name for name, one in self._columns.items() if one.required])
        flat = {name: _flat(name, values) for name, values in given.items()}
        sizes = {name: len(values) for name, values in flat.items()}
        if len(set(sizes.values())) > 1:
            msg = f"The inputs are columns of one table, and have different lengths: {sizes}."
            raise MalformedRequest(msg)
        present = [name for name in self._columns if name in flat]
        if self._plain:
            return Table(tuple(present), [_cell(name, flat[name], self._columns[name]) for name in present])
        made = {name: _values(name, flat[name], self._columns[name]) for name in present}
        return self._by_library(made)

    def _matrix(self, name: str, values: np.ndarray[Any, Any], count: int) -> Any:
        if values.shape[1] != count:
            msg = f"The input {name!r} has the shape {list(values.shape)}, and the model takes [-1, {count}]."
            raise MalformedRequest(msg)
        if self._same is not None:
            return Table(tuple(self._columns), matrix=_cast(name, values, self._same))
        if self._plain and self._columns:
            columns = [_cell(known, values[:, place], one) for place, (known, one) in enumerate(self._columns.items())]
            return Table(tuple(self._columns), columns)
        return self._by_library(_decoded(values).tolist())

    def _by_library(self, value: Any) -> Any:
        assert self._schema is not None  # noqa: S101 -- for the type checker
        try:
            return self._checked(TABLES.load("pandas").from_columns(value, self._schema))
        except MalformedRequest:
            raise
        except (InvalidInput, TypeError, ValueError) as error:
            msg = f"The inputs make no table that the model takes: {error}"
            raise MalformedRequest(msg) from error


def _fitted(name: str, values: np.ndarray[Any, Any], tensor: Tensor) -> np.ndarray[Any, Any]:
    wanted = tensor.shape
    shape = values.shape
    if len(shape) != len(wanted) or any(size not in {-1, has} for size, has in zip(wanted, shape, strict=True)):
        msg = f"The input {name!r} has the shape {list(shape)}, and the model takes {list(wanted)} (-1: any length)."
        raise MalformedRequest(msg)
    if tensor.dtype.kind in "USO" and values.dtype.kind == "O":
        decoded = _decoded(values)
        return decoded.astype(tensor.dtype.kind) if tensor.dtype.kind == "U" else values
    return _cast(name, values, tensor.dtype)


def _cast(name: str, values: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """The same numbers in another type, which every one of them has."""
    if values.dtype == dtype:
        return values
    if values.dtype.kind in "biuf" and dtype.kind in "biuf":
        if np.can_cast(values.dtype, dtype, "safe") and values.dtype.kind != "b":
            return values.astype(dtype)
        if values.dtype.kind in "iu" and dtype.kind in "iuf":
            made = values.astype(dtype)
            if bool((made == values).all()) and bool(((made < 0) == (values < 0)).all()):
                return made
    msg = (
        f"The input {name!r} is {datatype_of(values.dtype)}, and the model takes {_datatype(dtype)}, which does not hold"
        f" all of its values. Send it as {_datatype(dtype)}."
    )
    raise MalformedRequest(msg)


def _flat(name: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values of a column, which may be written as a table of one column."""
    if values.ndim == _MATRIX and values.shape[1] == 1:
        return values[:, 0]
    if not values.ndim:
        msg = f"The input {name!r} is a single value. Give it the shape [1], or as many values as there are rows."
        raise MalformedRequest(msg)
    return values


def _cell(name: str, values: np.ndarray[Any, Any], column: Column) -> np.ndarray[Any, Any]:
    if values.ndim != 1:
        msg = f"The input {name!r} has the shape {list(values.shape)}, and is a column, of shape [-1]."
        raise MalformedRequest(msg)
    if column.type is DataType.STRING:
        if values.dtype.kind != "O":
            msg = f"The input {name!r} is {datatype_of(values.dtype)}, and the model takes texts. Send it as BYTES."
            raise MalformedRequest(msg)
        return _decoded(values, name)
    assert isinstance(column.type, DataType)  # noqa: S101 -- for the type checker
    return _cast(name, values, column.type.dtype())


def _values(name: str, values: np.ndarray[Any, Any], column: Column) -> list[Any]:
    """A column for the library of tables, which knows times, lists and objects."""
    if values.dtype.kind != "O":
        return list(values.tolist())
    if column.type is DataType.BINARY:
        return [one if isinstance(one, bytes) else _unarmoured(name, one) for one in values.tolist()]
    texts = _decoded(values, name).tolist()
    if isinstance(column.type, DataType):
        return list(texts)
    try:
        return [msgspec.json.decode(one) for one in texts]
    except (msgspec.DecodeError, RecursionError) as error:
        msg = f"The input {name!r} holds values of the type {column.type}, which are sent as JSON: {error}"
        raise MalformedRequest(msg) from error


def _unarmoured(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        msg = f"The input {name!r} holds bytes, which JSON has as base64: {error}"
        raise MalformedRequest(msg) from error


def _decoded(values: np.ndarray[Any, Any], name: str = INPUT) -> np.ndarray[Any, Any]:
    """Bytes as texts."""
    if values.dtype.kind != "O":
        return values
    made = np.empty(values.size, dtype=object)
    try:
        for place, one in enumerate(values.ravel()):
            made[place] = one.decode() if isinstance(one, bytes) else one
    except UnicodeDecodeError as error:
        msg = f"The input {name!r} holds text that is not UTF-8: {error}"
        raise MalformedRequest(msg) from error
    return made.reshape(values.shape)
