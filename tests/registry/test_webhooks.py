"""Messages of webhooks as a receiver sees them, and the addresses that get none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from treering.core.errors import InvalidInput, Unavailable
from treering.entities.webhook import ACTIONS, NewWebhook, WebhookAction, WebhookChanges, WebhookEntity, WebhookEvent
from treering.registry.addresses import Addresses
from treering.registry.base import ModelRegistry
from treering.registry.messages import sample_of
from treering.registry.service import open_registry
from treering.registry.webhooks import Means
from treering.storage.metadata import METADATA
from treering.tracking.service import open_tracking

EVENTS = [WebhookEvent(entity, action) for entity, actions in ACTIONS.items() for action in actions]
MADE = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)


@dataclass
class Receiver:
    """Remembers what it is sent, and answers as it is told."""

    url: str = ""
    status: int = 200
    answer: bytes = b"thanks"
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("content-length", str(len(found.answer)))
            self.send_header("location", found.url)
            self.end_headers()
            self.wfile.write(found.answer)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}/hook?a=1"
        yield found
        server.shutdown()
        thread.join(30)


def opened(addresses: Addresses) -> ModelRegistry:
    store = METADATA.load("memory")("memory://")
    return open_registry(store, open_tracking(store, "memory://artifacts"), Means(addresses))


@pytest.fixture
def registry() -> ModelRegistry:
    return opened(Addresses(("http", "https"), private=True))


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_a_message_of_each_event_is_signed(registry: ModelRegistry, receiver: Receiver, event: WebhookEvent) -> None:
    made = registry.webhooks.create(NewWebhook("a", receiver.url, [MADE], secret="hush"))
    reply = registry.webhooks.test(made.webhook_id, event)
    assert (reply.success, reply.response_status, reply.response_body, reply.error) == (True, 200, "thanks", "")
    [(path, headers, body)] = receiver.got
    assert path == "/hook?a=1"
    assert headers["content-type"] == "application/json"
    said = json.loads(body)
    assert (said["entity"], said["action"], said["data"]) == (event.entity, event.action, sample_of(event))
    assert datetime.fromisoformat(said["timestamp"]).utcoffset() is not None
    delivery, timestamp = headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"]
    assert uuid.UUID(delivery).version == 4
    digest = hmac.new(b"hush", f"{delivery}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    assert headers["x-mlflow-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_a_secret_stands_in_no_text_of_the_values() -> None:
    for value in (NewWebhook("a", "https://8.8.8.8/", [MADE], secret="hush"), WebhookChanges(secret="hush")):
        assert "hush" not in repr(value)


@pytest.mark.parametrize(
    ("retries", "seconds"), [(-1, 30.0), (9, 0.0), (9, -1.0), (9, float("nan")), (9, float("inf"))]
)
def test_terms_that_cannot_be_are_refused(retries: int, seconds: float) -> None:
    with pytest.raises(InvalidInput, match="TREERING_WEBHOOK_TIMEOUT"):
        Means(retries=retries, seconds=seconds)


def test_without_a_secret_nothing_is_signed(registry: ModelRegistry, receiver: Receiver) -> None:
    made = registry.webhooks.create(NewWebhook("a", receiver.url, [MADE], secret="hush"))
    registry.webhooks.update(made.webhook_id, WebhookChanges(secret=""))
    assert registry.webhooks.test(made.webhook_id).success
    assert "x-mlflow-signature" not in receiver.got[0][1]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_the_receiver_answers_is_told_and_not_followed(
    registry: ModelRegistry, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    receiver.answer = b"\xff" * 100_000
    made = registry.webhooks.create(NewWebhook("a", receiver.url, [MADE]))
    reply = registry.webhooks.test(made.webhook_id)
    assert (reply.success, reply.response_status) == (status < 400, status)
    assert len(reply.response_body) == 64 << 10
    assert len(receiver.got) == 1


def test_no_answer_is_told(registry: ModelRegistry) -> None:
    made = registry.webhooks.create(NewWebhook("a", "http://127.0.0.1:1/", [MADE]))
    reply = registry.webhooks.test(made.webhook_id)
    assert (reply.success, reply.response_status) == (False, None)
    assert "127.0.0.1" in reply.error


def test_a_private_address_is_refused_when_it_is_used_too(receiver: Receiver) -> None:
    strict = Addresses(("http", "https"))
    with pytest.raises(InvalidInput, match="TREERING_WEBHOOK_ALLOW_PRIVATE_IPS"):
        strict.target(receiver.url)
    with pytest.raises(InvalidInput, match="TREERING_WEBHOOK_ALLOWED_SCHEMES"):
        Addresses().target(receiver.url)
    assert receiver.got == []


def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    target = Addresses(("http",), private=True).target("http://localhost:81/x?y=z")
    assert (target.host, target.port, target.path) == ("localhost", 81, "/x?y=z")
    assert target.ip in {"127.0.0.1", "::1"}


def test_a_name_that_means_nothing_now_may_be_kept_and_is_told_when_used() -> None:
    registry = opened(Addresses())
    made = registry.webhooks.create(NewWebhook("a", "https://nowhere.invalid/x", [MADE]))
    with pytest.raises(Unavailable, match="resolved"):
        Addresses().target(made.url)
    reply = registry.webhooks.test(made.webhook_id)
    assert not reply.success
    assert "nowhere.invalid" in reply.error
