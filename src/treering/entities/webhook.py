"""Webhooks: addresses that are told when something happens in the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "ACTIONS",
    "DeliveryReport",
    "MessageState",
    "NewWebhook",
    "Webhook",
    "WebhookAction",
    "WebhookChanges",
    "WebhookEntity",
    "WebhookEvent",
    "WebhookMessage",
    "WebhookReply",
    "WebhookStatus",
]


class WebhookStatus(StrEnum):
    """Whether a webhook is told of events."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class WebhookEntity(StrEnum):
    """What an event happened to."""

    REGISTERED_MODEL = "registered_model"
    MODEL_VERSION = "model_version"
    MODEL_VERSION_TAG = "model_version_tag"
    MODEL_VERSION_ALIAS = "model_version_alias"
    PROMPT = "prompt"
    PROMPT_VERSION = "prompt_version"
    PROMPT_TAG = "prompt_tag"
    PROMPT_VERSION_TAG = "prompt_version_tag"
    PROMPT_ALIAS = "prompt_alias"
    BUDGET_POLICY = "budget_policy"
    PROMOTION = "promotion"
    RUN = "run"
    DEPLOYMENT = "deployment"


class WebhookAction(StrEnum):
    """What happened to it."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    SET = "set"
    EXCEEDED = "exceeded"
    TRANSITIONED = "transitioned"
    ROLLED_BACK = "rolled_back"
    REQUESTED = "requested"
    DECIDED = "decided"
    DONE = "done"
    FINISHED = "finished"
    FAILED = "failed"


_OF_ALIASES = (WebhookAction.CREATED, WebhookAction.DELETED)
_OF_TAGS = (WebhookAction.SET, WebhookAction.DELETED)

ACTIONS: Mapping[WebhookEntity, Sequence[WebhookAction]] = {
    WebhookEntity.REGISTERED_MODEL: (WebhookAction.CREATED, WebhookAction.UPDATED, WebhookAction.DELETED),
    WebhookEntity.MODEL_VERSION: (
        WebhookAction.CREATED,
        WebhookAction.UPDATED,
        WebhookAction.DELETED,
        WebhookAction.TRANSITIONED,
        WebhookAction.ROLLED_BACK,
    ),
    WebhookEntity.MODEL_VERSION_TAG: _OF_TAGS,
    WebhookEntity.MODEL_VERSION_ALIAS: _OF_ALIASES,
    WebhookEntity.PROMPT: (WebhookAction.CREATED,),
    WebhookEntity.PROMPT_VERSION: (WebhookAction.CREATED,),
    WebhookEntity.PROMPT_TAG: _OF_TAGS,
    WebhookEntity.PROMPT_VERSION_TAG: _OF_TAGS,
    WebhookEntity.PROMPT_ALIAS: _OF_ALIASES,
    WebhookEntity.BUDGET_POLICY: (WebhookAction.EXCEEDED,),
    WebhookEntity.PROMOTION: (WebhookAction.REQUESTED, WebhookAction.DECIDED, WebhookAction.DONE),
    WebhookEntity.RUN: (WebhookAction.FINISHED, WebhookAction.FAILED),
    WebhookEntity.DEPLOYMENT: (
        WebhookAction.CREATED,
        WebhookAction.UPDATED,
        WebhookAction.DELETED,
        WebhookAction.FAILED,
        WebhookAction.ROLLED_BACK,
    ),
}
"""Which actions an entity knows: MLflow's, and more."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One kind of event."""

    entity: WebhookEntity
    action: WebhookAction

    def __str__(self) -> str:
        return f"{self.entity}.{self.action}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address and what it is told of. Its secret is kept apart, and never shown.

    Attributes:
        creation_time: Milliseconds since the epoch, as is `last_update_time`.
    """

    webhook_id: str
    name: str
    url: str
    events: Sequence[WebhookEvent]
    status: WebhookStatus
    creation_time: int
    last_update_time: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What is asked for when a webhook is made.

    Attributes:
        secret: What messages are signed with; "" for none.
    """

    name: str
    url: str
    events: Sequence[WebhookEvent]
    description: str = ""
    secret: str = field(default="", repr=False)
    status: WebhookStatus = WebhookStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class WebhookChanges:
    """What is to be changed; None leaves a value, and "" takes a description or secret away."""

    name: str | None = None
    url: str | None = None
    events: Sequence[WebhookEvent] | None = None
    description: str | None = None
    secret: str | None = field(default=None, repr=False)
    status: WebhookStatus | None = None


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What became of one message.

    Attributes:
        success: Whether the answer's status was below 400.
        response_status: None where no answer came; `error` says why then.
        response_body: Its beginning.
    """

    success: bool
    response_status: int | None = None
    response_body: str = ""
    error: str = ""


class MessageState(StrEnum):
    """What became of a message that waits in the outbox."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One message to one webhook, kept until it was delivered and for a while after.

    Attributes:
        number: Messages of a webhook are delivered in the order of it.
        message_id: What the receiver sees as the delivery's id; the same in each attempt.
        event: Such as `model_version.created`.
        attempts: How often it was sent.
        due: When it is sent next, in milliseconds since the epoch.
        finished: When it was delivered or given up; 0 while it waits.
        response_status: The last answer's; 0 where none came.
        error: Why the last attempt failed; "" if it did not.
    """

    number: int
    message_id: str
    webhook_id: str
    event: str
    body: str
    state: MessageState
    created: int
    attempts: int = 0
    due: int = 0
    finished: int = 0
    response_status: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """How many messages to webhooks were delivered, failed and wait for another attempt, and were given up."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0
