"""Which keys and which texts the active runs of blocks have."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from treering.entities.grid import KeyKind, RunKey, RunValue, RunValues, ValuesQuery
from treering.entities.lifecycle import View
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import TextColumn
from treering.storage.metadata.columns.numbers import check_field, wholes
from treering.storage.metadata.columns.sheet import Read, whole_texts
from treering.storage.metadata.grid.terms import DISTINCT, TEXT_KEYS, TIME_KEYS, key_field
from treering.storage.metadata.search.fields import RUNS, attribute
from treering.storage.metadata.search.syntax import Entity, Field

__all__ = ["keys_of", "values_of"]

Mask = npt.NDArray[np.bool_]


def keys_of(blocks: Sequence[Block]) -> list[RunKey]:
    """All keys that active runs have, in no order."""
    tallies: dict[tuple[KeyKind, str], _Tally] = {}
    for block in blocks:
        seen = block.seen(View.ACTIVE_ONLY)
        every = bool(seen.all())
        for key, metric in block.metrics().items():
            present = metric.present[: block.count]
            _tally(tallies, KeyKind.METRIC, key).add_numbers(
                metric.last[: block.count], present if every else present & seen
            )
        for entity, kind in ((Entity.PARAM, KeyKind.PARAM), (Entity.TAG, KeyKind.TAG)):
            for key, texts in block.texts(entity).items():
                _tally(tallies, kind, key).add_texts(texts, _used(texts, block.count, seen, every=every))
        for key in TEXT_KEYS:
            column = block.text(Entity.ATTRIBUTE, key)
            if column is not None:
                used = _used(column, block.count, seen, every=every)
                _tally(tallies, KeyKind.ATTRIBUTE, key).add_texts(column, used)
        for key in TIME_KEYS:
            found = wholes(block, attribute(key, RUNS.attributes[key]))
            if found is not None:
                _tally(tallies, KeyKind.ATTRIBUTE, key).add_numbers(
                    found[0][: block.count], found[1][: block.count] & seen
                )
    made = (tally.key(kind, key) for (kind, key), tally in tallies.items())
    return [one for one in made if one.runs]


def _used(column: TextColumn, count: int, seen: Mask, *, every: bool) -> npt.NDArray[np.int64]:
    """How many of the runs that are seen have each text."""
    codes = column.codes[:count]
    if not every:
        codes = codes[seen]
    # One more in front, for -1.
    return np.bincount(codes + 1, minlength=len(column.texts) + 1)[1:]


class _Tally:
    """What is known of one key."""

    __slots__ = ("high", "low", "numeric", "runs", "texts")

    def __init__(self) -> None:
        self.runs = 0
        self.texts: set[str | bytes] = set()
        self.numeric = True
        self.low: float | None = None
        self.high: float | None = None

    def add_numbers(self, values: npt.NDArray[np.float64] | npt.NDArray[np.int64], present: Mask) -> None:
        self.runs += int(np.count_nonzero(present))
        self._stretch(values if present.all() else values[present])

    def add_texts(self, column: TextColumn, used: npt.NDArray[np.int64]) -> None:
        codes = np.flatnonzero(used)
        self.runs += int(used.sum())
        # One more than is told is enough, of each block.
        for code in codes[:DISTINCT].tolist():
            self.texts.add(column.long[code].digest if code in column.long else column.texts[code])
        if len(codes) and self.numeric:
            numbers = column.stated()[codes]
            self.numeric = not np.isnan(numbers).any()
            self._stretch(numbers)

    def _stretch(self, numbers: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> None:
        # The smallest of all is NaN only where all are.
        if len(numbers):
            low, high = float(np.fmin.reduce(numbers)), float(np.fmax.reduce(numbers))
            if low == low:  # noqa: PLR0124  # NaN differs from itself
                self.low = low if self.low is None else min(self.low, low)
                self.high = high if self.high is None else max(self.high, high)

    def key(self, kind: KeyKind, key: str) -> RunKey:
        numeric = self.numeric and not (kind is KeyKind.TAG or (kind is KeyKind.ATTRIBUTE and key in TEXT_KEYS))
        low, high = (self.low, self.high) if numeric else (None, None)
        distinct = min(len(self.texts), DISTINCT)
        return RunKey(kind, key, key_field(kind, key), self.runs, distinct, numeric, low, high)


def _tally(tallies: dict[tuple[KeyKind, str], _Tally], kind: KeyKind, key: str) -> _Tally:
    return tallies.setdefault((kind, key), _Tally())


def values_of(blocks: Sequence[Block], field: Field, query: ValuesQuery, read: Read) -> RunValues:
    """The texts of a field, the most frequent first. Raises Unanswerable."""
    check_field(field)
    counted: Counter[str] = Counter()
    for block in blocks:
        column = block.text(field.entity, field.key)
        if column is not None:
            counted.update(dict(_counted(block, field, column, read)))
    wanted = query.text.lower()
    found = [(-runs, value) for value, runs in counted.items() if wanted in value.lower()]
    first = heapq.nsmallest(query.limit, found)
    return RunValues([RunValue(value, -runs) for runs, value in first], len(found))


def _counted(block: Block, field: Field, column: TextColumn, read: Read) -> Iterator[tuple[str, int]]:
    places = np.flatnonzero(block.seen(View.ACTIVE_ONLY))
    texts = whole_texts(block, field, column, places, read)
    codes = column.codes[places]
    used = np.bincount(codes + 1, minlength=len(texts) + 1)[1:]
    for code in np.flatnonzero(used).tolist():
        yield texts[code], int(used[code])
