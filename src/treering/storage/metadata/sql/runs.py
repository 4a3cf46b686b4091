"""Runs in a database: created, changed, deleted, found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from treering.core.clock import now
from treering.core.errors import Conflict, InvalidInput, NotFound, StorageFull, TreeringError, Unavailable
from treering.core.log import logger
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.page import Page, Query
from treering.entities.run import RUN_NAME_TAG, Origin, Run, RunChanges, RunInfo
from treering.entities.run_table import RunTable, TableBuilder
from treering.storage.metadata.announcing import ended_run
from treering.storage.metadata.base import Answer, Delivery, SeriesKey
from treering.storage.metadata.merge import check_active, updated_info
from treering.storage.metadata.search.fields import RUNS
from treering.storage.metadata.search.syntax import Entity
from treering.storage.metadata.sql.apply import apply_changes, info_of, lock_runs
from treering.storage.metadata.sql.changes import next_versions
from treering.storage.metadata.sql.datasets import load_datasets
from treering.storage.metadata.sql.document import Document, read_document, write_document
from treering.storage.metadata.sql.experiments import experiment_number, in_view
from treering.storage.metadata.sql.history import LISTENED, enqueue
from treering.storage.metadata.sql.rows import NUMBERS, insert_row, put_texts, rows_by_number, select_in
from treering.storage.metadata.sql.search import Found, Keyed, Target, find
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

__all__ = ["SqlRuns", "runs_of"]

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


# Made once: every run that ends needs them.
_THIS = runs.c.id == bindparam("its_id")
_CHANGE_INFO = (
    update(runs)
    .where(_THIS)
    .values(status=bindparam("its_status"), end_time=bindparam("ended"), version=bindparam("counted"))
)
_CHANGED = select(runs, LISTENED.label("listened")).where(_THIS)
_CHANGE_STAGE = (
    update(runs)
    .where(_THIS)
    .values(
        lifecycle=bindparam("its_stage"), deleted_together=False, deleted=bindparam("at"), version=bindparam("counted")
    )
)
_WHOLE = select(runs).where(runs.c.id.in_(NUMBERS))


class SqlRuns:
    """RunStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, info: RunInfo, tags: Mapping[str, str]) -> Run:
        """See RunStore."""

        def work(connection: Connection) -> Run:
            number, version = _experiment_for(connection, info)
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
                "version": version,
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
            values = {"its_id": held.number, "its_status": info.status.value, "ended": info.end_time}
            values["counted"] = next_versions(connection, [held.experiment])[held.experiment]
            connection.execute(_CHANGE_INFO, values)
            row = connection.execute(_CHANGED, {"its_id": held.number}).one()
            if row.listened and (told := ended_run(info, held.run.info.status)) is not None:
                enqueue(connection, told)
            return _hydrated(connection, [row])[0]

        return self._session.write(work)

    def set_lifecycle(self, run_id: str, stage: Lifecycle) -> None:
        """See RunStore."""

        def work(connection: Connection) -> None:
            held = lock_runs(connection, [run_id])[run_id]
            if held.run.info.lifecycle_stage is not stage:
                deleted = None if stage is Lifecycle.ACTIVE else now()
                values = {"lifecycle": stage.value, "deleted_together": False, "deleted": deleted}
                version = next_versions(connection, [held.experiment])[held.experiment]
                connection.execute(update(runs).where(runs.c.id == held.number).values(**values, version=version))

        self._session.write(work)

    def stages(self, run_ids: Sequence[str]) -> Mapping[str, Lifecycle]:
        """See RunStore."""
        with self._session.read() as connection:
            rows = select_in(connection, select(runs.c.run_id, runs.c.lifecycle), runs.c.run_id, run_ids)
        return {run_id: Lifecycle(stage) for run_id, stage in rows}

    def set_lifecycles(self, run_ids: Sequence[str], stage: Lifecycle) -> Sequence[str]:
        """See RunStore."""
        columns = select(runs.c.id, runs.c.run_id, runs.c.experiment_id, runs.c.lifecycle)

        def work(connection: Connection) -> Sequence[str]:
            # In the order in which `lock_runs` takes them.
            held = select_in(connection, columns.order_by(runs.c.run_id).with_for_update(), runs.c.run_id, wanted)
            if len(held) < len(wanted):
                missing = min(set(wanted) - {row.run_id for row in held})
                msg = f"Run with id={missing} not found. Check the id and the tracking URI."
                raise NotFound(msg)
            unlike = [row for row in held if row.lifecycle != stage]
            versions = next_versions(connection, (row.experiment_id for row in unlike))
            values = {"its_stage": stage.value, "at": None if stage is Lifecycle.ACTIVE else now()}
            rows = [{"its_id": row.id, "counted": versions[row.experiment_id], **values} for row in unlike]
            if rows:
                connection.execute(_CHANGE_STAGE, rows)
            return [row.run_id for row in unlike]

        wanted = sorted(set(run_ids))
        return self._session.write(work)

    def search(self, query: Query) -> Page[Run]:
        """See RunStore."""
        with self._session.read() as connection:
            found = self._find(connection, query)
            numbers = _numbers(found)
            known = runs_of(connection, numbers)
            return Page([known[number] for number in numbers if number in known], found.next_token, found.total)

    def table(self, query: Query) -> RunTable:
        """See RunStore."""
        with self._session.read() as connection:
            found = self._find(connection, query)
            numbers = _numbers(found)
            rows = rows_by_number(connection, _WHOLE, numbers)
        builder = TableBuilder(len(rows))
        for number in numbers:
            if number in rows:
                row = rows[number]
                document = read_document(row.document, row.run_id)
                metrics = {key: one.value for key, one in document.metrics.items()}
                builder.add(info_of(row), metrics, document.params, document.tags)
        return builder.table(found.next_token)

    def _find(self, connection: Connection, query: Query) -> Found:
        numbers = [experiment_number(experiment_id) for experiment_id in query.experiment_ids]
        within = runs.c.experiment_id.in_(numbers) & in_view(runs.c.lifecycle, query.view)
        return find(connection, self._session.dialect, _TARGET, query, within)

    def apply(self, changes: Sequence[RunChanges], origin: Origin | None) -> Sequence[SeriesKey]:
        """See RunStore."""
        return self._session.write(lambda connection: _applied(connection, [(changes, origin)])[0])

    def apply_each(self, waiting: Sequence[Delivery]) -> Sequence[Answer]:
        """See RunStore."""
        if len(waiting) > 1:
            try:
                return self._session.write(lambda connection: list[Answer](_applied(connection, waiting)))
            except (StorageFull, Unavailable) as error:
                return [error] * len(waiting)
            except TreeringError:
                # One of them is at fault. Alone, each gets its own answer.
                logger.debug("A transaction of %d deliveries failed; each is tried alone.", len(waiting))
        return [self._applied_alone(*one) for one in waiting]

    def _applied_alone(self, changes: Sequence[RunChanges], origin: Origin | None) -> Answer:
        try:
            return self.apply(changes, origin)
        except TreeringError as error:
            return error

    def delivered(self, journal_id: str) -> int:
        """See RunStore."""
        statement = select(deliveries.c.end).where(deliveries.c.journal_id == journal_id)
        with self._session.read() as connection:
            return connection.execute(statement).scalar() or 0


