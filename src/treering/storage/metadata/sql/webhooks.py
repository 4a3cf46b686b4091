"""Webhooks in a database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, true, update

from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.page import Page, Query
from treering.entities.webhook import (
    Webhook,
    WebhookAction,
    WebhookChanges,
    WebhookEntity,
    WebhookEvent,
    WebhookStatus,
)
from treering.storage.metadata.merge import changed_webhook
from treering.storage.metadata.search.fields import WEBHOOKS
from treering.storage.metadata.sql.rows import select_in
from treering.storage.metadata.sql.search import Target, find
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import webhooks

__all__ = ["SqlWebhooks"]

_TARGET = Target(
    WEBHOOKS,
    webhooks,
    (webhooks.c.webhook_id,),
    {
        "webhook_id": webhooks.c.webhook_id,
        "name": webhooks.c.name,
        "url": webhooks.c.url,
        "status": webhooks.c.status,
        "creation_timestamp": webhooks.c.created,
        "last_updated_timestamp": webhooks.c.updated,
    },
)


class SqlWebhooks:
    """WebhookStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, webhook: Webhook, secret: str) -> Webhook:
        """See WebhookStore."""
        row = {"webhook_id": webhook.webhook_id, "created": webhook.creation_time, "secret": secret, **_row(webhook)}
        self._session.write(lambda connection: connection.execute(insert(webhooks).values(**row)))
        return webhook

    def get(self, webhook_id: str) -> Webhook:
        """See WebhookStore."""
        with self._session.read() as connection:
            return _webhook(_known(connection, webhook_id))

    def secret(self, webhook_id: str) -> str:
        """See WebhookStore."""
        with self._session.read() as connection:
            return str(_known(connection, webhook_id).secret)

    def search(self, query: Query) -> Page[Webhook]:
        """See WebhookStore."""
        with self._session.read() as connection:
            found = find(connection, self._session.dialect, _TARGET, query, true())
            ids = [identity[0] for identity in found.identities]
            rows = select_in(connection, select(webhooks), webhooks.c.webhook_id, ids)
            known = {row.webhook_id: _webhook(row) for row in rows}
            return Page([known[one] for one in ids if one in known], found.next_token, found.total)

    def update(self, webhook_id: str, changes: WebhookChanges) -> Webhook:
        """See WebhookStore."""

        def work(connection: Connection) -> Webhook:
            changed = changed_webhook(_webhook(_known(connection, webhook_id, lock=True)), changes)
            changed = replace(changed, last_update_time=now())
            values = _row(changed) if changes.secret is None else {**_row(changed), "secret": changes.secret}
            connection.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(**values))
            return changed

        return self._session.write(work)

    def delete(self, webhook_id: str) -> None:
        """See WebhookStore."""

        def work(connection: Connection) -> None:
            _known(connection, webhook_id, lock=True)
            connection.execute(delete(webhooks).where(webhooks.c.webhook_id == webhook_id))

        self._session.write(work)


def _known(connection: Connection, webhook_id: str, *, lock: bool = False) -> Row[Any]:
    statement = select(webhooks).where(webhooks.c.webhook_id == webhook_id)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        msg = f"Webhook with ID {webhook_id} not found. List the webhooks to see which there are."
        raise NotFound(msg)
    return row


def _row(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "url": webhook.url,
        "events": " ".join(map(str, webhook.events)),
        "status": webhook.status.value,
        "description": webhook.description,
        "updated": webhook.last_update_time,
    }


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        row.webhook_id,
        row.name,
        row.url,
        tuple(map(_event, row.events.split())),
        WebhookStatus(row.status),
        row.created,
        row.updated,
        row.description,
    )


def _event(text: str) -> WebhookEvent:
    entity, _, action = text.partition(".")
    return WebhookEvent(WebhookEntity(entity), WebhookAction(action))
