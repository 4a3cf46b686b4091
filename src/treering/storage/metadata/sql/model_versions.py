"""Versions of registered models in a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, and_, delete, func, insert, or_, select, true, update

from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.governance import NOBODY, Actor
from treering.entities.lifecycle import ModelVersionStatus
from treering.entities.model import ModelVersion
from treering.entities.page import Page, Query
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.governing import stage_target
from treering.storage.metadata.search.fields import MODEL_VERSIONS
from treering.storage.metadata.search.syntax import Entity
from treering.storage.metadata.sql.history import record, refuse_guarded_target
from treering.storage.metadata.sql.rows import delete_text, put_texts, select_in
from treering.storage.metadata.sql.search import Keyed, Target, find
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import (
    model_version_tags,
    model_versions,
    registered_model_aliases,
    registered_models,
)
from treering.storage.metadata.sql.texts import joined

__all__ = [
    "SqlModelVersions",
    "aliases_of",
    "lock_model",
    "model_row",
    "newest_versions",
    "refuse_unknown_version",
    "version_of",
]

_Place = tuple[int, int]

# Many alternatives make a deep expression, which databases limit.
_AT_ONCE = 200

_TARGET = Target(
    MODEL_VERSIONS,
    model_versions.join(registered_models, registered_models.c.id == model_versions.c.model),
    (model_versions.c.model, model_versions.c.version),
    {
        "name": registered_models.c.name,
        "version_number": model_versions.c.version,
        "run_id": model_versions.c.run_id,
        "source_path": model_versions.c.source,
        "creation_timestamp": model_versions.c.created,
        "last_updated_timestamp": model_versions.c.updated,
    },
    {Entity.TAG: Keyed(model_version_tags, ("model", "version"))},
)


class SqlModelVersions:
    """ModelVersionStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, version: ModelVersion, *, by: Actor = NOBODY) -> ModelVersion:
        """See ModelVersionStore."""

        def work(connection: Connection) -> ModelVersion:
            model = lock_model(connection, version.name)
            number = model.last_version + 1
            _touch(connection, model, last_version=number)
            row = {
                "model": model.id,
                "version": number,
                "status": version.status.value,
                "stage": version.stage,
                "created": version.creation_time,
                "updated": version.last_update_time,
                "run_id": version.run_id,
                "model_id": version.model_id,
                "source": version.source,
                "storage_uri": version.storage_uri,
                "description": version.description,
                "run_link": version.run_link,
                "user_id": version.user_id,
                "status_message": version.status_message,
            }
            connection.execute(insert(model_versions).values(**row))
            put_texts(connection, model_version_tags, {"model": model.id, "version": number}, version.tags)
            told = {
                "source": version.source,
                "run_id": version.run_id,
                "tags": dict(version.tags),
                "description": version.description,
            }
            record(connection, Change("version.created", model.name, number, after=version.source, data=told), by)
            return version_of(connection, model, number)

        return self._session.write(work)

    def get(self, name: str, version: int) -> ModelVersion:
        """See ModelVersionStore."""
        with self._session.read() as connection:
            return version_of(connection, model_row(connection, name), version)

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """See ModelVersionStore."""
        with self._session.read() as connection:
            model = model_row(connection, name)
            table = registered_model_aliases
            statement = select(table.c.version).where(table.c.model == model.id, table.c.alias == alias)
            version = connection.execute(statement).scalar()
            if version is None:
                msg = f"The registered model {name!r} has no alias {alias!r}. Set it, or use a version."
                raise NotFound(msg)
            return version_of(connection, model, version)

    def search(self, query: Query) -> Page[ModelVersion]:
        """See ModelVersionStore."""
        with self._session.read() as connection:
            found = find(connection, self._session.dialect, _TARGET, query, true())
            places = [(identity[0], identity[1]) for identity in found.identities]
            known = _load(connection, places)
            return Page([known[place] for place in places if place in known], found.next_token, found.total)

    def update(self, name: str, version: int, description: str, *, by: Actor = NOBODY) -> ModelVersion:
        """See ModelVersionStore."""

        def work(connection: Connection) -> ModelVersion:
            model = lock_model(connection, name)
            before = version_of(connection, model, version).description
            record(connection, Change("version.described", name, version, before, description), by)
            return _change(connection, model, version, description=description)

        return self._session.write(work)

    def transition(
        self, name: str, version: int, stage: str, *, archive_existing: bool, by: Actor = NOBODY
    ) -> ModelVersion:
        """See ModelVersionStore."""

        def work(connection: Connection) -> ModelVersion:
            model = lock_model(connection, name)
            before = version_of(connection, model, version).stage
            if before != stage:
                refuse_guarded_target(connection, name, version, stage_target(stage))
            if archive_existing:
                for other in _archived(connection, model, version, stage):
                    change = Change("version.stage", name, other, stage, "Archived", stage_target("Archived"))
                    record(connection, change, by)
            record(connection, Change("version.stage", name, version, before, stage, stage_target(stage)), by)
            return _change(connection, model, version, stage=stage)

        return self._session.write(work)

    def latest(self, name: str, stages: Sequence[str]) -> Sequence[ModelVersion]:
        """See ModelVersionStore."""
        with self._session.read() as connection:
            model = model_row(connection, name)
            newest = newest_versions(connection, [model.id])[model.id]
            return [version for version in newest if not stages or version.stage in stages]

    def delete(self, name: str, version: int, *, by: Actor = NOBODY) -> None:
        """See ModelVersionStore."""

        def work(connection: Connection) -> None:
            model = lock_model(connection, name)
            known = version_of(connection, model, version)
            record(connection, Change("version.deleted", name, version, before=known.source), by)
            aliases = registered_model_aliases
            connection.execute(delete(aliases).where(aliases.c.model == model.id, aliases.c.version == version))
            connection.execute(delete(model_versions).where(*_at(model, version)))
            _touch(connection, model)

        self._session.write(work)

    def set_tags(self, name: str, version: int, tags: Mapping[str, str], *, by: Actor = NOBODY) -> None:
        """See ModelVersionStore."""

        def work(connection: Connection) -> None:
            model = lock_model(connection, name)
            known = version_of(connection, model, version).tags
            put_texts(connection, model_version_tags, {"model": model.id, "version": version}, tags)
            for key, value in tags.items():
                record(connection, Change("version.tag_set", name, version, known.get(key, ""), value, key), by)

        self._session.write(work)

    def delete_tag(self, name: str, version: int, key: str, *, by: Actor = NOBODY) -> None:
        """See ModelVersionStore."""

        def work(connection: Connection) -> None:
            model = lock_model(connection, name)
            known = version_of(connection, model, version).tags
            if delete_text(connection, model_version_tags, {"model": model.id, "version": version}, key):
                record(connection, Change("version.tag_deleted", name, version, known[key], "", key), by)

        self._session.write(work)


