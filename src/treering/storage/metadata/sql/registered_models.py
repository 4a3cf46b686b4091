"""Registered models in a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, true, update

from treering.core.clock import now
from treering.core.errors import AlreadyExists, NotFound
from treering.entities.model import RegisteredModel
from treering.entities.page import Page, Query
from treering.storage.metadata.search.fields import REGISTERED_MODELS
from treering.storage.metadata.search.syntax import Entity
from treering.storage.metadata.sql.model_versions import aliases_of, lock_model, newest_versions, refuse_unknown_version
from treering.storage.metadata.sql.rows import delete_text, insert_row, put_texts, select_in, texts_by_owner
from treering.storage.metadata.sql.search import Keyed, Target, find
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import (
    registered_model_aliases,
    registered_model_tags,
    registered_models,
)

__all__ = ["SqlRegisteredModels"]

_TARGET = Target(
    REGISTERED_MODELS,
    registered_models,
    (registered_models.c.id,),
    {
        "name": registered_models.c.name,
        "creation_timestamp": registered_models.c.created,
        "last_updated_timestamp": registered_models.c.updated,
    },
    {Entity.TAG: Keyed(registered_model_tags, ("model",))},
)


class SqlRegisteredModels:
    """RegisteredModelStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, name: str, description: str, tags: Mapping[str, str]) -> RegisteredModel:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> RegisteredModel:
            _refuse_taken(connection, name)
            time = now()
            row = {"name": name, "description": description, "created": time, "updated": time, "last_version": 0}
            number = insert_row(connection, insert(registered_models).values(**row))
            put_texts(connection, registered_model_tags, {"model": number}, tags)
            return _load(connection, [number])[number]

        return self._session.write(work)

    def get(self, name: str) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._session.read() as connection:
            statement = select(registered_models.c.id).where(registered_models.c.name == name)
            number = connection.execute(statement).scalar()
            found = _load(connection, [] if number is None else [number])
            if not found:
                msg = f"Registered Model with name={name} not found. Create it first, or check the spelling."
                raise NotFound(msg)
            return next(iter(found.values()))

    def search(self, query: Query) -> Page[RegisteredModel]:
        """See RegisteredModelStore."""
        with self._session.read() as connection:
            found = find(connection, self._session.dialect, _TARGET, query, true())
            numbers = [identity[0] for identity in found.identities]
            known = _load(connection, numbers)
            return Page([known[one] for one in numbers if one in known], found.next_token, found.total)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> RegisteredModel:
            row = lock_model(connection, name)
            if new_name != name:
                _refuse_taken(connection, new_name)
            return _change(connection, row, name=new_name)

        return self._session.write(work)

    def update(self, name: str, description: str) -> RegisteredModel:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> RegisteredModel:
            return _change(connection, lock_model(connection, name), description=description)

        return self._session.write(work)

    def delete(self, name: str) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            row = lock_model(connection, name)
            # What hangs on it goes with it, by the foreign keys.
            connection.execute(delete(registered_models).where(registered_models.c.id == row.id))

        self._session.write(work)

    def set_tags(self, name: str, tags: Mapping[str, str]) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            put_texts(connection, registered_model_tags, {"model": lock_model(connection, name).id}, tags)

        self._session.write(work)

    def delete_tag(self, name: str, key: str) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            delete_text(connection, registered_model_tags, {"model": lock_model(connection, name).id}, key)

        self._session.write(work)

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            row = lock_model(connection, name)
            refuse_unknown_version(connection, row, version)
            _drop_alias(connection, row, alias)
            added = {"model": row.id, "alias": alias, "version": version}
            connection.execute(insert(registered_model_aliases).values(**added))

        self._session.write(work)

    def delete_alias(self, name: str, alias: str) -> None:
        """See RegisteredModelStore."""
        self._session.write(lambda connection: _drop_alias(connection, lock_model(connection, name), alias))


def _drop_alias(connection: Connection, row: Row[Any], alias: str) -> None:
    table = registered_model_aliases
    connection.execute(delete(table).where(table.c.model == row.id, table.c.alias == alias))


def _change(connection: Connection, row: Row[Any], **values: object) -> RegisteredModel:
    statement = update(registered_models).where(registered_models.c.id == row.id).values(updated=now(), **values)
    connection.execute(statement)
    found: RegisteredModel = _load(connection, [row.id])[row.id]
    return found


def _load(connection: Connection, numbers: Sequence[int]) -> dict[int, RegisteredModel]:
    rows = select_in(connection, select(registered_models), registered_models.c.id, numbers)
    tags = texts_by_owner(connection, registered_model_tags, "model", numbers)
    aliases: dict[int, dict[str, int]] = defaultdict(dict)
    for alias in aliases_of(connection, numbers):
        aliases[alias.model][alias.alias] = alias.version
    newest = newest_versions(connection, numbers)
    return {
        row.id: RegisteredModel(
            row.name,
            row.created,
            row.updated,
            row.description,
            tags[row.id],
            dict(aliases[row.id]),
            tuple(newest[row.id]),
        )
        for row in rows
    }


def _refuse_taken(connection: Connection, name: str) -> None:
    statement = select(registered_models.c.id).where(registered_models.c.name == name)
    if connection.execute(statement).scalar() is not None:
        msg = f"A registered model called {name!r} exists already. Use another name."
        raise AlreadyExists(msg)
