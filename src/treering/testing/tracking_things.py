"""What the suites of tracking make: experiments and runs of their own, and points that compare bit by bit."""

from __future__ import annotations

import struct
import uuid

from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun
from treering.tracking.base import Tracking

__all__ = ["UNKNOWN_ID", "columns_of", "log_series", "new_experiment", "new_name", "new_run", "rows"]

UNKNOWN_ID = "f" * 32


def new_name() -> str:
    """A name that nobody else uses."""
    return f"suite-{uuid.uuid4().hex}"


def new_experiment(tracking: Tracking) -> str:
    """The id of an experiment that nobody else uses."""
    return tracking.experiments.create(new_name()).experiment_id


def new_run(tracking: Tracking, experiment_id: str = "") -> str:
    """The id of a new run, in a new experiment where none is given."""
    return tracking.runs.create(NewRun(experiment_id or new_experiment(tracking))).info.run_id


def columns_of(*points: tuple[int, int, float]) -> MetricColumns:
    """Points given as (step, timestamp, value)."""
    steps, timestamps, values = zip(*points, strict=True)
    return MetricColumns(steps, timestamps, values)


def rows(columns: MetricColumns) -> list[tuple[int, int, bytes]]:
    """Points that can be compared bit by bit."""
    return [
        (step, timestamp, struct.pack("<d", value))
        for step, timestamp, value in zip(columns.steps, columns.timestamps, columns.values, strict=True)
    ]


def log_series(tracking: Tracking, run_id: str, key: str, columns: MetricColumns) -> None:
    """Log points of one series."""
    tracking.runs.log([LogBatch(run_id, series={key: columns})])
