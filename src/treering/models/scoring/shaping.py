"""A chunk of a file as what a model takes: the columns of its signature, as a table or as an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from treering.core.errors import InvalidInput
from treering.models.schema import Column, Schema, Tensor
from treering.models.scoring.job import Recipe
from treering.models.signature import Signature
from treering.models.tables import TABLES
from treering.models.types import DataType
from treering.storage.tables.sections import Wanted

__all__ = ["ALL", "Shape"]

ALL = "*"

_ARROW: dict[DataType, Any] = {
    DataType.BOOLEAN: pa.bool_(),
    DataType.INTEGER: pa.int32(),
    DataType.LONG: pa.int64(),
    DataType.FLOAT: pa.float32(),
    DataType.DOUBLE: pa.float64(),
    DataType.STRING: pa.string(),
    # Texts in a file; the signature makes of them what they stand for.
    DataType.BINARY: pa.string(),
    DataType.DATETIME: pa.string(),
}
_FROM_TEXT = {DataType.BINARY, DataType.DATETIME}
_TABLE_RANK = 2


class Shape:
    """What is read of files, and how a model gets it.

    Args:
        signature: The model's, if it has one.
    """

    def __init__(self, signature: Signature | None, recipe: Recipe) -> None:
        self._schema = signature.inputs if signature else None
        self._recipe = recipe
        tensors = self._schema.tensors() if self._schema else ()
        self._tensor: Tensor | None = tensors[0] if tensors and not tensors[0].name else None
        columns = self._schema.columns() if self._schema else ()
        texts = any(isinstance(column.type, DataType) and column.type in _FROM_TEXT for column in columns)
        self._cast: Schema | None = self._schema if texts else None

    def asked(self, there: Sequence[str], file: str) -> tuple[str, ...]:
        """The columns that the model is given, of those in a file.

        Raises:
            InvalidInput: If one that the user named, or the signature requires, is not there.
        """
        known = set(there)
        if self._recipe.columns:
            self._check(self._recipe.columns, known, file, "--columns")
            return self._recipe.columns
        names = self._schema.names() if self._schema else []
        if not names or self._schema is None:
            return tuple(there)
        required = [item.name for item in self._schema.items if not isinstance(item, Column) or item.required]
        missing = [name for name in required if name not in known]
        if missing:
            msg = (
                f"{file} lacks columns that the model's signature requires: {missing}. It has: {sorted(known)}."
                " Add or rename them."
            )
            raise InvalidInput(msg)
        return tuple(name for name in names if name in known)

    def kept(self, there: Sequence[str], file: str) -> tuple[str, ...]:
        """The columns that stand before the predictions.

        Raises:
            InvalidInput: If one of them is not there.
        """
        if ALL in self._recipe.keep:
            return tuple(there)
        self._check(self._recipe.keep, set(there), file, "--keep")
        return self._recipe.keep

    def wanted(self, there: Sequence[str], file: str) -> Wanted:
        """What is read of a file with these columns. Raises InvalidInput as `asked` and `kept` do."""
        asked = self.asked(there, file)
        columns = tuple(dict.fromkeys((*asked, *self.kept(there, file))))
        if self._tensor is not None:
            kind = pa.from_numpy_dtype(self._tensor.dtype) if self._tensor.dtype.kind in "iuf" else None
            flat = kind is not None and len(self._tensor.shape) <= _TABLE_RANK
            return Wanted(columns, dict.fromkeys(asked, kind) if flat else {}, exact=flat)
        known = set(asked)
        items = self._schema.columns() if self._schema else ()
        by_name = (
            {item.name: item for item in items} if items and items[0].name else dict(zip(asked, items, strict=False))
        )
        types = {
            name: _ARROW[item.type]
            for name, item in by_name.items()
            if name in known and isinstance(item.type, DataType)
        }
        return Wanted(columns, types)

    def data(self, table: Any, asked: Sequence[str]) -> Any:
        """A chunk as the model takes it."""
        chosen = table.select(list(asked))
        if self._tensor is not None:
            return _array(chosen, self._tensor)
        frame = chosen.to_pandas(ignore_metadata=True)
        return TABLES.load("pandas").from_columns(frame, self._cast) if self._cast else frame

    @staticmethod
    def _check(names: Sequence[str], known: set[str], file: str, option: str) -> None:
        missing = [name for name in names if name not in known]
        if missing:
            msg = f"{file} has no columns {missing}, which {option} names. It has: {sorted(known)}."
            raise InvalidInput(msg)


def _array(table: Any, tensor: Tensor) -> Any:
    if table.num_columns == 1 and pa.types.is_nested(table.schema.field(0).type):
        return np.array(table.column(0).to_pylist(), dtype=tensor.dtype)
    array = table.to_pandas(ignore_metadata=True).to_numpy()
    return array[:, 0] if len(tensor.shape) == 1 and array.shape[1] == 1 else array
