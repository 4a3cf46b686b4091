"""Webhooks on a metadata store: what may be asked of them, and one message to try them."""

from __future__ import annotations

import importlib
import re
import uuid
from collections.abc import Sequence

from treering.core.clock import now
from treering.core.errors import InvalidInput, Unavailable
from treering.entities.page import Page, Query
from treering.entities.webhook import ACTIONS, NewWebhook, Webhook, WebhookChanges, WebhookEvent, WebhookReply
from treering.registry.addresses import Addresses
from treering.registry.messages import sample_of, signed_headers
from treering.registry.names import check_max_results, check_present, check_text
from treering.storage.metadata.announcing import message_of
from treering.storage.metadata.base import WebhookStore

__all__ = ["StoredWebhooks"]

_MOST = 1000
_LONGEST_DESCRIPTION = 1000
_LONGEST_SECRET = 1000
_NAME = re.compile(r"[A-Za-z0-9](?:[\w\-.]{0,61}[A-Za-z0-9])?", re.ASCII)


class StoredWebhooks:
    """The `Webhooks` of `treering.registry.base`."""

    def __init__(self, store: WebhookStore, addresses: Addresses) -> None:
        self._store = store
        self._addresses = addresses

    def create(self, new: NewWebhook) -> Webhook:
        """See the Protocol."""
        time = now()
        made = Webhook(
            str(uuid.uuid4()),
            _check_name(new.name),
            self._check_url(new.url),
            _check_events(new.events),
            new.status,
            time,
            time,
            _check_length(new.description, "description", _LONGEST_DESCRIPTION),
        )
        return self._store.create(made, _check_length(new.secret, "secret", _LONGEST_SECRET))

    def get(self, webhook_id: str) -> Webhook:
        """See the Protocol."""
        return self._store.get(check_present(webhook_id, "webhook_id"))

    def search(self, query: Query) -> Page[Webhook]:
        """See the Protocol."""
        check_max_results(query.max_results, _MOST)
        return self._store.search(query)

    def update(self, webhook_id: str, changes: WebhookChanges) -> Webhook:
        """See the Protocol."""
        if changes.name is not None:
            _check_name(changes.name)
        if changes.url is not None:
            self._check_url(changes.url)
        if changes.events is not None:
            _check_events(changes.events)
        _check_length(changes.description or "", "description", _LONGEST_DESCRIPTION)
        _check_length(changes.secret or "", "secret", _LONGEST_SECRET)
        return self._store.update(check_present(webhook_id, "webhook_id"), changes)

    def delete(self, webhook_id: str) -> None:
        """See the Protocol."""
        self._store.delete(check_present(webhook_id, "webhook_id"))

    def test(self, webhook_id: str, event: WebhookEvent | None = None) -> WebhookReply:
        """See the Protocol."""
        webhook = self.get(webhook_id)
        chosen = webhook.events[0] if event is None else _check_events([event])[0]
        body = message_of(chosen, sample_of(chosen))
        try:
            target = self._addresses.target(webhook.url)
        except (InvalidInput, Unavailable) as error:
            return WebhookReply(False, error=error.message)
        sending = importlib.import_module("treering.registry.sending")
        reply: WebhookReply = sending.send(target, body, signed_headers(body, self._store.secret(webhook_id)))
        return reply

    def _check_url(self, url: str) -> str:
        self._addresses.check(check_text(url, "url"))
        return url


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        msg = (
            f"Webhook name {name[:100]!r} is invalid. It must start and end with a letter or digit, have at most 63"
            " characters, and hold only letters, digits, '.', '-' and '_'."
        )
        raise InvalidInput(msg)
    return name


def _check_events(events: Sequence[WebhookEvent]) -> tuple[WebhookEvent, ...]:
    if not events:
        msg = "Webhook events cannot be empty. Name at least one, such as model_version.created."
        raise InvalidInput(msg)
    for event in events:
        if event.action not in ACTIONS[event.entity]:
            known = ", ".join(f"{event.entity}.{action}" for action in ACTIONS[event.entity])
            msg = f"Invalid action '{event.action}' for entity '{event.entity}'. There is: {known}."
            raise InvalidInput(msg)
    return tuple(dict.fromkeys(events))


def _check_length(value: str, what: str, most: int) -> str:
    if len(check_text(value, what)) > most:
        msg = f"The {what} of a webhook has {len(value)} characters, and {most} are allowed. Shorten it."
        raise InvalidInput(msg)
    return value
