"""What a model is asked about, column by column: a table of pandas, a dictionary of columns or a matrix.

pandas is never imported here: who has a table of it has pandas. Nothing given is changed; what is changed is a copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput

__all__ = ["Columns"]

Array = np.ndarray[Any, np.dtype[Any]]


class Columns:
    """A table that can be asked for a column, for some rows, and for itself with one column changed.

    Args:
        table: A DataFrame, a mapping of names to columns, or a matrix (anything that becomes one).
        names: What the columns of a matrix are called; numbers from 0 otherwise.

    Raises:
        InvalidInput: If it is none of these.
    """

    def __init__(self, table: Any, names: Sequence[str] = ()) -> None:
        self.table = table
        self._frame = hasattr(table, "iloc") and hasattr(table, "columns")
        if self._frame:
            self.keys: list[Any] = list(table.columns)
        elif isinstance(table, Mapping):
            self.table = {name: np.asarray(column) for name, column in table.items()}
            self.keys = list(table)
        else:
            self.table = _matrix(table)
            self.keys = list(range(self.table.shape[1]))
        named = bool(names) and len(names) == len(self.keys) and not self._frame
        self.names: list[str] = [str(name) for name in (names if named else self.keys)]
        if len(set(self.names)) < len(self.names):
            msg = "Two columns have one name, so nothing could be told of either. Rename one."
            raise InvalidInput(msg)

    def __len__(self) -> int:
        if isinstance(self.table, dict):
            return len(next(iter(self.table.values()), ()))
        return len(self.table)

    def take(self, rows: Array) -> Columns:
        """Some of the rows, in that order."""
        if self._frame:
            taken = self.table.iloc[rows]
        elif isinstance(self.table, dict):
            taken = {name: column[rows] for name, column in self.table.items()}
        else:
            taken = self.table[rows]
        return Columns(taken, self.names)

    def values(self, place: int) -> Array:
        """One column as an array."""
        key = self.keys[place]
        return np.asarray(self.table[:, key] if isinstance(self.table, np.ndarray) else self.table[key])

    def is_number(self, place: int) -> bool:
        """Whether a column holds numbers; truth values are none."""
        values = self.values(place)
        if values.dtype.kind in "iuf":
            return True
        # A column of whole numbers with gaps is one of objects.
        known = [value for value in values[:1000].tolist() if value is not None] if values.dtype.kind == "O" else []
        return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)

    def shuffled(self, place: int, order: Array) -> Any:
        """The table with the values of one column in another order."""
        if self._frame:
            return self._with(place, self.table[self.keys[place]].iloc[order].array)
        return self.replaced(place, self.values(place)[order])

    def with_gaps(self, place: int, gaps: Array) -> Any:
        """The table without the values of one column where `gaps` is true."""
        if self._frame:
            series = self.table[self.keys[place]]
            series = series.astype(object) if series.dtype.kind == "b" else series
            return self._with(place, series.mask(gaps).array)
        values = self.values(place)
        if values.dtype.kind in "iuf":
            return self.replaced(place, np.where(gaps, np.nan, values.astype(float)))
        holed = values.astype(object)
        holed[gaps] = None
        return self.replaced(place, holed)

    def replaced(self, place: int, values: Array) -> Any:
        """The table with other values in one column."""
        if self._frame:
            return self._with(place, values)
        if isinstance(self.table, dict):
            return {**self.table, self.keys[place]: values}
        kind = np.result_type(self.table.dtype, values.dtype) if values.dtype.kind != "O" else np.dtype(object)
        copy = self.table.astype(kind)
        copy[:, self.keys[place]] = values
        return copy

    def _with(self, place: int, values: Any) -> Any:
        copy = self.table.copy(deep=False)
        copy[self.keys[place]] = values
        return copy


def _matrix(table: Any) -> Array:
    try:
        matrix = np.asarray(table)
    except ValueError as error:  # rows of different lengths
        msg = f"What the model is asked about is no table: {error}."
        raise InvalidInput(msg) from error
    if matrix.ndim != 2:  # noqa: PLR2004 -- rows and columns
        msg = f"Columns can be told apart in tables and matrices only, and this has {matrix.ndim} dimensions."
        raise InvalidInput(msg)
    return matrix
