"""Webhooks in the native API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.webhook import (
    NewWebhook,
    Webhook,
    WebhookEvent,
    WebhookMessage,
    WebhookReply,
    WebhookStatus,
)
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native.query import SearchBody

__all__ = [
    "CREATE",
    "DELETE",
    "DELIVERIES",
    "GET",
    "REDELIVER",
    "SEARCH",
    "TEST",
    "UPDATE",
    "AskDeliveries",
    "Deliveries",
    "MessageId",
    "SearchWebhooks",
    "TestWebhook",
    "UpdateWebhook",
    "WebhookId",
    "WebhookPage",
]


class WebhookId(msgspec.Struct, frozen=True):
    """One webhook."""

    webhook_id: str


class SearchWebhooks(SearchBody, frozen=True, kw_only=True):
    """A search over webhooks."""


class WebhookPage(msgspec.Struct, frozen=True):
    """Webhooks that match; `next_token` is "" on the last page."""

    webhooks: Sequence[Webhook]
    next_token: str = ""
    total: int | None = None


class UpdateWebhook(msgspec.Struct, frozen=True):
    """What to change; null leaves a value, and "" takes a description or secret away."""

    webhook_id: str
    name: str | None = None
    url: str | None = None
    events: Sequence[WebhookEvent] | None = None
    description: str | None = None
    secret: str | None = None
    status: WebhookStatus | None = None


class TestWebhook(msgspec.Struct, frozen=True):
    """A message to send, with made-up data; without an event, of the first kind that the webhook is told of."""

    webhook_id: str
    event: WebhookEvent | None = None


class AskDeliveries(msgspec.Struct, frozen=True):
    """Messages to one webhook, or to all; in one state, or in any."""

    webhook_id: str = ""
    state: str = ""
    max_results: int = 100
    page_token: str = ""


class Deliveries(msgspec.Struct, frozen=True):
    """The newest first; `next_token` is "" on the last page."""

    messages: Sequence[WebhookMessage]
    next_token: str = ""


class MessageId(msgspec.Struct, frozen=True):
    """One message."""

    message_id: str


_ONE = "/api/v1/webhooks/{webhook_id}"
# Who makes a webhook chooses what the server connects to, and is told of every model.
_ADMINISTER = Permission.ADMINISTER

CREATE = Endpoint("webhooks.create", "POST", "/api/v1/webhooks", NewWebhook, Webhook, _ADMINISTER, "Make a webhook")
SEARCH = Endpoint(
    "webhooks.search", "POST", "/api/v1/webhooks/search", SearchWebhooks, WebhookPage, _ADMINISTER,
    "Webhooks that match a filter",
)  # fmt: skip
GET = Endpoint("webhooks.get", "GET", _ONE, WebhookId, Webhook, _ADMINISTER, "One webhook")
UPDATE = Endpoint("webhooks.update", "PATCH", _ONE, UpdateWebhook, Webhook, _ADMINISTER, "Change a webhook")
DELETE = Endpoint("webhooks.delete", "DELETE", _ONE, WebhookId, Empty, _ADMINISTER, "Delete a webhook for good")
TEST = Endpoint("webhooks.test", "POST", _ONE + "/test", TestWebhook, WebhookReply, _ADMINISTER, "Send one message")
DELIVERIES = Endpoint(
    "webhooks.deliveries", "GET", "/api/v1/webhook-deliveries", AskDeliveries, Deliveries, _ADMINISTER,
    "Messages that wait, and those that were delivered or given up lately",
)  # fmt: skip
REDELIVER = Endpoint(
    "webhooks.redeliver", "POST", "/api/v1/webhook-deliveries/{message_id}/redeliver", MessageId, WebhookMessage,
    _ADMINISTER, "Let a message be sent again",
)  # fmt: skip
