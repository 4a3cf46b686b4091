"""Registered models in a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, true, update

from treering.core.clock import now
from treering.core.errors import AlreadyExists, NotFound
from treering.entities.governance import NOBODY, Actor, ApprovalRule
from treering.entities.model import RegisteredModel
from treering.entities.page import Page, Query
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.governing import alias_target, rules_of_new_name, stage_target
from treering.storage.metadata.search.fields import REGISTERED_MODELS
from treering.storage.metadata.search.syntax import Entity
from treering.storage.metadata.sql.history import add_rule, move_history, record, refuse_guarded_target, rules_of
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

    def create(self, name: str, description: str, tags: Mapping[str, str], *, by: Actor = NOBODY) -> RegisteredModel:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> RegisteredModel:
            _refuse_taken(connection, name)
            time = now()
            row = {"name": name, "description": description, "created": time, "updated": time, "last_version": 0}
            number = insert_row(connection, insert(registered_models).values(**row))
            put_texts(connection, registered_model_tags, {"model": number}, tags)
            told = {"tags": dict(tags), "description": description}
            record(connection, Change("model.created", name, after=description, data=told), by)
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

    def rename(self, name: str, new_name: str, *, by: Actor = NOBODY) -> RegisteredModel:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> RegisteredModel:
            row = lock_model(connection, name)
            rules: list[ApprovalRule] = []
            if new_name != name:
                _refuse_taken(connection, new_name)
                known = rules_of(connection, [name, new_name, ""])
                rules = rules_of_new_name(known, name, new_name, _held(connection, row))
                move_history(connection, name, new_name)
            renamed = _change(connection, row, name=new_name)
            record(connection, Change("model.renamed", new_name, before=name, after=new_name), by)
            for rule in rules:
                add_rule(connection, rule, by)
            return renamed

        return self._session.write(work)

    def update(self, name: str, description: str, *, by: Actor = NOBODY) -> RegisteredModel:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> RegisteredModel:
            row = lock_model(connection, name)
            record(connection, Change("model.described", name, before=row.description, after=description), by)
            return _change(connection, row, description=description)

        return self._session.write(work)

    def delete(self, name: str, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            row = lock_model(connection, name)
            record(connection, Change("model.deleted", name, before=row.description), by)
            # What hangs on it goes with it, by the foreign keys.
            connection.execute(delete(registered_models).where(registered_models.c.id == row.id))

        self._session.write(work)

    def set_tags(self, name: str, tags: Mapping[str, str], *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            row = lock_model(connection, name)
            known = texts_by_owner(connection, registered_model_tags, "model", [row.id])[row.id]
            put_texts(connection, registered_model_tags, {"model": row.id}, tags)
            for key, value in tags.items():
                change = Change("model.tag_set", name, before=known.get(key, ""), after=value, target=key)
                record(connection, change, by)

        self._session.write(work)

    def delete_tag(self, name: str, key: str, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            row = lock_model(connection, name)
            known = texts_by_owner(connection, registered_model_tags, "model", [row.id])[row.id]
            if delete_text(connection, registered_model_tags, {"model": row.id}, key):
                record(connection, Change("model.tag_deleted", name, before=known[key], target=key), by)

        self._session.write(work)

    def set_alias(self, name: str, alias: str, version: int, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            row = lock_model(connection, name)
            refuse_unknown_version(connection, row, version)
            target = alias_target(alias)
            refuse_guarded_target(connection, name, version, target)
            before = _drop_alias(connection, row, alias)
            added = {"model": row.id, "alias": alias, "version": version}
            connection.execute(insert(registered_model_aliases).values(**added))
            record(connection, Change("alias.set", name, version, before, str(version), target), by)

        self._session.write(work)

    def delete_alias(self, name: str, alias: str, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""

        def work(connection: Connection) -> None:
            before = _drop_alias(connection, lock_model(connection, name), alias)
            if before:
                record(connection, Change("alias.deleted", name, int(before), before, "", alias_target(alias)), by)

        self._session.write(work)


def _held(connection: Connection, row: Row[Any]) -> dict[str, int]:
    """The stages and aliases that versions of the model have, each with one of them."""
    staged = {stage_target(one.stage): one.version for one in newest_versions(connection, [row.id])[row.id]}
    return staged | {alias_target(one.alias): one.version for one in aliases_of(connection, [row.id])}


def _drop_alias(connection: Connection, row: Row[Any], alias: str) -> str:
    """The version that it pointed at; "" for none."""
    table = registered_model_aliases
    mine = (table.c.model == row.id, table.c.alias == alias)
    before = connection.execute(select(table.c.version).where(*mine)).scalar()
    connection.execute(delete(table).where(*mine))
    return "" if before is None else str(before)


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