def _numbers(found: Found) -> list[int]:
    return [identity[0] for identity in found.identities]


def runs_of(connection: Connection, numbers: Sequence[int]) -> dict[int, Run]:
    """The runs of these rows, by their numbers; rows that are gone are left out."""
    rows = rows_by_number(connection, _WHOLE, numbers)
    return dict(zip(rows, _hydrated(connection, list(rows.values())), strict=True))


def _hydrated(connection: Connection, rows: Sequence[Row[Any]]) -> list[Run]:
    """Runs of rows, in their order; one more statement where they used datasets."""
    documents = [read_document(row.document, row.run_id) for row in rows]
    used = {one.dataset for document in documents for one in document.datasets}
    known: dict[int, Dataset] = load_datasets(connection, used) if used else {}
    return [document.to_run(info_of(row), known) for row, document in zip(rows, documents, strict=True)]


def _experiment_for(connection: Connection, info: RunInfo) -> tuple[int, int]:
    """The experiment's number and next version; its row cannot be deleted until the transaction ends."""
    number = experiment_number(info.experiment_id)
    # Counted first: two that share the row, as a foreign key does, and then both want it, would wait for each other.
    version = next_versions(connection, [number]).get(number)
    if version is None:
        msg = f"No Experiment with id={info.experiment_id} exists. Search experiments to see which there are."
        raise NotFound(msg)
    return number, version


def _is_active(connection: Connection, number: int) -> bool:
    stage = connection.execute(select(experiments.c.lifecycle).where(experiments.c.id == number)).scalar()
    return stage == Lifecycle.ACTIVE


def _applied(connection: Connection, waiting: Sequence[Delivery]) -> list[list[SeriesKey]]:
    """Apply all in one go; each crowded series is reported to the last that added to it, so that one merges it."""
    fresh = [changes for changes, origin in waiting if origin is None or _accept(connection, origin)]
    crowded = set(apply_changes(connection, [change for changes in fresh for change in changes]))
    answers: list[list[SeriesKey]] = [[] for _ in waiting]
    for answer, (changes, _) in zip(reversed(answers), reversed(waiting), strict=True):
        touched = dict.fromkeys((change.run_id, segment.key) for change in changes for segment in change.segments)
        answer += [key for key in touched if key in crowded]
        crowded -= touched.keys()
    return answers


def _accept(connection: Connection, origin: Origin) -> bool:
    """Remember a delivery; False where it was applied before."""
    end = connection.execute(_ACCEPTED, {"journal": origin.journal_id}).scalar()
    if end is None:
        row = {"journal_id": origin.journal_id, "end": origin.end, "applied": now()}
        connection.execute(_ACCEPT, row)
    elif end >= origin.end:
        return False
    else:
        connection.execute(_ACCEPT_MORE, {"journal": origin.journal_id, "until": origin.end, "at": now()})
    return True


_ITS = deliveries.c.journal_id == bindparam("journal")
_ACCEPTED = select(deliveries.c.end).where(_ITS).with_for_update()
_ACCEPT = insert(deliveries)
_ACCEPT_MORE = update(deliveries).where(_ITS).values(end=bindparam("until"), applied=bindparam("at"))
