"""What the suites of tracking begin with, and how they look at what comes back."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable

from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun, Run
from treering.tracking.base import Tracking

__all__ = [
    "BAD_KEYS",
    "INFINITY",
    "NAN",
    "UNKNOWN",
    "ids_of",
    "log_series",
    "new_experiment",
    "new_name",
    "new_run",
    "pages_of",
    "points_of",
    "rows_of",
]

UNKNOWN = "f" * 32
NAN, INFINITY = float("nan"), float("inf")
BAD_KEYS = ["", "/a", "a//b", "../a", "a/../b", "a\n", "a\0b", "a;b", "k" * 251, "."]


def new_name() -> str:
    """A name that nothing else has."""
    return f"suite-{uuid.uuid4().hex}"


def new_experiment(tracking: Tracking) -> str:
    """The id of an experiment of its own."""
    return tracking.experiments.create(new_name()).experiment_id


def new_run(tracking: Tracking, experiment_id: str = "") -> str:
    """The id of a run, in an experiment of its own unless one is given."""
    return tracking.runs.create(NewRun(experiment_id or new_experiment(tracking))).info.run_id


def points_of(*points: tuple[int, int, float]) -> MetricColumns:
    """Points given as (step, timestamp, value)."""
    steps, timestamps, values = zip(*points, strict=True)
    return MetricColumns(steps, timestamps, values)


def rows_of(columns: MetricColumns) -> list[tuple[int, int, bytes]]:
    """Points that can be compared bit by bit."""
    return [
        (step, timestamp, struct.pack("<d", value))
        for step, timestamp, value in zip(columns.steps, columns.timestamps, columns.values, strict=True)
    ]


def log_series(tracking: Tracking, run_id: str, key: str, columns: MetricColumns) -> None:
    """Log `columns` as the series `key` of a run."""
    tracking.runs.log([LogBatch(run_id, series={key: columns})])


def pages_of(tracking: Tracking, run_id: str, key: str, size: int) -> list[MetricColumns]:
    """The history of a series in pages of at most `size` points."""
    pages, token = [], ""
    while True:
        page, token = tracking.metrics.history(run_id, key, size, token)
        assert len(page) <= size
        pages.append(page)
        if not token:
            return pages


def ids_of(runs: Iterable[Run]) -> list[str]:
    """The ids of `runs`, in order."""
    return [run.info.run_id for run in runs]
