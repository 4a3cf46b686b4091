"""The first reading: a sample of whole rows, and of which kind each column is.

Which rows are in the sample depends on their numbers alone, so the same table always gives the same profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treering.storage.tables.hashing import Hashes, mixed

__all__ = ["Column", "Sample", "is_gap", "numbers_of", "sample_of"]

Column = np.ndarray[Any, np.dtype[Any]]
_MOST = 100_000
_PLAIN = {str, int, bool, type(None)}
_NUMBERS = 0.9  # of the values of a column of numbers are some


@dataclass(slots=True)
class Sample:
    """Some rows of a table.

    Attributes:
        rows: How many the table has.
        columns: The sampled values of each column.
        kinds: What each column is, as profiles call it.
    """

    rows: int = 0
    columns: dict[str, Column] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


def sample_of(pieces: Iterable[Mapping[str, Column]]) -> Sample:
    """Read a table once."""
    kept: list[tuple[Hashes, dict[str, Column]]] = []
    seen: dict[str, dict[str, int]] = {}
    rows = held = 0
    limit = 2**64
    for piece in pieces:
        size = len(next(iter(piece.values()), ()))
        for name, column in piece.items():
            counts = seen.setdefault(name, {})
            for kind, count in _kinds(column).items():
                counts[kind] = counts.get(kind, 0) + count
        keys = mixed(np.arange(rows, rows + size, dtype=np.uint64))
        chosen = np.flatnonzero(keys < np.uint64(limit)) if limit < 2**64 else np.arange(size)
        kept.append((keys[chosen], {name: column[chosen] for name, column in piece.items()}))
        rows += size
        held += len(chosen)
        while held > _MOST:
            limit //= 2
            kept = [_thinned(one, limit) for one in kept]
            held = sum(len(keys) for keys, _ in kept)
    columns = {name: _joined([one[name] for _, one in kept]) for name in seen}
    return Sample(rows, columns, {name: _kind(counts) for name, counts in seen.items()})


def is_gap(column: Column) -> Column:
    """Which values are missing."""
    gaps: Column
    if column.dtype.kind == "f":
        gaps = np.isnan(column)
    elif column.dtype.kind == "M":
        gaps = np.isnat(column)
    elif column.dtype.kind == "O":
        listed = column.tolist()
        if set(map(type, listed)) <= _PLAIN:
            return np.fromiter((value is None for value in listed), bool, len(listed))
        gaps = np.array([_is_none(value) for value in listed], bool)
    else:
        gaps = np.zeros(len(column), bool)
    return gaps


def numbers_of(column: Column) -> tuple[Column, Column]:
    """A column as numbers, NaN for what is none; and which values are there, but no numbers."""
    if column.dtype.kind in "biuf":
        return column.astype(float), np.zeros(len(column), bool)
    if column.dtype.kind == "M":
        micros = column.astype("datetime64[us]")
        return np.where(np.isnat(micros), np.nan, micros.astype(np.int64).astype(float)), np.zeros(len(column), bool)
    numbers = np.full(len(column), np.nan)
    wrong = np.zeros(len(column), bool)
    for row, value in enumerate(column.tolist()):
        if not _is_none(value):
            try:
                numbers[row] = float(value)
            except (TypeError, ValueError):
                wrong[row] = True
    return numbers, wrong


def _is_none(value: Any) -> bool:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and value != value  # noqa: PLR0124 -- NaN is what differs from itself


def _kinds(column: Column) -> dict[str, int]:
    """How many values there are of each kind."""
    kind = column.dtype.kind
    if kind == "O":
        listed = column.tolist()
        if set(map(type, listed)) <= {str, type(None)}:
            return {"text": len(listed) - listed.count(None)}
        values = [value for value in listed if not _is_none(value)]
        truths = sum(isinstance(value, bool) for value in values)
        numbers = sum(isinstance(value, int | float) for value in values) - truths
        return {"boolean": truths, "number": numbers, "text": len(values) - truths - numbers}
    names = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "time"}
    return {names.get(kind, "text"): len(column) - int(is_gap(column).sum())}


def _kind(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    if not total:
        return "empty"
    for kind in ("boolean", "time"):
        if counts.get(kind) == total:
            return kind
    return "number" if counts.get("number", 0) >= _NUMBERS * total else "text"


def _thinned(one: tuple[Hashes, dict[str, Column]], limit: int) -> tuple[Hashes, dict[str, Column]]:
    keys, columns = one
    chosen = np.flatnonzero(keys < np.uint64(limit))
    return keys[chosen], {name: column[chosen] for name, column in columns.items()}


def _joined(parts: list[Column]) -> Column:
    kinds = {part.dtype.kind for part in parts}
    if len(kinds) > 1 and not kinds <= set("biuf"):
        parts = [part.astype(object) for part in parts]
    return np.concatenate(parts) if parts else np.empty(0)
