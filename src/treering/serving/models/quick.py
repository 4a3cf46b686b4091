"""The common JSON bodies, read straight into arrays of the types that the signature names.

One pass of a typed decoder checks values and lengths. Everything unusual, and all that is wrong, is left to
`decoding`, which knows every form and finds the words for what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from treering.models.light.rows import Table
from treering.models.loading import LoadedModel
from treering.models.schema import Column, Schema, Tensor
from treering.models.types import DataType
from treering.serving.models.grouping import fitting

__all__ = ["Found", "Quick"]

_PYTHON: dict[str, type] = {"b": bool, "f": float, "i": int, "u": int}
_CELLS: dict[DataType, tuple[type, Any]] = {
    DataType.BOOLEAN: (bool, np.dtype(bool)),
    DataType.DOUBLE: (float, np.dtype(np.float64)),
    DataType.FLOAT: (float, np.dtype(np.float32)),
    DataType.INTEGER: (int, np.dtype(np.int32)),
    DataType.LONG: (int, np.dtype(np.int64)),
    DataType.STRING: (str, np.dtype(object)),
}
_WRONG = (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError, OverflowError, TypeError)


class Found(NamedTuple):
    """What a body asks: data that fits the signature, how many rows, the parameters as given, and in which form it came."""

    data: Any
    rows: int
    key: Any
    params: dict[str, Any] | None
    form: str


class Quick:
    """Reads the bodies of one model.

    Args:
        forms: The type of the value of each form, and what makes data of it.
    """

    def __init__(self, forms: dict[str, tuple[Any, Callable[[Any], Any]]], key: Any = None) -> None:
        fields = [(name, kind | UnsetType, UNSET) for name, (kind, _) in forms.items()]
        body = msgspec.defstruct(
            "Body",
            [*fields, ("params", dict[str, Any] | None, None)],
            forbid_unknown_fields=True,
            gc=False,
        )
        self._decoder = msgspec.json.Decoder(body)
        self._takes = tuple((name, take) for name, (_, take) in forms.items())
        self._key = key

    @classmethod
    def of(cls, model: LoadedModel) -> Quick | None:
        """What reads the bodies of `model`; `None` if its signature has none that are common."""
        schema = model.signature.inputs if model.signature else None
        if schema is None or not schema.items or model.hinted:
            return None
        if tensors := schema.tensors():
            return _of_tensor(tensors[0]) if not tensors[0].name else _of_named(tensors)
        return _of_columns(schema)

    def read(self, body: bytes) -> Found | None:
        """What `body` asks; `None` if that takes a closer look."""
        try:
            found: Any = self._decoder.decode(body)
            data, form = None, ""
            for name, take in self._takes:
                value = getattr(found, name)
                if value is not UNSET:
                    if data is not None:
                        return None
                    data, form = take(value), name
                    if data is None:
                        return None
        except _WRONG:
            return None
        if data is None:
            return None
        if self._key is not None:
            return Found(data, len(data), self._key, found.params, form)
        return Found(data, *fitting(data), found.params, form)


def _nested(tensor: Tensor) -> Any:
    kind: Any = _PYTHON[tensor.dtype.kind]
    for size in reversed(tensor.shape):
        kind = list[kind] if size < 0 else Annotated[list[kind], msgspec.Meta(min_length=size, max_length=size)]
    return kind


def _array(tensor: Tensor) -> Callable[[Any], Any]:
    dtype, rank = tensor.dtype, len(tensor.shape)

    def take(value: Any) -> Any:
        made = np.array(value, dtype=dtype)
        # Lists without items have lost how deep they were.
        return made if made.ndim == rank and len(made) else None

    return take


def _of_tensor(tensor: Tensor) -> Quick | None:
    if tensor.dtype.kind not in _PYTHON or not tensor.shape or tensor.dtype.itemsize > 8:  # noqa: PLR2004 -- bytes of a double
        return None
    rows, take = _nested(tensor), _array(tensor)
    forms: dict[str, tuple[Any, Callable[[Any], Any]]] = {"inputs": (rows, take), "instances": (rows, take)}
    if len(tensor.shape) == 2:  # noqa: PLR2004 -- a table
        forms["dataframe_split"] = (_split(rows), lambda split: take(split.data) if _is_plain(split, None) else None)
    fixed = all(size >= 0 for size in tensor.shape[1:])
    return Quick(forms, ("array", tensor.dtype.str) if fixed else None)


def _of_named(tensors: tuple[Tensor, ...]) -> Quick | None:
    if not all(one.dtype.kind in _PYTHON and one.shape and one.dtype.itemsize <= 8 for one in tensors):  # noqa: PLR2004 -- bytes of a double
        return None
    row, names = _struct([(tensor.name, _nested(tensor)) for tensor in tensors])
    takes = [(tensor.name, place, _array(tensor)) for place, tensor in zip(names, tensors, strict=True)]

    def take(value: Any) -> Any:
        found = {name: one(getattr(value, place)) for name, place, one in takes}
        return None if any(one is None for one in found.values()) else found

    return Quick({"inputs": (row, take)})


def _of_columns(schema: Schema) -> Quick | None:
    columns = schema.columns()
    if not schema.names() or not all(one.required and one.type in _CELLS for one in columns):
        return None
    kinds = [_CELLS[one.type][0] for one in columns if isinstance(one.type, DataType)]
    record, _ = _struct(list(zip(schema.names(), kinds, strict=True)))
    take = _table(columns)
    records = (list[record], lambda rows: take([msgspec.structs.astuple(row) for row in rows]))  # type: ignore[valid-type]  # made at run time
    names = schema.names()
    rows = list[tuple[tuple(kinds)]]  # type: ignore[misc, valid-type]  # made at run time
    split = (_split(rows), lambda one: take(one.data) if _is_plain(one, names) else None)
    forms = {"dataframe_split": split, "dataframe_records": records, "instances": records, "inputs": records}
    return Quick(forms, ("columns", tuple(names), len(set(kinds)) == 1))


def _table(columns: tuple[Column, ...]) -> Callable[[Any], Any]:
    names = tuple(one.name for one in columns)
    types = [_CELLS[one.type][1] for one in columns if isinstance(one.type, DataType)]
    same = types[0] if len(set(types)) == 1 and types[0].kind != "O" else None

    def take(rows: Any) -> Any:
        if not rows:
            return None
        if same is not None:
            return Table(names, matrix=np.array(rows, dtype=same))
        made = [_column(values, dtype) for values, dtype in zip(zip(*rows, strict=True), types, strict=True)]
        return Table(names, made)

    return take


def _column(values: tuple[Any, ...], dtype: Any) -> Any:
    made = np.empty(len(values), dtype=dtype)
    made[:] = values
    return made


def _split(rows: Any) -> Any:
    return msgspec.defstruct(
        "Split",
        [("data", rows), ("columns", list[Any] | UnsetType, UNSET), ("index", list[Any] | UnsetType, UNSET)],
        forbid_unknown_fields=True,
        gc=False,
    )


def _is_plain(split: Any, names: list[str] | None) -> bool:
    """Whether rows are numbered and columns are the model's, in its order."""
    if names is None:
        named = split.columns is UNSET or (bool(split.data) and len(split.columns) == len(split.data[0]))
    else:
        named = split.columns == names
    return named and (split.index is UNSET or split.index == list(range(len(split.data))))


def _struct(fields: list[tuple[str, Any]]) -> tuple[Any, list[str]]:
    """A type of dictionaries with these keys, which may be no names in Python; and the attributes that hold them."""
    places = [f"c{place}" for place in range(len(fields))]
    renamed = {place: name for place, (name, _) in zip(places, fields, strict=True)}
    made = msgspec.defstruct(
        "Row", [(place, kind) for place, (_, kind) in zip(places, fields, strict=True)], rename=renamed, gc=False
    )
    return made, places
