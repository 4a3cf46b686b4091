"""Keeping the house in a database: things taken in as they were elsewhere, and things removed for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from treering.core.errors import InvalidInput
from treering.entities.deleted import DeletedItem, Kind
from treering.entities.experiment import Experiment
from treering.entities.governance import NOBODY, Actor
from treering.entities.lifecycle import Lifecycle
from treering.entities.model import ModelVersion, RegisteredModel
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.sql.changes import count_purge
from treering.storage.metadata.sql.experiments import SqlExperiments, experiment_number, refuse_taken
from treering.storage.metadata.sql.history import record
from treering.storage.metadata.sql.model_versions import lock_model
from treering.storage.metadata.sql.rows import insert_row, put_texts
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import (
    datasets,
    experiment_tags,
    experiments,
    logged_model_metrics,
    logged_models,
    model_version_tags,
    model_versions,
    registered_model_tags,
    registered_models,
    run_datasets,
    runs,
    views,
)

__all__ = ["SqlUpkeep"]

# A transaction of a hundred runs is short enough for those who wait for it.
_AT_ONCE = 100


class SqlUpkeep:
    """UpkeepStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put_experiment(self, given: Experiment) -> Experiment:
        """See UpkeepStore."""

        def work(connection: Connection) -> int:
            refuse_taken(connection, given.name)
            row: dict[str, Any] = {
                "name": given.name,
                "active_name": given.name,
                "artifact_location": given.artifact_location,
                "lifecycle": Lifecycle.ACTIVE.value,
                "created": given.creation_time,
                "updated": given.last_update_time,
            }
            number = experiment_number(given.experiment_id)
            # Databases that number by a counter do not see numbers that others chose, so only SQLite keeps ids.
            free = self._session.dialect.driver.startswith("sqlite") and number > 0
            if free and not connection.execute(select(exists().where(experiments.c.id == number))).scalar():
                row["id"] = number
            number = insert_row(connection, insert(experiments).values(**row))
            put_texts(connection, experiment_tags, {"experiment_id": number}, given.tags)
            return number

        return SqlExperiments(self._session).get(str(self._session.write(work)))

    def put_registered_model(self, given: RegisteredModel) -> None:
        """See UpkeepStore."""

        def work(connection: Connection) -> None:
            if connection.execute(select(exists().where(registered_models.c.name == given.name))).scalar():
                return
            row = {
                "name": given.name,
                "description": given.description,
                "created": given.creation_time,
                "updated": given.last_update_time,
                "last_version": 0,
            }
            number = insert_row(connection, insert(registered_models).values(**row))
            put_texts(connection, registered_model_tags, {"model": number}, given.tags)
            record(connection, Change("model.brought", given.name, after=given.description), NOBODY)

        self._session.write(work)

    def put_version(self, given: ModelVersion) -> None:
        """See UpkeepStore."""

        def work(connection: Connection) -> None:
            model = lock_model(connection, given.name)
            same = exists().where(model_versions.c.model == model.id, model_versions.c.version == given.version)
            if connection.execute(select(same)).scalar():
                return
            last = max(model.last_version, given.version)
            mine = registered_models.c.id == model.id
            connection.execute(update(registered_models).where(mine).values(last_version=last))
            row = {
                "model": model.id,
                "version": given.version,
                "status": given.status.value,
                "stage": given.stage,
                "created": given.creation_time,
                "updated": given.last_update_time,
                "run_id": given.run_id,
                "model_id": given.model_id,
                "source": given.source,
                "storage_uri": given.storage_uri,
                "description": given.description,
                "run_link": given.run_link,
                "user_id": given.user_id,
                "status_message": given.status_message,
            }
            connection.execute(insert(model_versions).values(**row))
            put_texts(connection, model_version_tags, {"model": model.id, "version": given.version}, given.tags)
            change = Change("version.brought", given.name, given.version, after=given.stage)
            record(connection, change, Actor(given.user_id))

        self._session.write(work)

    def deleted(self) -> Sequence[DeletedItem]:
        """See UpkeepStore."""
        gone = Lifecycle.DELETED.value
        run, model, one = runs.c, logged_models.c, experiments.c
        statements = {
            Kind.RUN: select(run.run_id, run.experiment_id, run.artifact_uri, run.deleted).where(run.lifecycle == gone),
            Kind.LOGGED_MODEL: select(model.model_id, model.experiment_id, model.artifact_uri, model.updated).where(
                model.lifecycle == gone
            ),
            Kind.EXPERIMENT: select(one.id, one.id, one.artifact_location, one.updated).where(one.lifecycle == gone),
        }
        with self._session.read() as connection:
            return [
                DeletedItem(kind, str(row[0]), str(row[1]), row[2], row[3])
                for kind, statement in statements.items()
                for row in connection.execute(statement.order_by(statement.selected_columns[0]))
            ]

    def purge_runs(self, run_ids: Sequence[str]) -> int:
        """See UpkeepStore."""
        with self._session.read() as connection:
            _refuse_active(connection, runs, runs.c.run_id, run_ids)
        count = 0
        for some in _chunks(run_ids):
            count += self._session.write(lambda connection, some=some: _purge_runs(connection, runs.c.run_id.in_(some)))  # type: ignore[misc]  # bound now
        return count

    def purge_logged_models(self, model_ids: Sequence[str]) -> int:
        """See UpkeepStore."""
        with self._session.read() as connection:
            _refuse_active(connection, logged_models, logged_models.c.model_id, model_ids)
        count = 0
        for some in _chunks(model_ids):
            wanted = logged_models.c.model_id.in_(some) & (logged_models.c.lifecycle == Lifecycle.DELETED.value)
            count += self._session.write(lambda connection, wanted=wanted: _purge_models(connection, wanted))  # type: ignore[misc]  # bound now
        return count

    def purge_experiment(self, experiment_id: str) -> int:
        """See UpkeepStore."""
        number = experiment_number(experiment_id)

        def check(connection: Connection) -> bool:
            mine = select(experiments.c.lifecycle).where(experiments.c.id == number)
            stage = connection.execute(mine.with_for_update()).scalar()
            if stage == Lifecycle.ACTIVE.value:
                msg = f"The experiment {experiment_id!r} is active. Delete it first, then remove it for good."
                raise InvalidInput(msg)
            return stage is not None

        def some_runs(connection: Connection) -> int:
            mine = select(runs.c.run_id).where(runs.c.experiment_id == number).limit(_AT_ONCE)
            ids = list(connection.execute(mine).scalars()) if check(connection) else []
            return _purge_runs(connection, runs.c.run_id.in_(ids), active_too=True) if ids else 0

        def rest(connection: Connection) -> int:
            if not check(connection):
                return 0
            _purge_runs(connection, runs.c.experiment_id == number, active_too=True)
            _purge_models(connection, logged_models.c.experiment_id == number)
            connection.execute(delete(datasets).where(datasets.c.experiment_id == number))
            connection.execute(delete(views).where(views.c.experiment_id == number))
            connection.execute(delete(experiments).where(experiments.c.id == number))
            return 1

        while self._session.write(some_runs):
            pass
        return self._session.write(rest)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _refuse_active(connection: Connection, table: Any, column: ColumnElement[str], ids: Sequence[str]) -> None:
    for some in _chunks(ids):
        statement = select(column).where(column.in_(some), table.c.lifecycle == Lifecycle.ACTIVE.value).limit(1)
        found = connection.execute(statement).scalar()
        if found is not None:
            msg = f"{found!r} is active. Delete it first, then remove it for good."
            raise InvalidInput(msg)