def lock_model(connection: Connection, name: str) -> Row[Any]:
    """The row of a registered model, which is held until the transaction ends. Raises NotFound."""
    return model_row(connection, name, lock=True)


def model_row(connection: Connection, name: str, *, lock: bool = False) -> Row[Any]:
    """The row of a registered model. Raises NotFound."""
    statement = select(registered_models).where(registered_models.c.name == name)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        msg = f"Registered Model with name={name} not found. Create it first, or check the spelling."
        raise NotFound(msg)
    return row


def refuse_unknown_version(connection: Connection, model: Row[Any], version: int) -> None:
    """Raises NotFound if the model has no such version."""
    if connection.execute(select(model_versions.c.version).where(*_at(model, version))).scalar() is None:
        raise _unknown(model, version)


def _unknown(model: Row[Any], version: int) -> NotFound:
    return NotFound(
        f"Model Version (name={model.name}, version={version}) not found. Search its versions to see which there are."
    )


def _at(model: Row[Any], version: int) -> tuple[Any, Any]:
    return model_versions.c.model == model.id, model_versions.c.version == version


def _archived(connection: Connection, model: Row[Any], version: int, stage: str) -> list[int]:
    """Move the other versions in the stage to Archived; which they are."""
    table = model_versions.c
    others = (table.model == model.id, table.stage == stage, table.version != version)
    found = sorted(connection.execute(select(table.version).where(*others)).scalars())
    connection.execute(update(model_versions).where(*others).values(stage="Archived", updated=now()))
    return found


