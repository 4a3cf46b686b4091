"""The points of one series as a list of `Metric` that is made as it is read.

A million points take 24 MB and no time as columns, and half a minute as a million objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import overload

from treering.entities.metric import Metric, MetricColumns

__all__ = ["MetricHistory"]


class MetricHistory(Sequence[Metric]):
    """Points in order of (timestamp, step, value); compares equal to a list of the same points.

    Attributes:
        columns: The same points as three arrays of numbers, which NumPy reads without copying.
    """

    __slots__ = ("_key", "_run_id", "columns")

    def __init__(self, run_id: str, key: str, columns: MetricColumns) -> None:
        self._run_id = run_id
        self._key = key
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns)

    @overload
    def __getitem__(self, index: int) -> Metric: ...

    @overload
    def __getitem__(self, index: slice) -> MetricHistory: ...

    def __getitem__(self, index: int | slice) -> Metric | MetricHistory:
        steps, timestamps, values = self.columns.steps, self.columns.timestamps, self.columns.values
        if isinstance(index, slice):
            return MetricHistory(self._run_id, self._key, MetricColumns(steps[index], timestamps[index], values[index]))
        return Metric(self._key, values[index], timestamps[index], steps[index], run_id=self._run_id)

    def __iter__(self) -> Iterator[Metric]:
        none = repeat("")
        return map(
            Metric,
            repeat(self._key),
            self.columns.values,
            self.columns.timestamps,
            self.columns.steps,
            none,
            none,
            none,
            repeat(self._run_id),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as a list

    def __repr__(self) -> str:
        most = 3
        shown = ", ".join(map(repr, self[:most]))
        return f"[{shown}, ... {len(self) - most} more]" if len(self) > most else f"[{shown}]"
