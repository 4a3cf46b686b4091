"""Runs in the native API."""

from __future__ import annotations

from typing import cast

from treering.assembly import Services
from treering.entities.metric import Metric
from treering.entities.run import LogBatch, NewRun, Origin
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.kept import Kept, KeptJson
from treering.wire.native import runs as wire
from treering.wire.native import tables
from treering.wire.native.codec import plain
from treering.wire.native.numbers import from_number
from treering.wire.native.points import columns_from

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_KEPT = KeptJson(wire.run_body, plain)


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: NewRun) -> wire.RunBody:
    return wire.run_body(services.tracking.runs.create(asked))


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.RunId) -> wire.RunBody:
    return wire.run_body(services.tracking.runs.get(asked.run_id))


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateRun) -> wire.RunBody:
    run = services.tracking.runs.update(asked.run_id, asked.status, asked.end_time, asked.run_name)
    return wire.run_body(run)


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.RunId) -> Empty:
    services.tracking.runs.delete(asked.run_id)
    return Empty()


@HANDLERS.handles(wire.RESTORE)
def _restore(services: Services, asked: wire.RunId) -> Empty:
    services.tracking.runs.restore(asked.run_id)
    return Empty()


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchRuns) -> wire.RunPage:
    page = services.tracking.runs.search(asked.query())
    bodies = [Kept(run, _KEPT) for run in page.items]
    return wire.RunPage(cast("list[wire.RunBody]", bodies), page.next_token, page.total)


@HANDLERS.handles(tables.TABLE)
def _table(services: Services, asked: wire.SearchRuns) -> tables.RunTableBody:
    return tables.table_body(services.tracking.runs.table(asked.query()))


@HANDLERS.handles(wire.LOG)
def _log(services: Services, asked: wire.LogBatches) -> Empty:
    origin = Origin(asked.journal_id, asked.end) if asked.journal_id else None
    services.tracking.runs.log([_batch(batch) for batch in asked.batches], origin)
    return Empty()


@HANDLERS.handles(wire.DELETE_TAG)
def _delete_tag(services: Services, asked: wire.DeleteRunTag) -> Empty:
    services.tracking.runs.delete_tag(asked.run_id, asked.key)
    return Empty()


@HANDLERS.handles(wire.DELIVERED)
def _delivered(services: Services, asked: wire.JournalId) -> wire.Delivered:
    return wire.Delivered(services.tracking.runs.delivered(asked.journal_id))


def _batch(batch: wire.RunBatch) -> LogBatch:
    return LogBatch(
        batch.run_id,
        batch.params,
        batch.tags,
        {key: columns_from(points, key) for key, points in batch.series.items()},
        [
            Metric(
                item.key,
                from_number(item.value),
                item.timestamp,
                item.step,
                item.model_id,
                item.dataset_name,
                item.dataset_digest,
                batch.run_id,
            )
            for item in batch.linked
        ],
        batch.datasets,
        batch.model_inputs,
        batch.model_outputs,
    )
