"""Which requests go together through a model, and whose part of the answer is whose."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from treering.models.light.rows import Table
from treering.models.tables import TABLES, is_table

__all__ = ["cut", "fitting", "join"]


def fitting(data: Any) -> tuple[int, Hashable | None]:
    """How many rows there are, and what else must be equal for data to be joined; `None` if nothing makes it fit."""
    if type(data) is np.ndarray:
        return (data.shape[0], _array(data)) if data.ndim else (1, None)
    if type(data) is Table:
        return len(data), ("columns", data.names, data.matrix is None)
    if isinstance(data, Mapping):
        return _mapping(data)
    if is_table(data) and data.ndim == 2:  # noqa: PLR2004 -- a table, not a column
        plain = type(data.index).__name__ == "RangeIndex"
        return len(data), ("table", tuple(data.columns), tuple(data.dtypes)) if plain else None
    return (len(data), None) if isinstance(data, list) else (0, None)


def _array(data: np.ndarray[Any, Any]) -> Hashable:
    kind = data.dtype.kind
    return (kind if kind in "US" else data.dtype.str, data.shape[1:])


def _mapping(data: Mapping[Any, Any]) -> tuple[int, Hashable | None]:
    arrays = list(data.values())
    if not arrays or not all(type(one) is np.ndarray and one.ndim for one in arrays):
        return 0, None
    sizes = {len(one) for one in arrays}
    if len(sizes) != 1:
        return 0, None
    return sizes.pop(), tuple((name, _array(one)) for name, one in data.items())


def join(parts: Sequence[Any]) -> Any:
    """The rows of all parts, which fit each other, one after the other."""
    first = parts[0]
    if type(first) is np.ndarray:
        return np.concatenate(parts)
    if isinstance(first, Mapping):
        return {name: np.concatenate([part[name] for part in parts]) for name in first}
    if type(first) is Table:
        return _join_tables(parts)
    return TABLES.load("pandas").join(parts)


def _join_tables(parts: Sequence[Table]) -> Table:
    names = parts[0].names
    if parts[0].matrix is not None:
        return Table(names, matrix=np.concatenate([part.matrix for part in parts if part.matrix is not None]))
    return Table(names, [np.concatenate(columns) for columns in zip(*(part.columns for part in parts), strict=True)])


def cut(prepared: Any, sizes: Sequence[int]) -> list[Any] | None:
    """What was answered for all rows, by the sizes of the parts; `None` if it cannot be told apart."""
    total = sum(sizes)
    if isinstance(prepared, list | np.ndarray):
        if not _has(prepared, total):
            return None
        found, start = [], 0
        for size in sizes:
            found.append(prepared[start : start + size])
            start += size
        return found
    if isinstance(prepared, dict) and prepared and all(_has(one, total) for one in prepared.values()):
        columns = {name: cut(one, sizes) for name, one in prepared.items()}
        return [{name: parts[place] for name, parts in columns.items() if parts} for place in range(len(sizes))]
    return None


def _has(one: Any, total: int) -> bool:
    if isinstance(one, np.ndarray):
        return one.ndim > 0 and len(one) == total
    return isinstance(one, list) and len(one) == total
