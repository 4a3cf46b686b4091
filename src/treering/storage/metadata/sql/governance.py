"""Rules of approval, promotions, checks, notes and history in a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, exists, insert, select, update

from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.governance import (
    Actor,
    ApprovalRule,
    Decision,
    Note,
    Promotion,
    PromotionState,
    RegistryEvent,
    VersionCheck,
)
from treering.entities.model import ModelVersion, RegisteredModel
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.governing import HOLDING_ACTIONS, RegistryDesk
from treering.storage.metadata.sql.history import add_rule, events_of, record, rules_of
from treering.storage.metadata.sql.model_versions import lock_model, model_row, version_of
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import (
    approval_rules,
    model_versions,
    promotions,
    registered_model_aliases,
    registered_models,
    registry_events,
    version_checks,
    version_notes,
)

__all__ = ["SqlGovernance"]

T = TypeVar("T")


class SqlGovernance:
    """GovernanceStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def within(self, name: str, work: Callable[[RegistryDesk], T]) -> T:
        """See GovernanceStore."""
        return self._session.write(lambda connection: work(_Desk(connection, lock_model(connection, name))))

    def look(self, name: str, work: Callable[[RegistryDesk], T]) -> T:
        """See GovernanceStore."""
        with self._session.read() as connection:
            return work(_Desk(connection, model_row(connection, name)))

    def rules(self) -> Sequence[ApprovalRule]:
        """See GovernanceStore."""
        with self._session.read() as connection:
            return rules_of(connection)

    def put_rule(self, rule: ApprovalRule, by: Actor) -> None:
        """See GovernanceStore."""

        def work(connection: Connection) -> None:
            add_rule(connection, rule, by, _drop_rule(connection, rule.model, rule.target))

        self._session.write(work)

    def remove_rule(self, model: str, target: str, by: Actor) -> None:
        """See GovernanceStore."""

        def work(connection: Connection) -> None:
            before = _drop_rule(connection, model, target)
            if not before:
                msg = f"There is no rule for {target!r} of {model or 'all models'}. List the rules to see which there are."
                raise NotFound(msg)
            record(connection, Change("rule.removed", model, before=before, target=target), by)

        self._session.write(work)

    def promotion(self, promotion_id: str) -> Promotion:
        """See GovernanceStore."""
        with self._session.read() as connection:
            return _known(connection, promotion_id)

    def promotions(self, name: str, state: PromotionState | None, limit: int) -> Sequence[Promotion]:
        """See GovernanceStore."""
        statement = _promotions().order_by(promotions.c.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(promotions.c.state == state.value)
        with self._session.read() as connection:
            if name:
                found = connection.execute(select(registered_models.c.id).where(registered_models.c.name == name))
                number = found.scalar()
                if number is None:
                    msg = f"Registered Model with name={name} not found. Create it first, or check the spelling."
                    raise NotFound(msg)
                statement = statement.where(promotions.c.model == number)
            return [_promotion(row) for row in connection.execute(statement)]

    def history(self, name: str, version: int, before: int, limit: int) -> Sequence[RegistryEvent]:
        """See GovernanceStore."""
        events = registry_events
        statement = select(events).order_by(events.c.id.desc()).limit(limit)
        if name:
            statement = statement.where(events.c.name == name)
        if version:
            statement = statement.where(events.c.version == version)
        if before:
            statement = statement.where(events.c.id < before)
        with self._session.read() as connection:
            return events_of(connection, statement)


class _Desk:
    """RegistryDesk over a transaction that holds the model's row."""

    def __init__(self, connection: Connection, row: Row[Any]) -> None:
        self._connection = connection
        self._row = row

    @property
    def model(self) -> RegisteredModel:
        """See RegistryDesk."""
        table = registered_model_aliases
        rows = self._connection.execute(select(table).where(table.c.model == self._row.id))
        aliases = {str(row.alias): int(row.version) for row in rows}
        row = self._row
        return RegisteredModel(row.name, row.created, row.updated, row.description, aliases=aliases)

    def version(self, version: int) -> ModelVersion:
        """See RegistryDesk."""
        return version_of(self._connection, self._row, version)

    def holders(self, target: str) -> Sequence[int]:
        """See RegistryDesk."""
        kind, _, name = target.partition(":")
        if kind == "alias":
            aliases = registered_model_aliases.c
            statement = select(aliases.version).where(aliases.model == self._row.id, aliases.alias == name)
        else:
            versions = model_versions.c
            statement = select(versions.version).where(versions.model == self._row.id, versions.stage == name)
        return sorted(self._connection.execute(statement).scalars())

    def move(self, version: int, target: str) -> None:
        """See RegistryDesk."""
        kind, _, name = target.partition(":")
        if kind == "alias":
            table = registered_model_aliases
            mine = delete(table).where(table.c.model == self._row.id, table.c.alias == name)
            self._connection.execute(mine)
            added = {"model": self._row.id, "alias": name, "version": version}
            self._connection.execute(insert(table).values(**added))
            return
        at = (model_versions.c.model == self._row.id, model_versions.c.version == version)
        self._connection.execute(update(model_versions).where(*at).values(stage=name, updated=now()))

    def rules(self) -> Sequence[ApprovalRule]:
        """See RegistryDesk."""
        return rules_of(self._connection, [self._row.name, ""])

    def checks(self, version: int) -> Sequence[VersionCheck]:
        """See RegistryDesk."""
        table = version_checks
        mine = select(table).where(table.c.model == self._row.id, table.c.version == version)
        return [
            VersionCheck(
                self._row.name, row.version, row.check_name, row.passed, row.detail, row.run_id, row.user_id, row.time
            )
            for row in self._connection.execute(mine.order_by(table.c.check_name))
        ]

    def put_check(self, check: VersionCheck) -> None:
        """See RegistryDesk."""
        table = version_checks
        at = {"model": self._row.id, "version": check.version, "check_name": check.check}
        self._connection.execute(delete(table).where(*(table.c[name] == value for name, value in at.items())))
        row = {
            **at,
            "passed": check.passed,
            "detail": check.detail,
            "run_id": check.run_id,
            "user_id": check.user,
            "time": check.time,
        }
        self._connection.execute(insert(table).values(**row))

    def add_note(self, note: Note) -> None:
        """See RegistryDesk."""
        row = {
            "note_id": note.note_id,
            "model": self._row.id,
            "version": note.version,
            "user_id": note.user,
            "text": note.text,
            "time": note.time,
            "reply_to": note.reply_to,
        }
        self._connection.execute(insert(version_notes).values(**row))

    def notes(self, version: int) -> Sequence[Note]:
        """See RegistryDesk."""
        table = version_notes
        mine = select(table).where(table.c.model == self._row.id, table.c.version == version).order_by(table.c.id)
        return [
            Note(row.note_id, self._row.name, row.version, row.user_id, row.text, row.time, row.reply_to)
            for row in self._connection.execute(mine)
        ]

    def promotion(self, promotion_id: str) -> Promotion:
        """See RegistryDesk."""
        return _known(self._connection, promotion_id, promotions.c.model == self._row.id)

    def pending(self) -> Sequence[Promotion]:
        """See RegistryDesk."""
        waiting = promotions.c.state == PromotionState.PENDING.value
        statement = _promotions().where(promotions.c.model == self._row.id, waiting).order_by(promotions.c.id)
        return [_promotion(row) for row in self._connection.execute(statement)]

    def put_promotion(self, promotion: Promotion) -> None:
        """See RegistryDesk."""
        waits = promotion.state is PromotionState.PENDING
        values = {
            "state": promotion.state.value,
            "open_for": f"{self._row.id}/{promotion.target}" if waits else None,
            "decided": promotion.decided,
            "replaces": promotion.replaces,
            "decisions": json.dumps([[one.user, one.approved, one.comment, one.time] for one in promotion.decisions]),
        }
        mine = promotions.c.promotion_id == promotion.promotion_id
        if self._connection.execute(select(exists().where(mine))).scalar():
            self._connection.execute(update(promotions).where(mine).values(**values))
            return
        row = {
            "promotion_id": promotion.promotion_id,
            "model": self._row.id,
            "version": promotion.version,
            "target": promotion.target,
            "requested_by": promotion.requested_by,
            "reason": promotion.reason,
            "created": promotion.created,
            **values,
        }
        self._connection.execute(insert(promotions).values(**row))

    def moves(self, target: str) -> Sequence[RegistryEvent]:
        """See RegistryDesk."""
        table = registry_events
        mine = (table.c.model == self._row.id, table.c.target == target, table.c.action.in_(HOLDING_ACTIONS))
        return events_of(self._connection, select(table).where(*mine).order_by(table.c.id))

    def record(self, change: Change, by: Actor) -> None:
        """See RegistryDesk."""
        record(self._connection, change, by)


def _drop_rule(connection: Connection, model: str, target: str) -> str:
    """The rule as it was; "" if there was none."""
    at = (approval_rules.c.model == model, approval_rules.c.target == target)
    before = connection.execute(select(approval_rules.c.document).where(*at).with_for_update()).scalar()
    connection.execute(delete(approval_rules).where(*at))
    return str(before or "")


def _promotions() -> Select[Any]:
    return select(promotions, registered_models.c.name).join(
        registered_models, registered_models.c.id == promotions.c.model
    )


def _known(connection: Connection, promotion_id: str, *narrower: ColumnElement[bool]) -> Promotion:
    mine = promotions.c.promotion_id == promotion_id
    row = connection.execute(_promotions().where(mine, *narrower)).one_or_none()
    if row is None:
        msg = f"There is no promotion {promotion_id!r}. List the promotions to see which there are."
        raise NotFound(msg)
    return _promotion(row)


def _promotion(row: Row[Any]) -> Promotion:
    return Promotion(
        row.promotion_id,
        row.name,
        row.version,
        row.target,
        PromotionState(row.state),
        row.requested_by,
        row.reason,
        row.created,
        row.decided,
        tuple(Decision(*decision) for decision in json.loads(row.decisions)),
        replaces=row.replaces,
    )
