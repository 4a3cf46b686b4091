"""What passes from step to step: rows of numbers, rows that scikit-learn keeps sparse, or columns of several kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Columns",
    "Rows",
    "Sparse",
    "Step",
    "Table",
    "Unsure",
    "array_of",
    "columns_of",
    "double",
    "finite",
    "part_of",
]

Array = NDArray[Any]
Step = Callable[[Any], Any]

_NUMBERS = frozenset({np.dtype(np.float64), np.dtype(np.int64)})


class Unsure(Exception):
    """scikit-learn may answer these rows in another way, warn, or refuse them; it has to be asked."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """Rows that scikit-learn keeps in a sparse matrix here, written out."""

    rows: Array


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows as columns, of which some hold texts."""

    columns: Sequence[Array]


class Table:
    """Named columns without pandas, as a server has them: checked, and of the types that the signature names.

    Args:
        matrix: The values, one row a row, where all columns are of one type; then `columns` may be left out.
    """

    __slots__ = ("_columns", "matrix", "names")

    def __init__(self, names: tuple[str, ...], columns: Sequence[Array] = (), matrix: Array | None = None) -> None:
        self.names = names
        self.matrix = matrix
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns[0]) if self.matrix is None else len(self.matrix)

    @property
    def columns(self) -> Sequence[Array]:
        """One array a column, in the order of the names."""
        return self._columns if self.matrix is None else list(self.matrix.T)

    def rows(self, names: Sequence[str]) -> Rows:
        """The columns of these names, as `part_of` gives those of a data frame. Raises Unsure."""
        if self.matrix is not None and self.matrix.dtype in _NUMBERS:
            places = None if list(names) == list(self.names) else self._places(names)
            return np.asfortranarray(self.matrix if places is None else self.matrix[:, places])
        columns = self.columns
        chosen = [columns[place] for place in self._places(names)]
        if all(one.dtype in _NUMBERS for one in chosen):
            return np.asfortranarray(np.stack(chosen, axis=1))
        if any(one.dtype not in _NUMBERS and one.dtype != object for one in chosen):
            raise Unsure
        return Columns(chosen)

    def _places(self, names: Sequence[str]) -> list[int]:
        places = {name: place for place, name in enumerate(self.names)}
        return [places[name] for name in names]


Rows = Array | Sparse | Columns


def array_of(rows: Rows) -> Array:
    """The rows, if they are an array of numbers without infinite ones. Raises Unsure."""
    if not isinstance(rows, np.ndarray) or rows.dtype.kind not in "if" or np.isinf(rows).any():
        raise Unsure
    return rows


def finite(rows: Rows) -> Array:
    """The rows, if they are an array of finite numbers. Raises Unsure."""
    if not isinstance(rows, np.ndarray) or rows.dtype.kind not in "if" or not np.isfinite(rows).all():
        raise Unsure
    return rows


def double(rows: Rows) -> Array:
    """A copy in double precision, which a step may write into; values may be missing."""
    return array_of(rows).astype(np.float64)


def columns_of(rows: Rows) -> Sequence[Array]:
    """The rows as columns. Raises Unsure."""
    if isinstance(rows, Columns):
        return rows.columns
    given = finite(rows)
    return [given[:, number] for number in range(given.shape[1])]


def part_of(table: Any) -> Rows:
    """The rows of a data frame of pandas, as scikit-learn would see them. Raises Unsure."""
    types = list(table.dtypes)
    if all(one in _NUMBERS for one in types):
        # pandas lays the array out, as it does for scikit-learn; the order of sums hangs on that.
        return np.asarray(table)
    columns = []
    for number, kind in enumerate(types):
        column = np.asarray(table.iloc[:, number])
        if kind not in _NUMBERS and (str(kind) not in {"object", "str"} or not all(type(one) is str for one in column)):
            raise Unsure
        columns.append(column)
    return Columns(columns)
