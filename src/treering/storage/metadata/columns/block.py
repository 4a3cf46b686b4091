"""The columns of one experiment's runs: each run has a place, the same in all columns."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from treering.entities.lifecycle import View
from treering.entities.run import Run
from treering.storage.metadata.columns.column import MetricColumn, Places, TextColumn, WholeColumn
from treering.storage.metadata.feed import FedRun, FedSummary
from treering.storage.metadata.search.syntax import Entity

__all__ = ["ATTRIBUTES", "Block"]

_FIRST = 256
_TEXTS = ("run_id", "run_name", "status", "artifact_uri", "user_id")
_TIMES = ("start_time", "end_time")
ATTRIBUTES = frozenset((*_TEXTS, *_TIMES))
"""Those that have columns."""

# What one run takes beside its columns: its place by its number.
_PLACE = 120
# Whole runs are kept because they were shown, as many as hold so many values; and what a value takes.
_SHOWN_VALUES = 100_000
_SHOWN_SIZE = 240

Column = TypeVar("Column", MetricColumn, TextColumn)


class Block:
    """Columns of runs; not for several threads at once.

    Attributes:
        count: How many places are in use.
        version: The last one seen of the experiment; -1 while empty. So `purged`.
    """

    def __init__(self) -> None:
        self.count = 0
        self.version = -1
        self.purged = -1
        self._capacity = _FIRST
        self._numbers = np.zeros(_FIRST, np.int64)
        self._active = np.zeros(_FIRST, np.bool_)
        self._there = np.zeros(_FIRST, np.bool_)
        self._place_of: dict[int, int] = {}
        self._attribute_texts = {name: TextColumn(_FIRST) for name in _TEXTS}
        self._times = {name: WholeColumn(_FIRST) for name in _TIMES}
        self._metrics: dict[str, MetricColumn] = {}
        self._texts: dict[Entity, dict[str, TextColumn]] = {Entity.PARAM: {}, Entity.TAG: {}}
        self._shown: OrderedDict[int, Run] = OrderedDict()
        self._shown_values = 0

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        beside = self.count * _PLACE + 10 * self._capacity + self._shown_values * _SHOWN_SIZE
        return beside + sum(column.size for column in self._columns())

    def metric(self, key: str) -> MetricColumn | None:
        """None where no run has it."""
        return self._metrics.get(key)

    def text(self, entity: Entity, key: str) -> TextColumn | None:
        """A param, a tag or an attribute; None where no run has it."""
        return self._attribute_texts.get(key) if entity is Entity.ATTRIBUTE else self._texts[entity].get(key)

    def texts(self, entity: Entity) -> Mapping[str, TextColumn]:
        """All params or tags."""
        return self._texts[entity]

    def metrics(self) -> Mapping[str, MetricColumn]:
        """All metrics."""
        return self._metrics

    def time(self, key: str) -> WholeColumn:
        """An attribute."""
        return self._times[key]

    def seen(self, view: View) -> npt.NDArray[np.bool_]:
        """Which places hold a run of this view."""
        there, active = self._there[: self.count], self._active[: self.count]
        match view:
            case View.ACTIVE_ONLY:
                return there & active
            case View.DELETED_ONLY:
                return there & ~active
            case _:
                return there.copy()

    def numbers(self, places: Places) -> list[int]:
        """The runs at these places."""
        found: list[int] = self._numbers[places].tolist()
        return found

    def active(self, places: Places) -> list[bool]:
        """Whether the runs at these places are in use."""
        found: list[bool] = self._active[places].tolist()
        return found

    def keep(self, numbers: Sequence[int]) -> None:
        """Forget all runs but these."""
        mine = np.isin(self._numbers[: self.count], np.array(numbers, np.int64))
        self._there[: self.count] &= mine
        self._shown.clear()
        self._shown_values = 0

    def show(self, runs: Mapping[int, Run], version: int) -> None:
        """Keep whole runs for the next page that shows them.

        Args:
            version: The block's before they were read; where it is another now, one may have changed since.
        """
        if version == self.version:
            for number, run in runs.items():
                self._hide(number)
                # One that takes all the room would drive out all others.
                if _values(run) <= _SHOWN_VALUES:
                    self._shown[number] = run
                    self._shown_values += _values(run)
            while self._shown_values > _SHOWN_VALUES:
                self._hide(next(iter(self._shown)))

    def _hide(self, number: int) -> None:
        run = self._shown.pop(number, None)
        if run is not None:
            self._shown_values -= _values(run)

    def shown(self, numbers: Sequence[int]) -> dict[int, Run]:
        """Those of these runs that were kept and have not changed since."""
        known = self._shown
        return {number: known[number] for number in numbers if number in known}

    def put(self, runs: Sequence[FedRun]) -> None:
        """Add runs, or replace what was known of them."""
        for run in runs:
            self._hide(run.number)
        places = self._places([run.number for run in runs])
        for column in self._columns():
            column.clear(places)
        at = places.tolist()
        self._active[places] = [run.active for run in runs]
        self._there[places] = True
        for name, texts in self._attribute_texts.items():
            texts.put(at, [getattr(run, name) for run in runs])
        for name, times in self._times.items():
            values = [getattr(run, name) for run in runs]
            present = [place for place, value in zip(at, values, strict=True) if value is not None]
            times.put(present, [value for value in values if value is not None])
        summaries: dict[str, tuple[list[int], list[FedSummary]]] = {}
        params: dict[str, tuple[list[int], list[str]]] = {}
        tags: dict[str, tuple[list[int], list[str]]] = {}
        for place, run in zip(at, runs, strict=True):
            _sort_in(summaries, place, run.metrics)
            _sort_in(params, place, run.params)
            _sort_in(tags, place, run.tags)
        for key, (where, found) in summaries.items():
            self._column(self._metrics, key, MetricColumn).put(where, found)
        for entity, by_key in ((Entity.PARAM, params), (Entity.TAG, tags)):
            for key, (where, words) in by_key.items():
                self._column(self._texts[entity], key, TextColumn).put(where, words)

    def _places(self, numbers: Sequence[int]) -> Places:
        """Where these runs are; new ones get a place."""
        known = self._place_of
        new = [number for number in numbers if number not in known]
        known.update(zip(new, range(self.count, self.count + len(new)), strict=True))
        if self.count + len(new) > self._capacity:
            self._reserve(max(2 * self._capacity, self.count + len(new)))
        self._numbers[self.count : self.count + len(new)] = new
        self.count += len(new)
        return np.array([known[number] for number in numbers], np.int64)

    def _reserve(self, capacity: int) -> None:
        for name in ("_numbers", "_active", "_there"):
            array = getattr(self, name)
            larger = np.zeros(capacity, array.dtype)
            larger[: len(array)] = array
            setattr(self, name, larger)
        for column in self._columns():
            column.reserve(capacity)
        self._capacity = capacity

    def _column(self, columns: dict[str, Column], key: str, kind: type[Column]) -> Column:
        column = columns.get(key)
        if column is None:
            column = columns[key] = kind(self._capacity)
        return column

    def _columns(self) -> list[MetricColumn | TextColumn | WholeColumn]:
        return [
            *self._attribute_texts.values(),
            *self._times.values(),
            *self._metrics.values(),
            *self._texts[Entity.PARAM].values(),
            *self._texts[Entity.TAG].values(),
        ]


def _values(run: Run) -> int:
    """How many values a run holds; its attributes count as some."""
    data = run.data
    return 10 + len(data.params) + len(data.tags) + len(data.summaries)


Value = TypeVar("Value")


def _sort_in(by_key: dict[str, tuple[list[int], list[Value]]], place: int, values: Mapping[str, Value]) -> None:
    for key, value in values.items():
        entry = by_key.get(key)
        if entry is None:
            entry = by_key[key] = ([], [])
        entry[0].append(place)
        entry[1].append(value)
