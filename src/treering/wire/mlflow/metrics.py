"""Metric points in MLflow's API, one by one and in histories."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from msgspec import UNSET, UnsetType

from treering.entities.metric import Metric, MetricColumns
from treering.wire.endpoint import Permission
from treering.wire.mlflow.fields import Int64, Message, Text, declare, shown
from treering.wire.native.numbers import Number, to_number, to_numbers

__all__ = [
    "GET_HISTORY",
    "GET_HISTORY_BULK",
    "GET_HISTORY_BULK_INTERVAL",
    "BulkMetrics",
    "GetHistory",
    "GetHistoryBulk",
    "GetHistoryBulkInterval",
    "MetricEntry",
    "MetricHistory",
    "MetricMessage",
    "RunMetric",
    "SeriesPoint",
    "metric_message",
    "run_metrics",
    "series_points",
]


class MetricEntry(Message, frozen=True):
    """A point as a request gives it."""

    key: Text
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class MetricMessage(Message, frozen=True, gc=False):
    """A point as an answer shows it."""

    key: str
    value: Number
    timestamp: int
    step: int
    dataset_name: str | UnsetType = UNSET
    dataset_digest: str | UnsetType = UNSET
    model_id: str | UnsetType = UNSET
    run_id: str | UnsetType = UNSET


class SeriesPoint(Message, frozen=True, gc=False):
    """A point of a history, which belongs to no dataset and no model."""

    key: str
    value: Number
    timestamp: int
    step: int


class RunMetric(Message, frozen=True, gc=False):
    """A point with the run that it belongs to."""

    key: str
    value: Number
    timestamp: int
    step: int
    run_id: str


class GetHistory(Message, frozen=True):
    """All points of one metric of a run, or a page of them."""

    metric_key: Text
    run_id: str = ""
    run_uuid: str = ""
    page_token: str = ""
    max_results: Int64 | None = None


class MetricHistory(Message, frozen=True):
    """Points in order of (timestamp, step, value)."""

    metrics: tuple[SeriesPoint, ...] = ()
    next_page_token: str | UnsetType = UNSET


class GetHistoryBulk(Message, frozen=True):
    """The points of one metric of several runs."""

    metric_key: Text
    run_id: tuple[str, ...] = ()
    max_results: Int64 | None = None


class GetHistoryBulkInterval(Message, frozen=True):
    """The points of one metric of several runs, thinned for drawing."""

    metric_key: Text
    run_ids: tuple[str, ...] = ()
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 = 2500


class BulkMetrics(Message, frozen=True):
    """Points, run after run."""

    metrics: tuple[RunMetric, ...] = ()


_AT = "2.0/mlflow/metrics"
_READ = Permission.READ_EXPERIMENTS

GET_HISTORY = declare("metrics.get_history", "GET", f"{_AT}/get-history", GetHistory, MetricHistory, _READ)
GET_HISTORY_BULK = declare(
    "metrics.get_history_bulk", "GET", f"{_AT}/get-history-bulk", GetHistoryBulk, BulkMetrics, _READ
)
GET_HISTORY_BULK_INTERVAL = declare(
    "metrics.get_history_bulk_interval", "GET", f"{_AT}/get-history-bulk-interval",
    GetHistoryBulkInterval, BulkMetrics, _READ,
)  # fmt: skip


def metric_message(metric: Metric) -> MetricMessage:
    """How one point looks in MLflow's API."""
    return MetricMessage(
        metric.key,
        to_number(metric.value),
        metric.timestamp,
        metric.step,
        shown(metric.dataset_name),
        shown(metric.dataset_digest),
        shown(metric.model_id),
        shown(metric.run_id),
    )


def series_points(key: str, points: MetricColumns) -> tuple[SeriesPoint, ...]:
    """How the points of a series look in MLflow's API."""
    return tuple(map(SeriesPoint, repeat(key), to_numbers(points.values), points.timestamps, points.steps))


def run_metrics(run_id: str, key: str, points: MetricColumns) -> Iterator[RunMetric]:
    """As `series_points`, each point with its run."""
    return map(RunMetric, repeat(key), to_numbers(points.values), points.timestamps, points.steps, repeat(run_id))
