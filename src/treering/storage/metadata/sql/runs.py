"""Runs in a database: created, changed, deleted, found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from treering.core.clock import now
from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.page import Page, Query
from treering.entities.run import RUN_NAME_TAG, Origin, Run, RunChanges, RunInfo
from treering.storage.metadata.base import SeriesKey
from treering.storage.metadata.merge import check_active, updated_info
from treering.storage.metadata.search.fields import RUNS
from treering.storage.metadata.search.syntax import Entity
from treering.storage.metadata.sql.apply import apply_changes, info_of, lock_runs
from treering.storage.metadata.sql.datasets import load_datasets
from treering.storage.metadata.sql.document import Document, read_document, write_document
from treering.storage.metadata.sql.experiments import experiment_number, in_view
from treering.storage.metadata.sql.rows import insert_row, put_texts, select_in
from treering.storage.metadata.sql.search import Keyed, Target, find
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import (
    datasets,
    deliveries,
    experiments,
    run_datasets,
    run_metrics,
    run_params,
    run_tags,
    runs,
)

__all__ = ["SqlRuns"]

_USED = (
    select(run_datasets.c.run, run_datasets.c.context, datasets.c.name, datasets.c.digest)
    .join(datasets, datasets.c.id == run_datasets.c.dataset)
    .subquery("used")
)
_TARGET = Target(
    RUNS,
    runs,
    (runs.c.id,),
    {name: runs.c[name] for name in RUNS.attributes if name != "duration"}
    | {"duration": runs.c.end_time - runs.c.start_time},
    {
        Entity.METRIC: Keyed(run_metrics, ("run",), number="last"),
        Entity.PARAM: Keyed(run_params, ("run",)),
        Entity.TAG: Keyed(run_tags, ("run",)),
        Entity.DATASET: Keyed(_USED, ("run",)),
    },
)


class SqlRuns:
    """RunStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, info: RunInfo, tags: Mapping[str, str]) -> Run:
        """See RunStore."""

        def work(connection: Connection) -> Run:
            number = _experiment_for(connection, info)
            known = connection.execute(select(runs).where(runs.c.run_id == info.run_id)).one_or_none()
            if known is not None and known.experiment_id == number:
                return _hydrated(connection, [known])[0]
            if known is not None:
                msg = (
                    f"The run {info.run_id!r} exists already, in the experiment '{known.experiment_id}'."
                    " Choose another id."
                )
                raise Conflict(msg)
            if not _is_active(connection, number):
                msg = f"The experiment {info.experiment_id!r} is deleted. Restore it before adding runs."
                raise InvalidInput(msg)
            document = Document(tags=dict(tags))
            row = {
                "run_id": info.run_id,
                "experiment_id": number,
                "lifecycle": info.lifecycle_stage.value,
                "deleted_together": False,
                "status": info.status.value,
                "start_time": info.start_time,
                "end_time": info.end_time,
                "user_id": info.user_id,
                "run_name": info.run_name,
                "artifact_uri": info.artifact_uri,
                "version": 1,
                "document": write_document(document),
            }
            run = insert_row(connection, insert(runs).values(**row))
            put_texts(connection, run_tags, {"run": run}, tags)
            return document.to_run(info, {})

        return self._session.write(work)

    def get(self, run_id: str) -> Run:
        """See RunStore."""
        with self._session.read() as connection:
            row = connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()
            if row is None:
                msg = f"Run with id={run_id} not found. Check the id and the tracking URI."
                raise NotFound(msg)
            return _hydrated(connection, [row])[0]

    def update(self, run_id: str, status: RunStatus | None, end_time: int | None, run_name: str | None) -> Run:
        """See RunStore."""

        def work(connection: Connection) -> Run:
            held = lock_runs(connection, [run_id])[run_id]
            check_active(held.run.info)
            info = updated_info(held.run.info, status, end_time, run_name)
            if run_name is not None:
                apply_changes(connection, [RunChanges(run_id, tags={RUN_NAME_TAG: run_name})])
            values = {"status": info.status.value, "end_time": info.end_time, "version": runs.c.version + 1}
            connection.execute(update(runs).where(runs.c.id == held.number).values(**values))
            row = connection.execute(select(runs).where(runs.c.id == held.number)).one()
            return _hydrated(connection, [row])[0]

        return self._session.write(work)

    def set_lifecycle(self, run_id: str, stage: Lifecycle) -> None:
        """See RunStore."""

        def work(connection: Connection) -> None:
            held = lock_runs(connection, [run_id])[run_id]
            if held.run.info.lifecycle_stage is not stage:
                values = {"lifecycle": stage.value, "deleted_together": False, "version": runs.c.version + 1}
                connection.execute(update(runs).where(runs.c.id == held.number).values(**values))

        self._session.write(work)

    def search(self, query: Query) -> Page[Run]:
        """See RunStore."""
        numbers = [experiment_number(experiment_id) for experiment_id in query.experiment_ids]
        within = runs.c.experiment_id.in_(numbers) & in_view(runs.c.lifecycle, query.view)
        with self._session.read() as connection:
            found = find(connection, self._session.dialect, _TARGET, query, within)
            place = {identity[0]: position for position, identity in enumerate(found.identities)}
            rows = select_in(connection, select(runs), runs.c.id, place)
            rows.sort(key=lambda row: place[row.id])
            return Page(_hydrated(connection, rows), found.next_token, found.total)

    def apply(self, changes: Sequence[RunChanges], origin: Origin | None) -> Sequence[SeriesKey]:
        """See RunStore."""

        def work(connection: Connection) -> Sequence[SeriesKey]:
            if origin is not None and not _accept(connection, origin):
                return []
            return apply_changes(connection, changes)

        return self._session.write(work)

    def delivered(self, journal_id: str) -> int:
        """See RunStore."""
        statement = select(deliveries.c.end).where(deliveries.c.journal_id == journal_id)
        with self._session.read() as connection:
            return connection.execute(statement).scalar() or 0


def _hydrated(connection: Connection, rows: Sequence[Row[Any]]) -> list[Run]:
    """Runs of rows, in their order; one more statement where they used datasets."""
    documents = [read_document(row.document, row.run_id) for row in rows]
    used = {one.dataset for document in documents for one in document.datasets}
    known: dict[int, Dataset] = load_datasets(connection, used) if used else {}
    return [document.to_run(info_of(row), known) for row, document in zip(rows, documents, strict=True)]


def _experiment_for(connection: Connection, info: RunInfo) -> int:
    """The experiment's number; its row cannot be deleted until the transaction ends."""
    number = experiment_number(info.experiment_id)
    statement = select(experiments.c.id).where(experiments.c.id == number).with_for_update(read=True)
    if connection.execute(statement).scalar() is None:
        msg = f"No Experiment with id={info.experiment_id} exists. Search experiments to see which there are."
        raise NotFound(msg)
    return number


def _is_active(connection: Connection, number: int) -> bool:
    stage = connection.execute(select(experiments.c.lifecycle).where(experiments.c.id == number)).scalar()
    return stage == Lifecycle.ACTIVE


def _accept(connection: Connection, origin: Origin) -> bool:
    """Remember a delivery; False where it was applied before."""
    mine = deliveries.c.journal_id == origin.journal_id
    end = connection.execute(select(deliveries.c.end).where(mine).with_for_update()).scalar()
    if end is None:
        row = {"journal_id": origin.journal_id, "end": origin.end, "applied": now()}
        connection.execute(insert(deliveries).values(**row))
    elif end >= origin.end:
        return False
    else:
        connection.execute(update(deliveries).where(mine).values(end=origin.end, applied=now()))
    return True
