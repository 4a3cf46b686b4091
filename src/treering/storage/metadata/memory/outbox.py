"""The outbox of webhooks in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from treering.core.errors import NotFound
from treering.entities.webhook import MessageState, WebhookMessage, WebhookStatus
from treering.storage.metadata.announcing import Told
from treering.storage.metadata.memory.history import enqueue
from treering.storage.metadata.memory.state import State

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """OutboxStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def announce(self, told: Told) -> int:
        """See OutboxStore."""
        with self._state.lock:
            return enqueue(self._state, told)

    def waiting(self, time: int) -> Sequence[str]:
        """See OutboxStore."""
        with self._state.lock:
            active = (one for one, _ in self._state.webhooks.values() if one.status is WebhookStatus.ACTIVE)
            owners = [one.webhook_id for one in active]
            firsts = [one for one in map(self.first, owners) if one is not None and one.due <= time]
            free = [one for one in firsts if self._state.leases.get(one.webhook_id, ("", 0))[1] <= time]
        return [one.webhook_id for one in sorted(free, key=lambda one: one.due)]

    def lease(self, webhook_id: str, holder: str, time: int, until: int) -> bool:
        """See OutboxStore."""
        with self._state.lock:
            held_by, held_until = self._state.leases.get(webhook_id, ("", 0))
            webhook, _ = self._state.webhooks.get(webhook_id, (None, ""))
            if webhook is None or webhook.status is not WebhookStatus.ACTIVE:
                return False
            if held_until > time and held_by != holder:
                return False
            self._state.leases[webhook_id] = holder, until
            return True

    def release(self, webhook_id: str, holder: str) -> None:
        """See OutboxStore."""
        with self._state.lock:
            if self._state.leases.get(webhook_id, ("", 0))[0] == holder:
                del self._state.leases[webhook_id]

    def first(self, webhook_id: str) -> WebhookMessage | None:
        """See OutboxStore."""
        with self._state.lock:
            mine = [
                one
                for one in self._state.messages.values()
                if one.webhook_id == webhook_id and one.state is MessageState.PENDING
            ]
        return min(mine, key=lambda one: one.number, default=None)

    def settle(self, message: WebhookMessage) -> None:
        """See OutboxStore."""
        with self._state.lock:
            known = self._state.messages.get(message.message_id)
            if known is not None:
                self._state.messages[message.message_id] = replace(message, number=known.number)

    def message(self, message_id: str) -> WebhookMessage:
        """See OutboxStore."""
        with self._state.lock:
            if message_id not in self._state.messages:
                msg = f"There is no message {message_id!r} to a webhook. List the deliveries to see which there are."
                raise NotFound(msg)
            return self._state.messages[message_id]

    def messages(
        self, webhook_id: str, state: MessageState | None, before: int, limit: int
    ) -> Sequence[WebhookMessage]:
        """See OutboxStore."""
        with self._state.lock:
            found = [
                one
                for one in self._state.messages.values()
                if webhook_id in {"", one.webhook_id}
                and state in {None, one.state}
                and (not before or one.number < before)
            ]
        return sorted(found, key=lambda one: -one.number)[:limit]

    def purge(self, finished_before: int) -> int:
        """See OutboxStore."""
        with self._state.lock:
            old = [
                one.message_id
                for one in self._state.messages.values()
                if one.state is not MessageState.PENDING and one.finished < finished_before
            ]
            for message_id in old:
                del self._state.messages[message_id]
        return len(old)
