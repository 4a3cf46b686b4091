"""The outbox of webhooks in a database, and who may empty it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from treering.core.errors import NotFound
from treering.entities.webhook import MessageState, WebhookMessage, WebhookStatus
from treering.storage.metadata.announcing import Told
from treering.storage.metadata.sql.history import enqueue
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import webhook_leases, webhook_messages, webhooks

__all__ = ["SqlOutbox"]

_WAITS = webhook_messages.c.state == MessageState.PENDING.value


class SqlOutbox:
    """OutboxStore over a Session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def announce(self, told: Told) -> int:
        """See OutboxStore."""
        return self._session.write(lambda connection: enqueue(connection, told))

    def waiting(self, time: int) -> Sequence[str]:
        """See OutboxStore."""
        messages, leases = webhook_messages.c, webhook_leases.c
        # One look at the index for each webhook, however many messages wait for a receiver that is down.
        ahead = webhook_messages.alias("ahead")
        first = (
            select(func.min(ahead.c.id))
            .where(ahead.c.state == MessageState.PENDING.value, ahead.c.webhook_id == webhooks.c.webhook_id)
            .correlate(webhooks)
            .scalar_subquery()
        )
        statement = (
            select(webhooks.c.webhook_id)
            .join_from(webhooks, webhook_messages, messages.id == first)
            .join(webhook_leases, webhooks.c.webhook_id == leases.webhook_id, isouter=True)
            .where(messages.due <= time, webhooks.c.status == WebhookStatus.ACTIVE.value)
            .where(or_(leases.until.is_(None), leases.until <= time))
            .order_by(messages.due)
        )
        with self._session.read() as connection:
            return list(connection.execute(statement).scalars())

    def lease(self, webhook_id: str, holder: str, time: int, until: int) -> bool:
        """See OutboxStore."""
        table = webhook_leases
        free = or_(table.c.until <= time, table.c.holder == holder)
        values = {"holder": holder, "until": until}

        def work(connection: Connection) -> bool:
            mine = table.c.webhook_id == webhook_id
            state = select(webhooks.c.status).where(webhooks.c.webhook_id == webhook_id)
            if connection.execute(state).scalar() != WebhookStatus.ACTIVE.value:
                return False  # deleted or switched off just now
            held = connection.execute(select(table.c.holder).where(mine).with_for_update()).scalar()
            if held is None:
                connection.execute(insert(table).values(webhook_id=webhook_id, **values))
                return True
            return connection.execute(update(table).where(mine, free).values(**values)).rowcount > 0

        return self._session.write(work)

    def release(self, webhook_id: str, holder: str) -> None:
        """See OutboxStore."""
        table = webhook_leases
        mine = (table.c.webhook_id == webhook_id, table.c.holder == holder)
        self._session.write(lambda connection: connection.execute(update(table).where(*mine).values(until=0)))

    def first(self, webhook_id: str) -> WebhookMessage | None:
        """See OutboxStore."""
        table = webhook_messages
        statement = select(table).where(table.c.webhook_id == webhook_id, _WAITS).order_by(table.c.id).limit(1)
        with self._session.read() as connection:
            row = connection.execute(statement).one_or_none()
            return None if row is None else _message(row)

    def settle(self, message: WebhookMessage) -> None:
        """See OutboxStore."""
        values = {
            "state": message.state.value,
            "attempts": message.attempts,
            "due": message.due,
            "finished": message.finished,
            "response_status": message.response_status,
            "error": message.error,
        }
        mine = webhook_messages.c.message_id == message.message_id
        self._session.write(
            lambda connection: connection.execute(update(webhook_messages).where(mine).values(**values))
        )

    def message(self, message_id: str) -> WebhookMessage:
        """See OutboxStore."""
        with self._session.read() as connection:
            statement = select(webhook_messages).where(webhook_messages.c.message_id == message_id)
            row = connection.execute(statement).one_or_none()
            if row is None:
                msg = f"There is no message {message_id!r} to a webhook. List the deliveries to see which there are."
                raise NotFound(msg)
            return _message(row)

    def messages(
        self, webhook_id: str, state: MessageState | None, before: int, limit: int
    ) -> Sequence[WebhookMessage]:
        """See OutboxStore."""
        table = webhook_messages
        statement = select(table).order_by(table.c.id.desc()).limit(limit)
        if webhook_id:
            statement = statement.where(table.c.webhook_id == webhook_id)
        if state is not None:
            statement = statement.where(table.c.state == state.value)
        if before:
            statement = statement.where(table.c.id < before)
        with self._session.read() as connection:
            return [_message(row) for row in connection.execute(statement)]

    def purge(self, finished_before: int) -> int:
        """See OutboxStore."""
        table = webhook_messages
        old = (table.c.state != MessageState.PENDING.value, table.c.finished < finished_before)
        return self._session.write(lambda connection: connection.execute(delete(table).where(*old)).rowcount)


def _message(row: Row[Any]) -> WebhookMessage:
    return WebhookMessage(
        row.id,
        row.message_id,
        row.webhook_id,
        row.event,
        row.body,
        MessageState(row.state),
        row.created,
        row.attempts,
        row.due,
        row.finished,
        row.response_status,
        row.error,
    )
