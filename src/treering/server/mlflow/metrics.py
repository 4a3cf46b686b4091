"""Metric histories in MLflow's API."""

from __future__ import annotations

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.entities.metric import MetricColumns
from treering.server.handling import Handlers
from treering.server.mlflow.asked import at_most, run_asked
from treering.wire.mlflow import metrics as wire
from treering.wire.mlflow.fields import shown

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST_RUNS = 100
_MOST_BULK_POINTS = 25_000
_MOST_INTERVAL_POINTS = 2500


@HANDLERS.handles(wire.GET_HISTORY)
def _get_history(services: Services, asked: wire.GetHistory) -> wire.MetricHistory:
    run_id = run_asked(asked.run_id, asked.run_uuid)
    if asked.max_results is not None:
        at_most(asked.max_results, 2**63 - 1)
    points, token = services.tracking.metrics.history(run_id, asked.metric_key, asked.max_results, asked.page_token)
    return wire.MetricHistory(wire.series_points(asked.metric_key, points), shown(token))


@HANDLERS.handles(wire.GET_HISTORY_BULK)
def _get_history_bulk(services: Services, asked: wire.GetHistoryBulk) -> wire.BulkMetrics:
    _check_runs(asked.run_id, "run_id")
    room = _MOST_BULK_POINTS
    if asked.max_results is not None:
        room = min(room, at_most(asked.max_results, 2**63 - 1))
    found: list[wire.RunMetric] = []
    for run_id in sorted(set(asked.run_id)):
        if len(found) < room:
            points, _ = services.tracking.metrics.history(run_id, asked.metric_key, room - len(found))
            found.extend(wire.run_metrics(run_id, asked.metric_key, points))
    return wire.BulkMetrics(tuple(found))


@HANDLERS.handles(wire.GET_HISTORY_BULK_INTERVAL)
def _get_history_bulk_interval(services: Services, asked: wire.GetHistoryBulkInterval) -> wire.BulkMetrics:
    _check_runs(asked.run_ids, "run_ids")
    first, last = asked.start_step, asked.end_step
    if (first is None) != (last is None):
        msg = "If either start step or end step are specified, both must be specified."
        raise InvalidInput(msg)
    if first is not None and last is not None and first > last:
        msg = f"end_step must be greater than start_step. Found start_step={first} and end_step={last}."
        raise InvalidInput(msg)
    most = at_most(asked.max_results, _MOST_INTERVAL_POINTS)
    series = services.tracking.metrics.sample(asked.run_ids, [asked.metric_key], most, first, last)
    return wire.BulkMetrics(
        tuple(
            message
            for one in series
            for message in wire.run_metrics(one.run_id, one.key, MetricColumns(one.steps, one.timestamps, one.last))
        )
    )


def _check_runs(run_ids: tuple[str, ...], name: str) -> None:
    if not run_ids:
        msg = f"Missing value for required parameter '{name}'. Name at least one run."
        raise InvalidInput(msg)
    if len(run_ids) > _MOST_RUNS:
        msg = f"Invalid value for parameter '{name}' supplied: at most {_MOST_RUNS} runs, but got {len(run_ids)}."
        raise InvalidInput(msg)
