"""Experiments in a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, select, update

from treering.core.clock import now
from treering.core.errors import AlreadyExists, NotFound
from treering.core.uri import join
from treering.entities.experiment import Experiment, ExperimentActivity
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.page import Page, Query
from treering.storage.metadata.search.fields import EXPERIMENTS
from treering.storage.metadata.search.syntax import Entity
from treering.storage.metadata.sql.changes import next_versions
from treering.storage.metadata.sql.rows import delete_text, insert_row, put_texts, select_in, texts_by_owner
from treering.storage.metadata.sql.search import Keyed, Target, find
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import experiment_tags, experiments, runs

__all__ = ["SqlExperiments", "experiment_number", "in_view", "refuse_taken"]

_TARGET = Target(
    EXPERIMENTS,
    experiments,
    (experiments.c.id,),
    {
        "name": experiments.c.name,
        "experiment_id": experiments.c.id,
        "creation_time": experiments.c.created,
        "last_update_time": experiments.c.updated,
    },
    {Entity.TAG: Keyed(experiment_tags, ("experiment_id",))},
)
_LARGEST = (1 << 63) - 1


def experiment_number(experiment_id: str) -> int:
    """The number that an id stands for; -1, which none has, where it is no number."""
    number = int(experiment_id) if experiment_id.isdecimal() and experiment_id.isascii() else -1
    return number if str(number) == experiment_id and number <= _LARGEST else -1


def in_view(column: Any, view: View) -> Any:
    """The condition that a view puts on a lifecycle column."""
    return column.in_([stage.value for stage in Lifecycle if view.includes(stage)])


class SqlExperiments:
    """ExperimentStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, name: str, artifact_root: str, artifact_location: str, tags: Mapping[str, str]) -> Experiment:
        """See ExperimentStore."""

        def work(connection: Connection) -> Experiment:
            refuse_taken(connection, name)
            time = now()
            row = {
                "name": name,
                "active_name": name,
                "artifact_location": artifact_location,
                "lifecycle": Lifecycle.ACTIVE.value,
                "created": time,
                "updated": time,
            }
            number = insert_row(connection, insert(experiments).values(**row))
            if not artifact_location:
                location = join(artifact_root, str(number))
                connection.execute(
                    update(experiments).where(experiments.c.id == number).values(artifact_location=location)
                )
            put_texts(connection, experiment_tags, {"experiment_id": number}, tags)
            return _get(connection, str(number))

        return self._session.write(work)

    def get(self, experiment_id: str) -> Experiment:
        """See ExperimentStore."""
        with self._session.read() as connection:
            return _get(connection, experiment_id)

    def get_by_name(self, name: str) -> Experiment:
        """See ExperimentStore."""
        active_first = case((experiments.c.lifecycle == Lifecycle.ACTIVE.value, 0), else_=1)
        statement = (
            select(experiments.c.id)
            .where(experiments.c.name == name)
            .order_by(active_first, experiments.c.updated.desc(), experiments.c.id.desc())
            .limit(1)
        )
        with self._session.read() as connection:
            number = connection.execute(statement).scalar()
            if number is None:
                msg = f"There is no experiment called {name!r}. Create it first, or check the spelling."
                raise NotFound(msg)
            return _get(connection, str(number))

    def search(self, query: Query) -> Page[Experiment]:
        """See ExperimentStore."""
        with self._session.read() as connection:
            within = in_view(experiments.c.lifecycle, query.view)
            found = find(connection, self._session.dialect, _TARGET, query, within)
            known = _load(connection, [identity[0] for identity in found.identities])
            items = [known[identity[0]] for identity in found.identities if identity[0] in known]
            return Page(items, found.next_token, found.total)

    def overview(self, experiment_ids: Sequence[str]) -> Sequence[ExperimentActivity]:
        """See ExperimentStore."""
        numbers = {experiment_id: experiment_number(experiment_id) for experiment_id in experiment_ids}
        active = runs.c.lifecycle == Lifecycle.ACTIVE.value
        # Two questions, so that each is answered by an index alone: rows of runs are long.
        counts = select(runs.c.experiment_id, func.count().label("runs"), func.max(runs.c.start_time).label("last"))
        all_runs = counts.where(active).group_by(runs.c.experiment_id)
        running = (
            select(runs.c.experiment_id, func.count().label("runs"))
            .where(runs.c.status == RunStatus.RUNNING.value, active)
            .group_by(runs.c.experiment_id)
        )
        wanted = set(numbers.values())
        with self._session.read() as connection:
            known = {row.experiment_id: row for row in select_in(connection, all_runs, runs.c.experiment_id, wanted)}
            now_running = dict(tuple(row) for row in select_in(connection, running, runs.c.experiment_id, wanted))
        found = []
        for experiment_id, number in numbers.items():
            row = known.get(number)
            total, last = (row.runs, row.last) if row is not None else (0, None)
            found.append(ExperimentActivity(experiment_id, total, now_running.get(number, 0), last))
        by_id = {item.experiment_id: item for item in found}
        return [by_id[experiment_id] for experiment_id in experiment_ids]

    def rename(self, experiment_id: str, name: str) -> None:
        """See ExperimentStore."""

        def work(connection: Connection) -> None:
            row = _locked(connection, experiment_id)
            active = row.lifecycle == Lifecycle.ACTIVE
            if active and row.name != name:
                refuse_taken(connection, name)
            values = {"name": name, "active_name": name if active else None, "updated": now()}
            connection.execute(update(experiments).where(experiments.c.id == row.id).values(**values))

        self._session.write(work)

    def set_lifecycle(self, experiment_id: str, stage: Lifecycle) -> None:
        """See ExperimentStore."""

        def work(connection: Connection) -> None:
            row = _locked(connection, experiment_id)
            if row.lifecycle == stage:
                msg = f"The experiment {experiment_id!r} is {stage} already; there is nothing to do."
                raise NotFound(msg)
            restores = stage is Lifecycle.ACTIVE
            if restores:
                refuse_taken(connection, row.name)
            time = now()
            values = {"lifecycle": stage.value, "active_name": row.name if restores else None, "updated": time}
            connection.execute(update(experiments).where(experiments.c.id == row.id).values(**values))
            # Only the runs that went with the experiment come back with it.
            moving = runs.c.deleted_together.is_(True) if restores else runs.c.lifecycle == Lifecycle.ACTIVE.value
            connection.execute(
                update(runs)
                .where(runs.c.experiment_id == row.id, moving)
                .values(
                    lifecycle=stage.value,
                    deleted_together=not restores,
                    deleted=None if restores else time,
                    version=next_versions(connection, [row.id])[row.id],
                )
            )

        self._session.write(work)

    def set_tags(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """See ExperimentStore."""

        def work(connection: Connection) -> None:
            row = _locked(connection, experiment_id)
            put_texts(connection, experiment_tags, {"experiment_id": row.id}, tags)

        self._session.write(work)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """See ExperimentStore."""

        def work(connection: Connection) -> None:
            row = _locked(connection, experiment_id)
            if not delete_text(connection, experiment_tags, {"experiment_id": row.id}, key):
                msg = f"The experiment {experiment_id!r} has no tag {key!r}; there is nothing to delete."
                raise NotFound(msg)

        self._session.write(work)


def _load(connection: Connection, numbers: list[int]) -> dict[int, Experiment]:
    rows = select_in(connection, select(experiments), experiments.c.id, numbers)
    tags = texts_by_owner(connection, experiment_tags, "experiment_id", numbers)
    return {
        row.id: Experiment(
            str(row.id),
            row.name,
            row.artifact_location,
            Lifecycle(row.lifecycle),
            row.created,
            row.updated,
            tags[row.id],
        )
        for row in rows
    }


def _get(connection: Connection, experiment_id: str) -> Experiment:
    number = experiment_number(experiment_id)
    found = _load(connection, [number])
    if number not in found:
        raise _unknown(experiment_id)
    return found[number]


def _locked(connection: Connection, experiment_id: str) -> Row[Any]:
    statement = select(experiments).where(experiments.c.id == experiment_number(experiment_id)).with_for_update()
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _unknown(experiment_id)
    return row


def _unknown(experiment_id: str) -> NotFound:
    return NotFound(f"No Experiment with id={experiment_id} exists. Search experiments to see which there are.")


def refuse_taken(connection: Connection, name: str) -> None:
    """Raises AlreadyExists if an active experiment has the name."""
    number = connection.execute(select(experiments.c.id).where(experiments.c.active_name == name)).scalar()
    if number is not None:
        msg = f"An experiment called {name!r} exists already, with the id {number}. Use another name."
        raise AlreadyExists(msg)
