"""Series of metric points in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.metric import SampledSeries
from treering.server.handling import Handlers
from treering.wire.native import metrics as wire
from treering.wire.native.lines import lines_to, query_from
from treering.wire.native.numbers import to_numbers
from treering.wire.native.points import points_from

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.HISTORY)
def _history(services: Services, asked: wire.History) -> wire.HistoryPage:
    columns, token = services.tracking.metrics.history(asked.run_id, asked.key, asked.max_results, asked.page_token)
    return wire.HistoryPage(points_from(columns), len(columns), token)


@HANDLERS.handles(wire.SAMPLE)
def _sample(services: Services, asked: wire.Sample) -> wire.Samples:
    found = services.tracking.metrics.sample(
        asked.run_ids, asked.keys, asked.max_points, asked.first_step, asked.last_step
    )
    return wire.Samples([_series(series) for series in found])


@HANDLERS.handles(wire.LINES)
def _lines(services: Services, asked: wire.AskedLines) -> wire.Lines:
    return lines_to(services.tracking.metrics.lines(query_from(asked)))


def _series(series: SampledSeries) -> wire.SampledBody:
    return wire.SampledBody(
        series.run_id,
        series.key,
        list(series.steps),
        list(series.timestamps),
        to_numbers(series.last),
        to_numbers(series.minimum),
        to_numbers(series.maximum),
        series.total,
    )
