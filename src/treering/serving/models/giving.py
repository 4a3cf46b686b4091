"""What a model answered, made into named tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from treering.models.schema import Schema
from treering.models.tables import TABLES, is_table
from treering.serving.models.encoding import jsonable
from treering.serving.models.feeding import OUTPUT

__all__ = ["Give"]


class Give:
    """Names and shapes the answers of one model."""

    def __init__(self, schema: Schema | None) -> None:
        names = schema.names() if schema else []
        self._name = names[0] if len(names) == 1 else OUTPUT

    def tensors(self, predictions: Any) -> dict[str, np.ndarray[Any, Any]]:
        """One array for each name; the first axis is that of the rows.

        Raises:
            TypeError, ValueError: If the answer has no such form.
        """
        if type(predictions) is np.ndarray:
            return {self._name: _plain(predictions)}
        if is_table(predictions):
            return self._of_table(predictions)
        if isinstance(predictions, Mapping):
            return {str(name): _plain(_array(one)) for name, one in predictions.items()}
        if isinstance(predictions, list) and predictions and all(isinstance(one, Mapping) for one in predictions):
            names = list(predictions[0])
            if all(list(one) == names for one in predictions):
                return {str(name): _plain(_array([one[name] for one in predictions])) for name in names}
        return {self._name: _plain(_array(predictions))}

    def _of_table(self, table: Any) -> dict[str, np.ndarray[Any, Any]]:
        if table.ndim == 1:
            return {str(table.name) if table.name is not None else self._name: _plain(_column(table))}
        return {str(name): _plain(_column(table.iloc[:, place])) for place, name in enumerate(table.columns)}


def _column(column: Any) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = TABLES.load("pandas").array_of(column)
    return found


def _array(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        return value
    if is_table(value):
        return _column(value)
    if hasattr(value, "toarray"):
        return np.asarray(value.toarray())
    items = value if isinstance(value, list | tuple) else [value]
    try:
        made = np.asarray(items)
    except ValueError:  # lists of different lengths
        made = None
    if made is None or (made.dtype.kind == "U" and not all(isinstance(one, str) for one in _leaves(items))):
        made = np.empty(len(items), dtype=object)
        made[:] = items
    return made


def _leaves(items: Any) -> Any:
    for one in items:
        if isinstance(one, list | tuple):
            yield from _leaves(one)
        else:
            yield one


def _plain(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbers, truths, or an array of bytes."""
    kind = values.dtype.kind
    if kind in "biuf":
        return values.astype(np.float64) if values.dtype.itemsize > 8 else values  # noqa: PLR2004 -- bytes of a double
    if kind == "c":
        msg = "The model answered with complex numbers, which have no data type in the protocol."
        raise TypeError(msg)
    made = np.empty(values.size, dtype=object)
    flat = values.astype(str).ravel() if kind in "mM" else values.ravel()
    for place, one in enumerate(flat.tolist()):
        made[place] = _bytes(one)
    return made.reshape(values.shape)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else msgspec.json.encode(value, enc_hook=jsonable)
