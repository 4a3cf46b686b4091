"""What is missing in data that made a model fail: most models take no NaN, and few say where one stood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from treering.models.light.rows import Table
from treering.models.tables import is_table

__all__ = ["missing_in"]


def missing_in(data: Any) -> str:
    """The first value that is not there or not finite, as a sentence, or that there is none at all; else empty."""
    for name, values in _columns(data):
        if np.ndim(values) and not len(values):
            return " There is no row in it."
        where = _first(values)
        if where is not None:
            row, *places = where
            what = name or (f"place {places}" if len(places) > 1 else f"column {places[0]}" if places else "the input")
            return f" {what[0].upper()}{what[1:]} has no finite number in row {row}, which not every model can use."
    return ""


def _columns(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, np.ndarray):
        yield "", data
    elif type(data) is Table:
        yield from ((f"column {name!r}", values) for name, values in zip(data.names, data.columns, strict=True))
    elif isinstance(data, Mapping):
        for name, values in data.items():
            yield f"input {str(name)!r}", values
    elif is_table(data):
        for name in data.columns:
            yield f"column {str(name)!r}", data[name].to_numpy()


def _first(values: Any) -> tuple[int, ...] | None:
    array = np.asarray(values)
    if array.dtype.kind == "f":
        bad = ~np.isfinite(array)
    elif array.dtype.kind == "O":
        flat = [one is None or (isinstance(one, float) and not np.isfinite(one)) for one in array.ravel().tolist()]
        bad = np.array(flat, bool).reshape(array.shape)
    else:
        return None
    found = np.argwhere(bad)
    return tuple(int(at) for at in found[0]) if array.ndim and len(found) else None
