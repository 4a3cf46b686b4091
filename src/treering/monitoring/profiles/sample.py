"""The first reading: a sample of whole rows, and of which kind each column is.

Which rows are in the sample depends on their numbers alone, so the same table always gives the same profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treering.storage.tables.hashing import Hashes, mixed
from treering.storage.tables.texts import Texts, is_none, joined_texts, texts_of

__all__ = ["Column", "Sample", "Values", "is_gap", "numbers_of", "sample_of"]

Column = np.ndarray[Any, np.dtype[Any]]
Values = Column | Texts
_MOST = 100_000
_FAR = 1e150
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
    columns: dict[str, Values] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


def sample_of(pieces: Iterable[Mapping[str, Values]]) -> Sample:
    """Read a table once."""
    kept: list[tuple[Hashes, dict[str, Values]]] = []
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


def is_gap(column: Values) -> Column:
    """Which values are missing."""
    gaps: Column
    if isinstance(column, Texts):
        gaps = column.gaps()
    elif column.dtype.kind == "f":
        gaps = np.isnan(column)
    elif column.dtype.kind == "M":
        gaps = np.isnat(column)
    elif column.dtype.kind == "O":
        gaps = np.fromiter(map(is_none, column.tolist()), bool, len(column))
    else:
        gaps = np.zeros(len(column), bool)
    return gaps


def numbers_of(column: Values) -> tuple[Column, Column]:
    """A column as numbers, NaN for what is none; and which values are there, but no numbers.

    Numbers from 1e150 on are infinite, for squares of them are.
    """
    if isinstance(column, Texts):
        numbers, wrong = numbers_of(np.array(column.different, object))
        return column.spread(numbers, np.nan), column.spread(wrong, gap=False)
    if column.dtype.kind in "biuf":
        numbers = column.astype(float)
        return (_bounded(numbers) if column.dtype.kind == "f" else numbers), np.zeros(len(column), bool)
    if column.dtype.kind == "M":
        micros = column.astype("datetime64[us]")
        return np.where(np.isnat(micros), np.nan, micros.astype(np.int64).astype(float)), np.zeros(len(column), bool)
    numbers = np.full(len(column), np.nan)
    wrong = np.zeros(len(column), bool)
    for row, value in enumerate(column.tolist()):
        if not is_none(value):
            try:
                numbers[row] = float(value)
            except OverflowError:  # of a whole number
                numbers[row] = np.inf if value > 0 else -np.inf
            except (TypeError, ValueError):
                wrong[row] = True
    return _bounded(numbers), wrong


def _bounded(numbers: Column) -> Column:
    far = np.abs(numbers) >= _FAR
    if far.any():
        numbers[far] = np.copysign(np.inf, numbers[far])
    return numbers


def _kinds(column: Values) -> dict[str, int]:
    """How many values there are of each kind."""
    if isinstance(column, Texts):
        return {"text": len(column) - int(column.gaps().sum())}
    kind = column.dtype.kind
    if kind == "O":
        values = [value for value in column.tolist() if not is_none(value)]
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


def _thinned(one: tuple[Hashes, dict[str, Values]], limit: int) -> tuple[Hashes, dict[str, Values]]:
    keys, columns = one
    chosen = np.flatnonzero(keys < np.uint64(limit))
    return keys[chosen], {name: column[chosen] for name, column in columns.items()}


def _joined(parts: list[Values]) -> Values:
    if any(isinstance(part, Texts) for part in parts):
        return _joined_with_texts(parts)
    plain = [part for part in parts if not isinstance(part, Texts)]
    kinds = {part.dtype.kind for part in plain}
    if len(kinds) > 1 and not kinds <= set("biuf"):
        plain = [part.astype(object) for part in plain]
    return np.concatenate(plain) if plain else np.empty(0)


def _joined_with_texts(parts: list[Values]) -> Values:
    """Texts, or objects if there is anything else among them but gaps."""
    if all(isinstance(part, Texts) or bool(is_gap(part).all()) for part in parts):
        return joined_texts([texts_of(part) for part in parts])
    return np.concatenate(
        [
            part.spread(np.array([*part.different], object), None) if isinstance(part, Texts) else part.astype(object)
            for part in parts
        ]
    )