def _touch(connection: Connection, model: Row[Any], **values: object) -> None:
    statement = update(registered_models).where(registered_models.c.id == model.id).values(updated=now(), **values)
    connection.execute(statement)


def _change(connection: Connection, model: Row[Any], version: int, **values: object) -> ModelVersion:
    connection.execute(update(model_versions).where(*_at(model, version)).values(updated=now(), **values))
    return version_of(connection, model, version)


def version_of(connection: Connection, model: Row[Any], version: int) -> ModelVersion:
    """One version of a model. Raises NotFound."""
    found = _load(connection, [(model.id, version)])
    if not found:
        raise _unknown(model, version)
    return found[model.id, version]


def newest_versions(connection: Connection, models: Sequence[int]) -> dict[int, list[ModelVersion]]:
    """By model: the newest version of each stage, in the order of their numbers."""
    table = model_versions
    statement = select(table.c.model, func.max(table.c.version)).group_by(table.c.model, table.c.stage)
    places = [(row[0], row[1]) for row in select_in(connection, statement, table.c.model, models)]
    found: dict[int, list[ModelVersion]] = defaultdict(list)
    for place, version in sorted(_load(connection, places).items(), key=lambda item: item[0]):
        found[place[0]].append(version)
    return found


def aliases_of(connection: Connection, models: Iterable[int]) -> list[Any]:
    """Rows of `registered_model_aliases`, sorted by alias."""
    table = registered_model_aliases
    return sorted(select_in(connection, select(table), table.c.model, models), key=lambda row: str(row.alias))


def _at_places(connection: Connection, statement: Select[Any], table: Table, places: Sequence[_Place]) -> list[Any]:
    """Rows of `statement` that belong to these versions, in no order."""
    rows: list[Any] = []
    for start in range(0, len(places), _AT_ONCE):
        by_model: dict[int, list[int]] = defaultdict(list)
        for model, version in places[start : start + _AT_ONCE]:
            by_model[model].append(version)
        wanted = (and_(table.c.model == model, table.c.version.in_(versions)) for model, versions in by_model.items())
        rows.extend(connection.execute(statement.where(or_(*wanted))).all())
    return rows


def _load(connection: Connection, places: Sequence[_Place]) -> dict[_Place, ModelVersion]:
    aliases: dict[_Place, list[str]] = defaultdict(list)
    rows = _at_places(connection, select(registered_model_aliases), registered_model_aliases, places)
    for row in sorted(rows, key=lambda row: str(row.alias)):
        aliases[row.model, row.version].append(row.alias)
    tags: dict[_Place, dict[str, str]] = defaultdict(dict)
    rows = _at_places(connection, select(model_version_tags), model_version_tags, places)
    for row in sorted(rows, key=lambda row: str(row.key)):
        tags[row.model, row.version][row.key] = joined(row.head, row.tail)
    statement = select(model_versions, registered_models.c.name).join(
        registered_models, registered_models.c.id == model_versions.c.model
    )
    return {
        (row.model, row.version): ModelVersion(
            row.name,
            row.version,
            row.source,
            row.storage_uri,
            ModelVersionStatus(row.status),
            row.stage,
            row.created,
            row.updated,
            row.description,
            row.run_id,
            row.run_link,
            row.model_id,
            row.user_id,
            row.status_message,
            tuple(aliases[row.model, row.version]),
            tags[row.model, row.version],
        )
        for row in _at_places(connection, statement, model_versions, places)
    }
