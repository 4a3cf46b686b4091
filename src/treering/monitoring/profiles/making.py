"""Making a profile: a table is read twice, a sample first, then all of it, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from treering.core.errors import InvalidInput
from treering.monitoring.profiles.associations import associations_of, correlations_of
from treering.monitoring.profiles.counting import NumberCounter, TextCounter, counter_of
from treering.monitoring.profiles.distinct import Distinct
from treering.monitoring.profiles.findings import findings_of
from treering.monitoring.profiles.profile import ColumnProfile, Profile
from treering.monitoring.profiles.sample import Sample, Values, sample_of
from treering.storage.tables.hashing import joined

__all__ = ["Pieces", "profile_of"]

Pieces = Callable[[], Iterable[Mapping[str, Values]]]
"""Gives a table from its beginning, a piece at a time, as often as it is called."""

_ROWS = 1 << 20
_KEPT = 1 << 27  # bytes
_OBJECT = 60  # bytes of an object of Python, about


def profile_of(
    name: str, pieces: Pieces, *, target: str = "", against: Profile | None = None, created: int = 0
) -> Profile:
    """The profile of a table.

    Args:
        target: The column that is to be predicted.
        against: A profile whose edges and values are used, so that the two can be compared and added.

    Raises:
        InvalidInput: If there are no columns, or none is the target.
    """
    table = _ReadOnce(pieces)
    sample = sample_of(table.first())
    if not sample.columns:
        msg = f"{name!r} has no rows, so there is nothing to tell of it."
        raise InvalidInput(msg)
    if target and target not in sample.columns:
        msg = f"{name!r} has no column {target!r} to be the target. It has {', '.join(sample.columns)}."
        raise InvalidInput(msg)
    counters = {one: _counter(one, sample, against) for one in sample.columns}
    duplicates = _count(table.again(), counters)
    profile = Profile(
        name,
        sample.rows,
        tuple(counter.profile() for counter in counters.values()),
        duplicates,
        len(next(iter(sample.columns.values()))),
        target,
        correlations_of(sample),
        associations_of(sample, target) if target else (),
        created=created,
    )
    return replace(profile, findings=findings_of(profile))


class _ReadOnce:
    """A table that is read a second time only if it is too large to be kept."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._kept: list[Mapping[str, Values]] | None = []
        self._size = 0

    def first(self) -> Iterator[Mapping[str, Values]]:
        for piece in self._pieces():
            if self._kept is not None:
                self._size += sum(_size(column) for column in piece.values())
                self._kept = [*self._kept, piece] if self._size <= _KEPT else None
            yield piece

    def again(self) -> Iterable[Mapping[str, Values]]:
        return self._pieces() if self._kept is None else self._kept


def _size(column: Values) -> int:
    per_object = _OBJECT if isinstance(column, np.ndarray) and column.dtype.kind == "O" else 0
    return column.nbytes + per_object * len(column)


def _counter(name: str, sample: Sample, against: Profile | None) -> NumberCounter | TextCounter:
    known: ColumnProfile | None = None
    if against is not None:
        known = next((column for column in against.columns if column.name == name), None)
    if known is None:
        return counter_of(name, sample.kinds[name], sample.columns[name])
    if known.kind in {"number", "time"}:
        return NumberCounter(name, known.kind, np.array(known.edges, float), known.quantiles)
    return TextCounter(name, known.kind, known.values)


def _count(pieces: Iterable[Mapping[str, Values]], counters: Mapping[str, NumberCounter | TextCounter]) -> int:
    """Count all columns; gives how many rows are equal to an earlier one."""
    whole = Distinct(_ROWS)
    rows = 0
    for piece in pieces:
        together = joined([counter.add(piece[name]) for name, counter in counters.items()])
        whole.add(together)
        rows += len(together)
    return whole.repeated(rows)
