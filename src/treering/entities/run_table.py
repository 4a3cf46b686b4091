"""Runs column by column, for those who want thousands of them as a table."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from treering.entities.run import RunInfo

__all__ = ["NO_TIME", "RunTable", "TableBuilder", "TextColumn"]

NO_TIME = -(1 << 63)
"""Stands for the end of a run that has not ended."""


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Texts of which many are the same.

    Attributes:
        codes: A place in `texts` for each row; -1 where it has no text. Whole numbers of 32 bits.
    """

    codes: Sequence[int]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class RunTable:
    """Runs in the order in which they were asked for; all columns have one length.

    Attributes:
        start_times: Milliseconds since the epoch, in 64 bits; so `end_times`, with `NO_TIME`.
        metrics: By key the last values, NaN where a run has none, as floats of 64 bits.
        next_token: As of a Page.
    """

    run_ids: Sequence[str] = ()
    experiment_ids: TextColumn = field(default_factory=lambda: TextColumn((), ()))
    statuses: TextColumn = field(default_factory=lambda: TextColumn((), ()))
    artifact_uris: Sequence[str] = ()
    start_times: Sequence[int] = ()
    end_times: Sequence[int] = ()
    metrics: Mapping[str, Sequence[float]] = field(default_factory=dict)
    params: Mapping[str, TextColumn] = field(default_factory=dict)
    tags: Mapping[str, TextColumn] = field(default_factory=dict)
    next_token: str = ""

    def __len__(self) -> int:
        return len(self.run_ids)


class _Texts:
    """A TextColumn that grows; rows that are left out have no text."""

    __slots__ = ("codes", "known")

    def __init__(self, rows: int) -> None:
        self.codes = array("i", [-1]) * rows
        self.known: dict[str, int] = {}

    def column(self) -> TextColumn:
        return TextColumn(self.codes, list(self.known))


class TableBuilder:
    """Makes a table of runs that come one by one.

    Args:
        rows: How many there will be at most.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._run_ids: list[str] = []
        self._artifact_uris: list[str] = []
        self._start_times = array("q")
        self._end_times = array("q")
        self._experiments = _Texts(rows)
        self._statuses = _Texts(rows)
        self._metrics: dict[str, array[float]] = {}
        self._params: dict[str, _Texts] = {}
        self._tags: dict[str, _Texts] = {}

    def add(
        self, info: RunInfo, metrics: Mapping[str, float], params: Mapping[str, str], tags: Mapping[str, str]
    ) -> None:
        """The next row."""
        row = len(self._run_ids)
        self._run_ids.append(info.run_id)
        self._artifact_uris.append(info.artifact_uri)
        self._start_times.append(info.start_time)
        self._end_times.append(NO_TIME if info.end_time is None else info.end_time)
        for texts, text in ((self._experiments, info.experiment_id), (self._statuses, str(info.status))):
            texts.codes[row] = texts.known.setdefault(text, len(texts.known))
        for key, value in metrics.items():
            column = self._metrics.get(key)
            if column is None:
                column = self._metrics[key] = array("d", [float("nan")]) * self._rows
            column[row] = value
        for columns, values in ((self._params, params), (self._tags, tags)):
            for key, text in values.items():
                texts = columns.get(key) or columns.setdefault(key, _Texts(self._rows))
                known = texts.known
                texts.codes[row] = known.setdefault(text, len(known))

    def table(self, next_token: str) -> RunTable:
        """All that was added, which may be less than was announced."""
        rows = len(self._run_ids)
        for texts in (self._experiments, self._statuses, *self._params.values(), *self._tags.values()):
            del texts.codes[rows:]
        for values in self._metrics.values():
            del values[rows:]
        return RunTable(
            self._run_ids,
            self._experiments.column(),
            self._statuses.column(),
            self._artifact_uris,
            self._start_times,
            self._end_times,
            self._metrics,
            {key: texts.column() for key, texts in self._params.items()},
            {key: texts.column() for key, texts in self._tags.items()},
            next_token,
        )
