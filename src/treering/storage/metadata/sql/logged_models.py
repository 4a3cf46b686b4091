"""Logged models in a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select, update

from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus
from treering.entities.metric import Metric
from treering.entities.model import LoggedModel
from treering.entities.page import Page, Query
from treering.storage.metadata.merge import merged_params
from treering.storage.metadata.search.fields import LOGGED_MODELS
from treering.storage.metadata.search.syntax import Entity
from treering.storage.metadata.sql.apply import point_of
from treering.storage.metadata.sql.experiments import experiment_number, in_view
from treering.storage.metadata.sql.rows import delete_text, put_texts, select_in, texts_by_owner
from treering.storage.metadata.sql.search import Keyed, Target, find
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import (
    experiments,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
    model_versions,
    registered_models,
)

__all__ = ["SqlLoggedModels"]

_TARGET = Target(
    LOGGED_MODELS,
    logged_models,
    (logged_models.c.model_id,),
    {
        "name": logged_models.c.name,
        "model_id": logged_models.c.model_id,
        "model_type": logged_models.c.model_type,
        "status": logged_models.c.status,
        "source_run_id": logged_models.c.source_run_id,
        "artifact_uri": logged_models.c.artifact_uri,
        "creation_timestamp": logged_models.c.created,
        "last_updated_timestamp": logged_models.c.updated,
    },
    {
        Entity.METRIC: Keyed(logged_model_metrics, ("model_id",), number="value", by_dataset=True),
        Entity.PARAM: Keyed(logged_model_params, ("model_id",)),
        Entity.TAG: Keyed(logged_model_tags, ("model_id",)),
    },
)


class SqlLoggedModels:
    """LoggedModelStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, model: LoggedModel) -> LoggedModel:
        """See LoggedModelStore."""

        def work(connection: Connection) -> LoggedModel:
            number = experiment_number(model.experiment_id)
            if connection.execute(select(experiments.c.id).where(experiments.c.id == number)).scalar() is None:
                msg = f"No Experiment with id={model.experiment_id} exists. Search experiments to see which there are."
                raise NotFound(msg)
            row = {
                "model_id": model.model_id,
                "experiment_id": number,
                "lifecycle": model.lifecycle_stage.value,
                "status": model.status.value,
                "name": model.name,
                "model_type": model.model_type,
                "source_run_id": model.source_run_id,
                "artifact_uri": model.artifact_uri,
                "status_message": model.status_message,
                "created": model.creation_time,
                "updated": model.last_update_time,
            }
            connection.execute(insert(logged_models).values(**row))
            put_texts(connection, logged_model_params, {"model_id": model.model_id}, model.params)
            put_texts(connection, logged_model_tags, {"model_id": model.model_id}, model.tags)
            return _get(connection, model.model_id)

        return self._session.write(work)

    def get(self, model_id: str) -> LoggedModel:
        """See LoggedModelStore."""
        with self._session.read() as connection:
            return _get(connection, model_id)

    def set_status(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """See LoggedModelStore."""
        return self._session.write(lambda connection: _change(connection, model_id, status=status.value, updated=now()))

    def set_lifecycle(self, model_id: str, stage: Lifecycle) -> None:
        """See LoggedModelStore."""
        self._session.write(lambda connection: _change(connection, model_id, lifecycle=stage.value, updated=now()))

    def search(self, query: Query, datasets: Sequence[Dataset]) -> Page[LoggedModel]:
        """See LoggedModelStore."""
        numbers = [experiment_number(experiment_id) for experiment_id in query.experiment_ids]
        within = logged_models.c.experiment_id.in_(numbers) & in_view(logged_models.c.lifecycle, query.view)
        with self._session.read() as connection:
            found = find(connection, self._session.dialect, _TARGET, query, within, datasets)
            ids = [identity[0] for identity in found.identities]
            known = _load(connection, ids)
            return Page([known[one] for one in ids if one in known], found.next_token, found.total)

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """See LoggedModelStore."""

        def work(connection: Connection) -> LoggedModel:
            _lock(connection, model_id)
            put_texts(connection, logged_model_tags, {"model_id": model_id}, tags)
            return _get(connection, model_id)

        return self._session.write(work)

    def delete_tag(self, model_id: str, key: str) -> None:
        """See LoggedModelStore."""

        def work(connection: Connection) -> None:
            _lock(connection, model_id)
            if not delete_text(connection, logged_model_tags, {"model_id": model_id}, key):
                msg = f"The logged model {model_id!r} has no tag {key!r}; there is nothing to delete."
                raise NotFound(msg)

        self._session.write(work)

    def log_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """See LoggedModelStore."""

        def work(connection: Connection) -> None:
            _lock(connection, model_id)
            known = texts_by_owner(connection, logged_model_params, "model_id", [model_id])[model_id]
            merged_params(f"logged model {model_id!r}", known, params)
            put_texts(connection, logged_model_params, {"model_id": model_id}, params)

        self._session.write(work)


def _lock(connection: Connection, model_id: str) -> None:
    mine = select(logged_models.c.model_id).where(logged_models.c.model_id == model_id)
    if connection.execute(mine.with_for_update()).scalar() is None:
        raise _unknown(model_id)


def _unknown(model_id: str) -> NotFound:
    return NotFound(f"Logged model with ID '{model_id}' not found. Check the id and the tracking URI.")


def _change(connection: Connection, model_id: str, **values: object) -> LoggedModel:
    connection.execute(update(logged_models).where(logged_models.c.model_id == model_id).values(**values))
    return _get(connection, model_id)


def _get(connection: Connection, model_id: str) -> LoggedModel:
    found = _load(connection, [model_id])
    if model_id not in found:
        raise _unknown(model_id)
    return found[model_id]


def _load(connection: Connection, ids: Sequence[str]) -> dict[str, LoggedModel]:
    rows = select_in(connection, select(logged_models), logged_models.c.model_id, ids)
    params = texts_by_owner(connection, logged_model_params, "model_id", ids)
    tags = texts_by_owner(connection, logged_model_tags, "model_id", ids)
    metrics = _metrics(connection, ids)
    registrations = _registrations(connection, ids)
    return {
        row.model_id: LoggedModel(
            row.model_id,
            str(row.experiment_id),
            row.name,
            row.artifact_uri,
            LoggedModelStatus(row.status),
            Lifecycle(row.lifecycle),
            row.created,
            row.updated,
            row.model_type,
            row.source_run_id,
            row.status_message,
            params[row.model_id],
            tags[row.model_id],
            tuple(metrics[row.model_id]),
            tuple(registrations[row.model_id]),
        )
        for row in rows
    }


def _metrics(connection: Connection, ids: Sequence[str]) -> dict[str, list[Metric]]:
    found: dict[str, list[Metric]] = defaultdict(list)
    points = [
        point_of(row)
        for row in select_in(connection, select(logged_model_metrics), logged_model_metrics.c.model_id, ids)
    ]
    for point in sorted(points, key=lambda one: (one.key, one.dataset_name, one.dataset_digest)):
        found[point.model_id].append(point)
    return found


def _registrations(connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    statement = select(model_versions.c.model_id, registered_models.c.name, model_versions.c.version).join(
        registered_models, registered_models.c.id == model_versions.c.model
    )
    for model_id, name, version in sorted(
        tuple(row) for row in select_in(connection, statement, model_versions.c.model_id, ids)
    ):
        found[model_id].append((name, version))
    return found
