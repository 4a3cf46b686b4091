"""Webhooks on a metadata store: what may be asked of them, and one message to try them."""

from __future__ import annotations

import importlib
import re
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from treering.core.clock import now
from treering.core.errors import DamagedData, InvalidInput, Unavailable
from treering.entities.page import Page, Query
from treering.entities.webhook import (
    ACTIONS,
    DeliveryReport,
    MessageState,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookEvent,
    WebhookMessage,
    WebhookReply,
)
from treering.registry.addresses import Addresses
from treering.registry.messages import sample_of, signed_headers
from treering.registry.names import check_max_results, check_page_number, check_present, check_text
from treering.registry.seals import Secrets
from treering.storage.metadata.announcing import message_of
from treering.storage.metadata.base import WebhookStore
from treering.storage.metadata.governing import OutboxStore

__all__ = ["Means", "StoredWebhooks"]

_MOST = 1000
_LONGEST_DESCRIPTION = 1000
_LONGEST_SECRET = 1000
_LONGEST_ATTEMPT = 3600
_NAME = re.compile(r"[A-Za-z0-9](?:[\w\-.]{0,61}[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Means:
    """What messages are sent with.

    Attributes:
        addresses: Where they may be sent.
        secrets: How the secrets that they are signed with are kept.
        retries: How often one is sent again before it is given up.
        seconds: How long one attempt may take.
    """

    addresses: Addresses = field(default_factory=Addresses)
    secrets: Secrets = field(default_factory=Secrets)
    retries: int = 9
    seconds: float = 30.0

    def __post_init__(self) -> None:
        """Raises InvalidInput for an attempt that could never be made, or never end."""
        if self.retries < 0 or not 0 < self.seconds <= _LONGEST_ATTEMPT:
            msg = (
                f"TREERING_WEBHOOK_RETRIES is {self.retries}, and TREERING_WEBHOOK_TIMEOUT {self.seconds:g}. Set the one"
                f" to 0 or more, and the other to more than 0 and at most {_LONGEST_ATTEMPT} seconds."
            )
            raise InvalidInput(msg)


class StoredWebhooks:
    """The `Webhooks` of `treering.registry.base`."""

    def __init__(self, store: WebhookStore, outbox: OutboxStore, means: Means) -> None:
        self._store = store
        self._outbox = outbox
        self._means = means

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
        secret = _check_length(new.secret, "secret", _LONGEST_SECRET)
        return self._store.create(made, self._means.secrets.kept(secret))

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
        if changes.secret:
            changes = replace(changes, secret=self._means.secrets.kept(changes.secret))
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
            target = self._means.addresses.target(webhook.url)
            secret = self._means.secrets.secret(self._store.secret(webhook_id))
        except (InvalidInput, Unavailable, DamagedData) as error:
            return WebhookReply(False, error=error.message)
        sending = importlib.import_module("treering.registry.sending")
        reply: WebhookReply = sending.send(target, body, signed_headers(body, secret), self._means.seconds)
        return reply

    def deliveries(
        self, webhook_id: str = "", state: MessageState | None = None, max_results: int = 100, page_token: str = ""
    ) -> Page[WebhookMessage]:
        """See the Protocol."""
        check_max_results(max_results, _MOST)
        if webhook_id:
            self._store.get(webhook_id)
        found = self._outbox.messages(webhook_id, state, check_page_number(page_token), max_results + 1)
        more = len(found) > max_results
        return Page(found[:max_results], str(found[max_results - 1].number) if more else "")

    def redeliver(self, message_id: str) -> WebhookMessage:
        """See the Protocol."""
        known = self._outbox.message(check_present(message_id, "message_id"))
        again = replace(
            known, state=MessageState.PENDING, attempts=0, due=now(), finished=0, response_status=0, error=""
        )
        self._outbox.settle(again)
        return again

    def deliver(self) -> DeliveryReport:
        """See the Protocol."""
        report: DeliveryReport = self._deliverer().deliver()
        return report

    def keep_delivering(self, stop: threading.Event) -> None:
        """Send what comes due until `stop` is set: the work of a server's thread."""
        self._deliverer().keep(stop)

    def _deliverer(self) -> Any:
        # Nothing else in an embedded store needs HTTP.
        delivering = importlib.import_module("treering.registry.delivering")
        terms = delivering.Terms(self._means.retries, self._means.seconds)
        return delivering.Deliverer(self._store, self._outbox, self._means.addresses, self._means.secrets, terms)

    def _check_url(self, url: str) -> str:
        self._means.addresses.check(check_text(url, "url"))
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
