"""Webhooks in memory."""

from __future__ import annotations

from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.page import Page, Query
from treering.entities.webhook import Webhook, WebhookChanges
from treering.storage.metadata.memory.state import State
from treering.storage.metadata.merge import changed_webhook
from treering.storage.metadata.search.evaluate import answer
from treering.storage.metadata.search.fields import WEBHOOKS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.readers import WebhookReader

__all__ = ["MemoryWebhooks"]


class MemoryWebhooks:
    """WebhookStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, webhook: Webhook, secret: str) -> Webhook:
        """See WebhookStore."""
        with self._state.lock:
            self._state.webhooks[webhook.webhook_id] = webhook, secret
        return webhook

    def get(self, webhook_id: str) -> Webhook:
        """See WebhookStore."""
        return self._known(webhook_id)[0]

    def secret(self, webhook_id: str) -> str:
        """See WebhookStore."""
        return self._known(webhook_id)[1]

    def search(self, query: Query) -> Page[Webhook]:
        """See WebhookStore."""
        search = parse_search(WEBHOOKS, query.filter, query.order_by)
        with self._state.lock:
            seen = [webhook for webhook, _ in self._state.webhooks.values()]
        return answer(seen, search, query, WebhookReader(), WEBHOOKS.noun)

    def update(self, webhook_id: str, changes: WebhookChanges) -> Webhook:
        """See WebhookStore."""
        with self._state.lock:
            known, secret = self._known(webhook_id)
            changed = replace(changed_webhook(known, changes), last_update_time=now())
            self._state.webhooks[webhook_id] = changed, secret if changes.secret is None else changes.secret
            return changed

    def delete(self, webhook_id: str) -> None:
        """See WebhookStore."""
        with self._state.lock:
            self._known(webhook_id)
            del self._state.webhooks[webhook_id]
            self._state.leases.pop(webhook_id, None)
            for one in [one for one in self._state.messages.values() if one.webhook_id == webhook_id]:
                del self._state.messages[one.message_id]

    def _known(self, webhook_id: str) -> tuple[Webhook, str]:
        with self._state.lock:
            if webhook_id not in self._state.webhooks:
                msg = f"Webhook with ID {webhook_id} not found. List the webhooks to see which there are."
                raise NotFound(msg)
            return self._state.webhooks[webhook_id]