def _purge_runs(connection: Connection, wanted: ColumnElement[bool], *, active_too: bool = False) -> int:
    """Params, tags, summaries, points and links to datasets go with their run."""
    if not active_too:
        wanted &= runs.c.lifecycle == Lifecycle.DELETED.value
    found = connection.execute(select(runs.c.id, runs.c.run_id, runs.c.experiment_id).where(wanted)).all()
    if not found:
        return 0
    count = 0
    for some in _chunks([row.run_id for row in found]):
        connection.execute(delete(logged_model_metrics).where(logged_model_metrics.c.run_id.in_(some)))
        # What was found may be gone by now: somebody else removes the same.
        count += connection.execute(delete(runs).where(runs.c.run_id.in_(some))).rowcount
    unused = ~exists().where(run_datasets.c.dataset == datasets.c.id)
    touched = datasets.c.experiment_id.in_({row.experiment_id for row in found})
    connection.execute(delete(datasets).where(touched, unused))
    count_purge(connection, {row.experiment_id for row in found})
    return count


def _purge_models(connection: Connection, wanted: ColumnElement[bool]) -> int:
    ids = list(connection.execute(select(logged_models.c.model_id).where(wanted)).scalars())
    count = 0
    for some in _chunks(ids):
        connection.execute(delete(logged_model_metrics).where(logged_model_metrics.c.model_id.in_(some)))
        count += connection.execute(delete(logged_models).where(logged_models.c.model_id.in_(some))).rowcount
    return count
