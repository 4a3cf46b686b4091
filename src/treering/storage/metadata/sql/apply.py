"""Adds changes to runs, inside one transaction: locks, merges in Python, writes what differs.

A run's own row is locked first, and all rows that hang on it are written only under
that lock; runs are locked in one order, so that two batches cannot wait for each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, bindparam, delete, insert, or_, select, update

from treering.core.errors import NotFound
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricSegment, MetricSummary
from treering.entities.run import Run, RunChanges, RunInfo
from treering.storage.metadata.base import SeriesKey
from treering.storage.metadata.merge import SMALL_SEGMENT, TOO_MANY_SEGMENTS, changed_run, later
from treering.storage.metadata.sql.changes import next_versions
from treering.storage.metadata.sql.datasets import dataset_number
from treering.storage.metadata.sql.document import Document, UsedDataset, read_document, write_document
from treering.storage.metadata.sql.floats import from_sortable, sortable
from treering.storage.metadata.sql.tables import (
    logged_model_metrics,
    run_datasets,
    run_metrics,
    run_models,
    run_params,
    run_tags,
    runs,
    segments,
)
from treering.storage.metadata.sql.texts import text_columns

__all__ = ["LockedRun", "apply_changes", "info_of", "lock_runs", "point_of", "segment_row"]


@dataclass(slots=True)
class LockedRun:
    """A run whose row this transaction holds.

    Attributes:
        run: As it will be; without its datasets, which stand in `datasets`.
        document: As it was read.
        touched: Metric keys that got points.
    """

    number: int
    experiment: int
    run: Run
    document: Document
    datasets: dict[int, dict[str, str]]
    small: dict[str, int]
    touched: set[str] = field(default_factory=set)

    def encoded(self) -> bytes:
        """The document to write."""
        used = [UsedDataset(number, tags) for number, tags in self.datasets.items()]
        return write_document(Document.of_run(self.run, used, self.small))


def info_of(row: Row[Any]) -> RunInfo:
    """What a row of `runs` says."""
    return RunInfo(
        row.run_id,
        str(row.experiment_id),
        row.run_name,
        row.user_id,
        _STATUSES[row.status],
        row.start_time,
        row.end_time,
        row.artifact_uri,
        _LIFECYCLES[row.lifecycle],
    )


# Looked up, because a page has hundreds.
_STATUSES = {str(status): status for status in RunStatus}
_LIFECYCLES = {str(stage): stage for stage in Lifecycle}


def lock_runs(connection: Connection, run_ids: Collection[str]) -> dict[str, LockedRun]:
    """Hold the rows of these runs until the transaction ends. Raises NotFound."""
    locked: dict[str, LockedRun] = {}
    for row in connection.execute(_LOCK, {"ids": sorted(run_ids)}):
        document = read_document(row.document, row.run_id)
        used = {one.dataset: one.tags for one in document.datasets}
        run = document.to_run(info_of(row), {})
        locked[row.run_id] = LockedRun(row.id, row.experiment_id, run, document, used, dict(document.small))
    for run_id in run_ids:
        if run_id not in locked:
            msg = f"Run with id={run_id} not found. Check the id and the tracking URI."
            raise NotFound(msg)
    return locked


def apply_changes(connection: Connection, changes: Sequence[RunChanges]) -> list[SeriesKey]:
    """Add `changes`, in their order; what RunStore.apply promises, but for the origin."""
    locked = lock_runs(connection, {change.run_id for change in changes})
    crowded: dict[SeriesKey, None] = {}
    versions: dict[int, int] = {}
    if any(change.dataset_inputs for change in changes):
        # New datasets share their experiment's row; who wants it alone must have it before.
        versions = next_versions(connection, (held.experiment for held in locked.values()))
    for change in changes:
        held = locked[change.run_id]
        held.run = changed_run(held.run, replace(change, dataset_inputs=()))
        held.touched.update(change.metrics)
        for used in change.dataset_inputs:
            _use_dataset(connection, held, used)
        for segment in change.segments:
            held.small[segment.key] = held.small.get(segment.key, 0) + (segment.count < SMALL_SEGMENT)
            crowded[change.run_id, segment.key] = None
    for held in locked.values():
        _write_datasets(connection, held)
        _write_models(connection, held)
    _write_texts(connection, list(locked.values()))
    _write_metrics(connection, list(locked.values()))
    rows = [segment_row(locked[change.run_id].number, segment) for change in changes for segment in change.segments]
    if rows:
        connection.execute(_ADD_SEGMENTS, rows)
    _write_linked(connection, [replace(point, run_id=change.run_id) for change in changes for point in change.linked])
    versions = versions or next_versions(connection, (held.experiment for held in locked.values()))
    _write_runs(connection, list(locked.values()), versions)
    return [key for key in crowded if locked[key[0]].small[key[1]] >= TOO_MANY_SEGMENTS]


def segment_row(number: int, segment: MetricSegment) -> dict[str, Any]:
    """A row of `segments`."""
    return {
        "run": number,
        "key": segment.key,
        "count": segment.count,
        "first_step": segment.first_step,
        "last_step": segment.last_step,
        "first_timestamp": segment.first_timestamp,
        "last_timestamp": segment.last_timestamp,
        "minimum": _optional(segment.minimum),
        "maximum": _optional(segment.maximum),
        "data": segment.data,
    }


def _optional(value: float | None) -> int | None:
    return None if value is None else sortable(value)


def _use_dataset(connection: Connection, held: LockedRun, used: DatasetInput) -> None:
    number = dataset_number(connection, held.experiment, used.dataset)
    # As in MLflow, a run uses a dataset in the role that was said first.
    held.datasets.setdefault(number, dict(used.tags))


def _write_datasets(connection: Connection, held: LockedRun) -> None:
    before = {used.dataset: used.tags for used in held.document.datasets}
    rows = [
        {"run": held.number, "dataset": number, "context": DatasetInput(_NO_DATASET, tags).context}
        for number, tags in held.datasets.items()
        if before.get(number) != tags
    ]
    if rows:
        mine = and_(run_datasets.c.run == held.number, run_datasets.c.dataset.in_([row["dataset"] for row in rows]))
        connection.execute(delete(run_datasets).where(mine))
        connection.execute(insert(run_datasets), rows)


def _write_models(connection: Connection, held: LockedRun) -> None:
    """Rows of models that the run read or wrote for the first time."""
    before, now = held.document, held.run
    read = {one.model_id for one in now.inputs.model_inputs} - set(before.inputs)
    written = {one.model_id for one in now.outputs.model_outputs} - {model_id for model_id, _ in before.outputs}
    rows = [
        {"run": held.number, "model_id": model_id, "role": role}
        for role, ids in (("input", read), ("output", written))
        for model_id in sorted(ids)
    ]
    if rows:
        connection.execute(insert(run_models), rows)


_NO_DATASET = Dataset("", "", "", "")


def _write_texts(connection: Connection, locked: Sequence[LockedRun]) -> None:
    """Rows of params and tags that are new, other than before, or gone."""
    for table, part in ((run_params, "params"), (run_tags, "tags")):
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for held in locked:
            before, after = getattr(held.document, part), getattr(held.run.data, part)
            for key, value in after.items():
                if key not in before:
                    new.append({"run": held.number, **text_columns(table, key, value)})
                elif before[key] != value:
                    changed.append(_keyed(held.number, text_columns(table, key, value)))
            gone = [key for key in before if key not in after]
            if gone:
                connection.execute(delete(table).where(table.c.run == held.number, table.c.key.in_(gone)))
        if new:
            connection.execute(insert(table), new)
        if changed:
            connection.execute(_update(table, *(changed[0].keys() - {"its_run", "its_key"})), changed)


def _update(table: Table, *names: str) -> Any:
    mine = and_(table.c.run == bindparam("its_run"), table.c.key == bindparam("its_key"))
    return update(table).where(mine).values({name: bindparam(name) for name in names})


# Made once: every delivery needs them, and making one costs more than running it.
_LOCK = (
    select(runs).where(runs.c.run_id.in_(bindparam("ids", expanding=True))).order_by(runs.c.run_id).with_for_update()
)
_ADD_SEGMENTS = insert(segments)
_ADD_METRICS = insert(run_metrics)
_CHANGE_METRICS = _update(run_metrics, "last", "minimum", "maximum", "count")
_CHANGE_RUNS = (
    update(runs)
    .where(runs.c.id == bindparam("its_id"))
    .values(run_name=bindparam("name"), document=bindparam("content"), version=bindparam("counted"))
)


def _write_metrics(connection: Connection, locked: Sequence[LockedRun]) -> None:
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for held in locked:
        for key in held.touched:
            row = {"key": key, **_summary_row(held.run.data.summaries[key])}
            if key in held.document.metrics:
                changed.append(_keyed(held.number, row))
            else:
                new.append({"run": held.number, **row})
    if new:
        connection.execute(_ADD_METRICS, new)
    if changed:
        connection.execute(_CHANGE_METRICS, changed)


def _summary_row(summary: MetricSummary) -> dict[str, Any]:
    return {
        "last": sortable(summary.last.value),
        "minimum": _optional(summary.minimum),
        "maximum": _optional(summary.maximum),
        "count": summary.count,
    }


def _keyed(number: int, row: Any) -> dict[str, Any]:
    """`row` for `_update`: the key's parts have names of their own."""
    return {"its_run": number, "its_key": row["key"], **{name: row[name] for name in row if name != "key"}}


