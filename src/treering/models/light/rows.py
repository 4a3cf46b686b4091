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
