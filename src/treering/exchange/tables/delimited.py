"""Tables as CSV, in UTF-8. A text that a spreadsheet would take for a formula is kept from being one."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import BinaryIO, TextIO

from treering.core.clock import from_millis
from treering.entities.metric import MetricColumns
from treering.exchange.gathered import GatheredRuns

__all__ = ["CSV", "DelimitedTables"]

_FIRST = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class DelimitedTables:
    """Implements `TableWriter`.

    Times of runs are in ISO 8601, in UTC, and those of points in milliseconds since 1970. What a run has
    not is empty.

    Attributes:
        raw: Whether texts stand as they are. Else one that begins with =, +, -, @, a tab or a carriage return
            and is no number gets an apostrophe in front.
    """

    raw: bool = False

    def runs(self, runs: GatheredRuns, out: BinaryIO) -> int:
        """As `TableWriter.runs`."""
        names = {"metrics": runs.metrics, "params": runs.params, "tags": runs.tags}
        count = 0
        with _as_text(out) as text:
            rows = csv.writer(_Lines(text))
            rows.writerow([*_FIRST, *(f"{kind}.{key}" for kind, keys in names.items() for key in keys)])
            for run in runs:
                first = self._cell(run.run_id), run.experiment_id, run.status, self._cell(run.artifact_uri)
                metrics = [run.metrics.get(key, "") for key in runs.metrics]
                texts = [run.params.get(key, "") for key in runs.params] + [run.tags.get(key, "") for key in runs.tags]
                times = _time(run.start_time), _time(run.end_time)
                rows.writerow([*first, *times, *metrics, *map(self._cell, texts)])
                count += 1
        return count

    def points(self, series: Iterable[tuple[str, str, MetricColumns]], out: BinaryIO) -> int:
        """As `TableWriter.points`."""
        count = 0
        with _as_text(out) as text:
            rows = csv.writer(_Lines(text))
            rows.writerow(["run_id", "key", "step", "timestamp", "value"])
            for run_id, key, part in series:
                first = self._cell(run_id), self._cell(key)
                points = zip(part.steps, part.timestamps, part.values, strict=True)
                rows.writerows((*first, step, timestamp, value) for step, timestamp, value in points)
                count += len(part)
        return count

    def _cell(self, text: str) -> str:
        return text if self.raw or not text.startswith(_FORMULAS) or _is_number(text) else f"'{text}"


class _Lines:
    """Ends lines as Unix does.

    The csv module of Python 3.12 and older puts only those characters into quotes that end its lines, and a carriage
    return in a cell would break the row. So its lines end with both.
    """

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def write(self, row: str) -> int:
        return self._text.write(f"{row[:-2]}\n")


@contextmanager
def _as_text(out: BinaryIO) -> Iterator[TextIO]:
    text = io.TextIOWrapper(out, "utf-8", newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) or text.lower().lstrip("+-") in {"inf", "nan", "infinity"}
    except ValueError:
        return False


def _time(millis: int | None) -> str:
    return "" if millis is None else from_millis(millis).astimezone(UTC).isoformat(timespec="milliseconds")


CSV = DelimitedTables()
