"""What a webhook is sent: the message of an event, its signature, and the sending of one.

The headers are those that receivers of MLflow's webhooks look for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from treering.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent, WebhookReply
from treering.registry.addresses import Target

__all__ = ["message_of", "sample_of", "send", "signed_headers"]

_SECONDS = 30.0
_MOST_READ = 64 << 10
_FIRST_FAILURE = 400

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


def sample_of(event: WebhookEvent) -> Mapping[str, Any]:
    """Made-up data for a message of this kind."""
    found = _SAMPLES.get((event.entity, event.action))
    if found is not None:
        return found
    owner = {"name": "example_model"} if event.entity is WebhookEntity.PROMPT_TAG else _VERSION
    if event.entity.endswith("_alias"):
        named: dict[str, str] = {"name": "example_model", "alias": "example_alias"}
        return {**named, "version": "1"} if event.action is WebhookAction.CREATED else named
    value = {"value": "example_value"} if event.action is WebhookAction.SET else {}
    return {**owner, "key": "example_key", **value}


def message_of(event: WebhookEvent, data: Mapping[str, Any]) -> bytes:
    """The body that tells of an event, which happened now."""
    said = {
        "entity": event.entity.value,
        "action": event.action.value,
        "timestamp": datetime.now(UTC).isoformat(),
        "data": data,
    }
    return json.dumps(said).encode()


def signed_headers(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a message: an id, the time in seconds and, with a secret, the signature of all three."""
    delivery, timestamp = str(uuid.uuid4()), str(int(time.time()))
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


def send(target: Target, body: bytes, headers: Mapping[str, str]) -> WebhookReply:
    """POST one message, once; redirects are not followed, and proxies not used, since both would lead elsewhere."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    timeout = urllib3.Timeout(total=_SECONDS)
    if target.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            target.ip, target.port, timeout=timeout, assert_hostname=target.host, server_hostname=target.host
        )
    else:
        pool = urllib3.HTTPConnectionPool(target.ip, target.port, timeout=timeout)
    try:
        answer = pool.urlopen(
            "POST", target.path, body=body, headers={**headers, "Host": f"{host}:{target.port}"},
            retries=False, redirect=False, preload_content=False,
        )  # fmt: skip
        text = answer.read(_MOST_READ, decode_content=True).decode(errors="replace")
        return WebhookReply(answer.status < _FIRST_FAILURE, answer.status, text)
    except HTTPError as error:
        return WebhookReply(False, error=f"No answer came from {target.host}: {error}")
    finally:
        pool.close()
