"""What a webhook is sent: the message of an event, and its signature.

The headers are those that receivers of MLflow's webhooks look for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Mapping
from typing import Any

from treering.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent

__all__ = ["sample_of", "signed_headers"]

_MODEL = {"name": "example_model", "tags": {"example_key": "example_value"}, "description": "An example"}
_VERSION = {"name": "example_model", "version": "1"}
_SAMPLES: Mapping[tuple[WebhookEntity, WebhookAction], Mapping[str, Any]] = {
    (WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED): _MODEL,
    (WebhookEntity.MODEL_VERSION, WebhookAction.CREATED): {
        **_MODEL, "version": "1", "source": "models:/m-0123456789abcdef0123456789abcdef", "run_id": "0" * 32,
    },
    (WebhookEntity.PROMPT, WebhookAction.CREATED): {**_MODEL, "template": "Hello {{name}}!"},
    (WebhookEntity.PROMPT_VERSION, WebhookAction.CREATED): {**_MODEL, "version": "1", "template": "Hello {{name}}!"},
    (WebhookEntity.BUDGET_POLICY, WebhookAction.EXCEEDED): {"name": "example_policy"},
}  # fmt: skip
_RUN = {"run_id": "0" * 32, "experiment_id": "0", "run_name": "example-run", "status": "FINISHED"}
_DEPLOYMENT = {"name": "example_deployment", "model": "example_model", "version": "1"}
_OURS = {WebhookEntity.REGISTERED_MODEL, WebhookEntity.MODEL_VERSION, WebhookEntity.PROMOTION}


def sample_of(event: WebhookEvent) -> Mapping[str, Any]:
    """Made-up data for a message of this kind."""
    found = _SAMPLES.get((event.entity, event.action))
    if found is not None:
        return found
    if event.entity in {WebhookEntity.RUN, WebhookEntity.DEPLOYMENT}:
        return _RUN if event.entity is WebhookEntity.RUN else _DEPLOYMENT
    if event.entity in _OURS:
        said = {"before": "", "after": "1", "target": "alias:example_alias", "user": "ann", "reason": "An example"}
        return {**_VERSION, **said}
    owner = {"name": "example_model"} if event.entity is WebhookEntity.PROMPT_TAG else _VERSION
    if event.entity.endswith("_alias"):
        named: dict[str, str] = {"name": "example_model", "alias": "example_alias"}
        return {**named, "version": "1"} if event.action is WebhookAction.CREATED else named
    value = {"value": "example_value"} if event.action is WebhookAction.SET else {}
    return {**owner, "key": "example_key", **value}


def signed_headers(body: bytes, secret: str, message_id: str = "") -> dict[str, str]:
    """The headers of a message: an id, the time in seconds and, with a secret, the signature of all three.

    Args:
        message_id: The same in each attempt, so that a receiver can tell what it has already; made up unless given.
    """
    delivery, timestamp = message_id or str(uuid.uuid4()), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "treering",
        "X-MLflow-Delivery-Id": delivery,
        "X-MLflow-Timestamp": timestamp,
    }
    if secret:
        signed = f"{delivery}.{timestamp}.".encode() + body
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        headers["X-MLflow-Signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers
