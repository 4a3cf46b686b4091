"""Webhooks in MLflow's API."""

from __future__ import annotations

from enum import StrEnum

from msgspec import UNSET, UnsetType

from treering.entities.page import Page
from treering.entities.webhook import (
    ACTIONS,
    Webhook,
    WebhookAction,
    WebhookEntity,
    WebhookEvent,
    WebhookReply,
    WebhookStatus,
)
from treering.wire.endpoint import Empty, Permission
from treering.wire.mlflow.fields import Int64, Message, Text, declare, shown

__all__ = [
    "CREATE",
    "DELETE",
    "GET",
    "LIST",
    "TEST",
    "UPDATE",
    "CreateWebhook",
    "EventMessage",
    "FoundWebhook",
    "FoundWebhooks",
    "ListWebhooks",
    "TestResultMessage",
    "TestWebhook",
    "TestedWebhook",
    "UpdateWebhook",
    "WebhookId",
    "WebhookMessage",
    "WireAction",
    "WireEntity",
    "event_of",
    "found_webhook",
    "reply_message",
    "webhooks_page",
]


class WireEntity(StrEnum):
    """What an event happened to, in the order in which the protocol numbers it."""

    UNSPECIFIED = "ENTITY_UNSPECIFIED"
    REGISTERED_MODEL = "REGISTERED_MODEL"
    MODEL_VERSION = "MODEL_VERSION"
    MODEL_VERSION_TAG = "MODEL_VERSION_TAG"
    MODEL_VERSION_ALIAS = "MODEL_VERSION_ALIAS"
    PROMPT = "PROMPT"
    PROMPT_VERSION = "PROMPT_VERSION"
    PROMPT_TAG = "PROMPT_TAG"
    PROMPT_VERSION_TAG = "PROMPT_VERSION_TAG"
    PROMPT_ALIAS = "PROMPT_ALIAS"
    BUDGET_POLICY = "BUDGET_POLICY"


class WireAction(StrEnum):
    """What happened to it, likewise."""

    UNSPECIFIED = "ACTION_UNSPECIFIED"
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    SET = "SET"
    EXCEEDED = "EXCEEDED"


class EventMessage(Message, frozen=True):
    """One kind of event."""

    entity: WireEntity
    action: WireAction


class WebhookMessage(Message, frozen=True):
    """A webhook, without its secret. Times are milliseconds since the epoch."""

    webhook_id: str
    name: str
    url: str
    events: tuple[EventMessage, ...]
    status: WebhookStatus
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | UnsetType = UNSET


class CreateWebhook(Message, frozen=True):
    """Make a webhook."""

    name: Text
    url: Text
    events: tuple[EventMessage, ...] = ()
    description: str = ""
    secret: str = ""
    status: WebhookStatus = WebhookStatus.ACTIVE


class WebhookId(Message, frozen=True):
    """One webhook."""

    webhook_id: Text


class ListWebhooks(Message, frozen=True):
    """Webhooks, the newest first."""

    max_results: Int64 = 100
    page_token: str = ""


class UpdateWebhook(Message, frozen=True):
    """Change what is given."""

    webhook_id: Text
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    events: tuple[EventMessage, ...] = ()
    secret: str | UnsetType = UNSET
    status: WebhookStatus | None = None


class TestWebhook(Message, frozen=True):
    """Send one message with made-up data."""

    webhook_id: Text
    event: EventMessage | None = None


class FoundWebhook(Message, frozen=True):
    """The webhook asked for."""

    webhook: WebhookMessage


class FoundWebhooks(Message, frozen=True):
    """One page of webhooks."""

    webhooks: tuple[WebhookMessage, ...] = ()
    next_page_token: str | UnsetType = UNSET


class TestResultMessage(Message, frozen=True):
    """What became of the message."""

    success: bool
    response_status: int | UnsetType = UNSET
    response_body: str | UnsetType = UNSET
    error_message: str | UnsetType = UNSET


class TestedWebhook(Message, frozen=True):
    """What became of the message."""

    result: TestResultMessage


_AT = "2.0/mlflow/webhooks"
_ONE = _AT + "/{webhook_id}"
_ADMINISTER = Permission.ADMINISTER

CREATE = declare("webhooks.create", "POST", _AT, CreateWebhook, FoundWebhook, _ADMINISTER)
LIST = declare("webhooks.list", "GET", _AT, ListWebhooks, FoundWebhooks, _ADMINISTER)
GET = declare("webhooks.get", "GET", _ONE, WebhookId, FoundWebhook, _ADMINISTER)
UPDATE = declare("webhooks.update", "PATCH", _ONE, UpdateWebhook, FoundWebhook, _ADMINISTER)
DELETE = declare("webhooks.delete", "DELETE", _ONE, WebhookId, Empty, _ADMINISTER)
TEST = declare("webhooks.test", "POST", _ONE + "/test", TestWebhook, TestedWebhook, _ADMINISTER)


# MLflow's clients refuse a webhook that is told of what they do not know, so those events are not shown to them.
_OURS = {
    (entity, action)
    for entity in (WebhookEntity.REGISTERED_MODEL, WebhookEntity.MODEL_VERSION)
    for action in ACTIONS[entity]
    if action is not WebhookAction.CREATED
}


def event_of(message: EventMessage) -> WebhookEvent:
    """The event. Raises ValueError where a part is not specified."""
    return WebhookEvent(WebhookEntity(message.entity.lower()), WebhookAction(message.action.lower()))


def found_webhook(webhook: Webhook) -> FoundWebhook:
    """How a webhook looks in MLflow's API."""
    return FoundWebhook(_message(webhook))


def webhooks_page(page: Page[Webhook]) -> FoundWebhooks:
    """How a page of webhooks looks in MLflow's API: those that MLflow could have made, since its clients fail at others."""
    messages = map(_message, page.items)
    return FoundWebhooks(tuple(message for message in messages if message.events), shown(page.next_token))


def reply_message(reply: WebhookReply) -> TestedWebhook:
    """How the result of a test looks in MLflow's API."""
    status = UNSET if reply.response_status is None else reply.response_status
    body = UNSET if reply.response_status is None else reply.response_body
    return TestedWebhook(TestResultMessage(reply.success, status, body, shown(reply.error)))


def _message(webhook: Webhook) -> WebhookMessage:
    return WebhookMessage(
        webhook.webhook_id,
        webhook.name,
        webhook.url,
        tuple(
            EventMessage(WireEntity[one.entity.name], WireAction[one.action.name])
            for one in webhook.events
            if (one.entity, one.action) not in _OURS and one.entity.name in WireEntity.__members__
        ),
        webhook.status,
        webhook.creation_time,
        webhook.last_update_time,
        shown(webhook.description),
    )