def _write_runs(connection: Connection, locked: Sequence[LockedRun], versions: Mapping[int, int]) -> None:
    rows = [
        {
            "its_id": held.number,
            "name": held.run.info.run_name,
            "content": held.encoded(),
            "counted": versions[held.experiment],
        }
        for held in locked
    ]
    if rows:
        connection.execute(_CHANGE_RUNS, rows)


# Points that judge logged models


def _place(point: Metric) -> tuple[str, str, str]:
    names = f"{point.dataset_name}\0{point.dataset_digest}"
    return point.model_id, point.key, hashlib.sha256(names.encode()).hexdigest()[:32] if names != "\0" else ""


def _write_linked(connection: Connection, points: Sequence[Metric]) -> None:
    newest: dict[tuple[str, str, str], Metric] = {}
    for point in points:
        if point.model_id:
            place = _place(point)
            newest[place] = later(newest[place], point) if place in newest else point
    if not newest:
        return
    table = logged_model_metrics
    wanted = or_(
        *(
            and_(
                table.c.model_id == model_id, table.c.key.in_(sorted({key for at, key, _ in newest if at == model_id}))
            )
            for model_id in sorted({place[0] for place in newest})
        )
    )
    present = {
        (row.model_id, row.key, row.dataset_hash): point_of(row)
        for row in connection.execute(select(table).where(wanted).with_for_update())
    }
    replaced = [place for place in newest if place in present and later(present[place], newest[place]) is newest[place]]
    for place in replaced:
        model_id, key, dataset = place
        same = and_(table.c.model_id == model_id, table.c.key == key, table.c.dataset_hash == dataset)
        connection.execute(delete(table).where(same))
    rows = [_point_row(place, point) for place, point in newest.items() if place not in present or place in replaced]
    if rows:
        connection.execute(insert(table), rows)


def _point_row(place: tuple[str, str, str], point: Metric) -> dict[str, Any]:
    return {
        "model_id": point.model_id,
        "key": point.key,
        "dataset_hash": place[2],
        "dataset_name": point.dataset_name,
        "dataset_digest": point.dataset_digest,
        "run_id": point.run_id,
        "value": sortable(point.value),
        "step": point.step,
        "timestamp": point.timestamp,
    }


def point_of(row: Row[Any]) -> Metric:
    """The point in a row of `logged_model_metrics`."""
    return Metric(
        row.key,
        from_sortable(row.value),
        row.timestamp,
        row.step,
        row.model_id,
        row.dataset_name,
        row.dataset_digest,
        row.run_id,
    )
