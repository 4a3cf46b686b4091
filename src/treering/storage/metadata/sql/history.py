"""What happened in the registry, written in the transaction in which it happened: for the history and for webhooks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, Select, exists, func, insert, select, update

from treering.core.clock import now
from treering.entities.governance import Actor, ApprovalRule, RegistryEvent
from treering.entities.webhook import MessageState, WebhookStatus
from treering.storage.metadata.announcing import IS_PROMPT_TAG, Change, Told, announced, message_of
from treering.storage.metadata.governing import refuse_guarded, rule_document
from treering.storage.metadata.sql.rows import insert_row
from treering.storage.metadata.sql.tables import (
    approval_rules,
    registered_model_tags,
    registered_models,
    registry_events,
    webhook_messages,
    webhooks,
)

__all__ = [
    "LISTENED",
    "add_rule",
    "enqueue",
    "events_of",
    "move_history",
    "record",
    "refuse_guarded_target",
    "rules_of",
]

_ACTIVE = webhooks.c.status == WebhookStatus.ACTIVE.value
_ALL_ACTIVE = select(webhooks.c.webhook_id, webhooks.c.events).where(_ACTIVE)
LISTENED = exists().where(_ACTIVE)
"""Whether any webhook is active: a column for a statement that is made anyway, so that nobody pays to learn of none."""


def record(connection: Connection, change: Change, by: Actor) -> None:
    """Add to the history, and put in what webhooks are told."""
    row = {
        "time": now(),
        "user_id": by.user,
        "action": change.action,
        "model": func.coalesce(_number_of(change.name), 0),
        "name": change.name,
        "version": change.version,
        "was": change.before,
        "became": change.after,
        "reason": by.reason,
        "target": change.target,
    }
    insert_row(connection, insert(registry_events).values(**row))
    wanted = _active(connection)
    if wanted:
        for told in announced(change, by, prompt=_is_prompt(connection, change)):
            _put(connection, wanted, told)


def enqueue(connection: Connection, told: Told) -> int:
    """Put a message in for each active webhook that wants it; how many there are."""
    return _put(connection, _active(connection), told)


def _active(connection: Connection) -> Sequence[Any]:
    return connection.execute(_ALL_ACTIVE).all()


def _put(connection: Connection, active: Sequence[Any], told: Told) -> int:
    event, data = told
    wanted = [row.webhook_id for row in active if str(event) in row.events.split()]
    if not wanted:
        return 0
    body, time = message_of(event, data).decode(), now()
    rows = [
        {
            "message_id": str(uuid.uuid4()),
            "webhook_id": webhook_id,
            "event": str(event),
            "body": body,
            "state": MessageState.PENDING.value,
            "created": time,
            "attempts": 0,
            "due": time,
            "finished": 0,
            "response_status": 0,
            "error": "",
        }
        for webhook_id in wanted
    ]
    connection.execute(insert(webhook_messages), rows)
    return len(rows)


def _number_of(name: str) -> ScalarSelect[int]:
    return select(registered_models.c.id).where(registered_models.c.name == name).scalar_subquery()


def _is_prompt(connection: Connection, change: Change) -> bool:
    tags = registered_model_tags
    marked = exists().where(tags.c.model == _number_of(change.name), tags.c.key == IS_PROMPT_TAG, tags.c.head == "true")
    return bool(connection.execute(select(marked)).scalar())


def events_of(connection: Connection, statement: Select[Any]) -> list[RegistryEvent]:
    """The events that rows of `registry_events` stand for."""
    return [
        RegistryEvent(
            row.id,
            row.time,
            row.user_id,
            row.action,
            row.name,
            row.version,
            row.was,
            row.became,
            row.reason,
            row.target,
        )
        for row in connection.execute(statement)
    ]


def rules_of(connection: Connection, models: Sequence[str] | None = None) -> list[ApprovalRule]:
    """All rules by model and target, or those of some models."""
    statement = select(approval_rules).order_by(approval_rules.c.model, approval_rules.c.target)
    if models is not None:
        statement = statement.where(approval_rules.c.model.in_(models))
    return [_rule(row) for row in connection.execute(statement)]


def _rule(row: Row[Any]) -> ApprovalRule:
    known = json.loads(row.document)
    return ApprovalRule(
        row.model, row.target, known["approvers"], tuple(known["who"]), tuple(known["checks"]), known["allow_own"]
    )


def refuse_guarded_target(connection: Connection, name: str, version: int, target: str) -> None:
    """Raises PermissionDenied where a rule guards the target."""
    refuse_guarded(rules_of(connection, [name, ""]), name, version, target)


def add_rule(connection: Connection, rule: ApprovalRule, by: Actor, before: str = "") -> None:
    """Insert a rule, and record it.

    Args:
        before: What the one demanded whose place it takes.
    """
    document = rule_document(rule)
    connection.execute(insert(approval_rules).values(model=rule.model, target=rule.target, document=document))
    record(connection, Change("rule.set", rule.model, before=before, after=document, target=rule.target), by)


def move_history(connection: Connection, name: str, new_name: str) -> None:
    """Let the history of a model go along to its new name."""
    events = registry_events
    connection.execute(update(events).where(events.c.name == name).values(name=new_name))
