"""Messages to webhooks: told with the change, kept until delivered, in order, again after failures, and by one at a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.fernet import Fernet

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound, PermissionDenied
from treering.core.uri import scheme_of
from treering.entities.governance import ApprovalRule
from treering.entities.lifecycle import RunStatus
from treering.entities.webhook import (
    MessageState,
    NewWebhook,
    Webhook,
    WebhookAction,
    WebhookChanges,
    WebhookEntity,
    WebhookEvent,
    WebhookStatus,
)
from treering.registry.addresses import Addresses
from treering.registry.base import ModelRegistry, NewModelVersion
from treering.registry.delivering import Deliverer, Terms
from treering.registry.seals import Secrets
from treering.registry.service import open_registry
from treering.registry.webhooks import Means
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import run_info
from treering.tracking.service import open_tracking

ANYWHERE = Addresses(("http", "https"), private=True)
MADE = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)
EVERYTHING = [
    WebhookEvent(WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED),
    MADE,
    WebhookEvent(WebhookEntity.MODEL_VERSION_TAG, WebhookAction.SET),
    WebhookEvent(WebhookEntity.MODEL_VERSION_TAG, WebhookAction.DELETED),
    WebhookEvent(WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.CREATED),
    WebhookEvent(WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.DELETED),
    WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.TRANSITIONED),
    WebhookEvent(WebhookEntity.PROMOTION, WebhookAction.DONE),
    WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.ROLLED_BACK),
    WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.DELETED),
]


@dataclass
class Receiver:
    """Remembers what it is sent, and answers with the statuses it is told, the last one for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    gate: threading.Event = field(default_factory=threading.Event)

    @property
    def told(self) -> list[str]:
        return [f"{said['entity']}.{said['action']}" for _, said in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    found.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.got.append(({**headers, "body": body.decode()}, json.loads(body)))
            found.came.release()
            found.gate.wait(60)
            status = found.statuses.pop(0) if len(found.statuses) > 1 else found.statuses[0]
            try:
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()
            except OSError:
                return  # whoever asked is dead

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield found
        found.gate.set()
        server.shutdown()
        thread.join(30)


@pytest.fixture
def store(database_uri: str) -> Iterator[MetadataStore]:
    opened = METADATA.load(scheme_of(database_uri))(database_uri)
    yield opened
    opened.database.close()


@pytest.fixture
def registry(store: MetadataStore) -> ModelRegistry:
    return registry_on(store)


def registry_on(store: MetadataStore, key: str = "") -> ModelRegistry:
    means = Means(ANYWHERE, Secrets(key))
    return open_registry(store, open_tracking(store, "memory://artifacts"), means, lambda: "ann")


def hook(registry: ModelRegistry, receiver: Receiver, *events: WebhookEvent, secret: str = "") -> Webhook:
    return registry.webhooks.create(NewWebhook("hook", receiver.url, events or [MADE], secret=secret))


def version(registry: ModelRegistry, name: str, source: str = "s3://bucket/m") -> int:
    return registry.versions.create(NewModelVersion(name, source, run_id="", description="d", tags={"k": "v"})).version


def make_due(store: MetadataStore) -> None:
    """As if the pauses were over."""
    for message in store.outbox.messages("", MessageState.PENDING, 0, 1000):
        store.outbox.settle(replace(message, due=0))


def test_each_change_is_told_in_order_and_with_mlflows_fields(registry: ModelRegistry, receiver: Receiver) -> None:
    hook(registry, receiver, *EVERYTHING)
    registry.models.create("m", "what it is", {"team": "x"})
    version(registry, "m")
    registry.versions.set_tags("m", 1, {"k": "w"})
    registry.versions.delete_tag("m", 1, "k")
    registry.models.set_alias("m", "champion", 1)
    registry.models.delete_alias("m", "champion")
    registry.versions.transition("m", 1, "Staging")
    version(registry, "m")
    for number in (1, 2):
        registry.governance.promote("m", number, "@champion", "why not")
    registry.governance.rollback("m", "@champion", "worse")
    registry.versions.delete("m", 2)
    report = registry.webhooks.deliver()
    assert (report.delivered, report.failed, report.dead) == (15, 0, 0)
    said = [(name, data["data"]) for name, (_, data) in zip(receiver.told, receiver.got, strict=True)]
    made = {"source": "s3://bucket/m", "run_id": "", "tags": {"k": "v"}, "description": "d"}
    assert said[:7] == [
        ("registered_model.created", {"name": "m", "tags": {"team": "x"}, "description": "what it is"}),
        ("model_version.created", {"name": "m", "version": "1", **made}),
        ("model_version_tag.set", {"name": "m", "version": "1", "key": "k", "value": "w"}),
        ("model_version_tag.deleted", {"name": "m", "version": "1", "key": "k"}),
        ("model_version_alias.created", {"name": "m", "alias": "champion", "version": "1"}),
        ("model_version_alias.deleted", {"name": "m", "alias": "champion"}),
        (
            "model_version.transitioned",
            {"name": "m", "version": "1", "before": "None", "after": "Staging", "target": "stage:Staging",
             "user": "ann", "reason": ""},
        ),
    ]  # fmt: skip
    assert [name for name, _ in said[7:]] == [
        "model_version.created", "model_version_alias.created", "promotion.done", "model_version_alias.created",
        "promotion.done", "model_version_alias.created", "model_version.rolled_back", "model_version.deleted",
    ]  # fmt: skip
    # Whoever waits for an alias learns of it however it was set.
    assert [data for name, data in said[7:] if name == "model_version_alias.created"] == [
        {"name": "m", "alias": "champion", "version": number} for number in ("1", "2", "1")
    ]
    assert (said[13][1]["before"], said[13][1]["after"], said[13][1]["reason"]) == ("2", "1", "worse")


def test_a_stage_that_is_promoted_to_or_rolled_back_is_a_transition_too(
    registry: ModelRegistry, receiver: Receiver
) -> None:
    hook(registry, receiver, WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.TRANSITIONED))
    registry.models.create("m")
    for number in (1, 2):
        version(registry, "m")
        registry.governance.promote("m", number, "Production")
    registry.governance.rollback("m", "Production")
    registry.webhooks.deliver()
    moves = [(data["data"]["version"], data["data"]["before"], data["data"]["after"]) for _, data in receiver.got]
    assert moves == [
        ("1", "None", "Production"), ("1", "Production", "Archived"), ("2", "None", "Production"),
        ("2", "Production", "Archived"), ("1", "Archived", "Production"),
    ]  # fmt: skip


def test_what_fails_is_told_to_nobody(registry: ModelRegistry, store: MetadataStore, receiver: Receiver) -> None:
    hook(registry, receiver, *EVERYTHING)
    registry.models.create("m")
    version(registry, "m")
    registry.governance.set_rule(ApprovalRule("m", "alias:champion"))
    before = len(store.outbox.messages("", None, 0, 100))
    with pytest.raises(PermissionDenied):
        registry.models.set_alias("m", "champion", 1)
    with pytest.raises(NotFound):
        registry.governance.promote("m", 9, "@champion")
    assert len(store.outbox.messages("", None, 0, 100)) == before


def test_prompts_have_events_of_their_own(registry: ModelRegistry, receiver: Receiver) -> None:
    events = [
        WebhookEvent(WebhookEntity.PROMPT, WebhookAction.CREATED),
        WebhookEvent(WebhookEntity.PROMPT_VERSION, WebhookAction.CREATED),
        WebhookEvent(WebhookEntity.PROMPT_TAG, WebhookAction.SET),
        WebhookEvent(WebhookEntity.PROMPT_ALIAS, WebhookAction.CREATED),
    ]
    hook(registry, receiver, *EVERYTHING, *events)
    registry.models.create("p", tags={"mlflow.prompt.is_prompt": "true"})
    text = {"mlflow.prompt.text": "Hello {{name}}"}
    registry.versions.create(NewModelVersion("p", "s3://bucket/p", tags=text))
    registry.models.set_tags("p", {"a": "b"})
    registry.models.set_alias("p", "best", 1)
    assert registry.webhooks.deliver().delivered == 4
    assert receiver.told == ["prompt.created", "prompt_version.created", "prompt_tag.set", "prompt_alias.created"]
    assert receiver.got[1][1]["data"] == {
        "name": "p", "version": "1", "template": "Hello {{name}}", "tags": text, "description": "",
    }  # fmt: skip


def test_runs_that_end_are_told_to_those_who_asked(
    store: MetadataStore, registry: ModelRegistry, receiver: Receiver
) -> None:
    events = [WebhookEvent(WebhookEntity.RUN, action) for action in (WebhookAction.FINISHED, WebhookAction.FAILED)]
    hook(registry, receiver, *events)
    ends = {RunStatus.FINISHED: "run.finished", RunStatus.FAILED: "run.failed", RunStatus.KILLED: "run.failed"}
    for status in ends:
        run = store.runs.create(run_info(), {}).info
        store.runs.update(run.run_id, status, 1234, None)
        store.runs.update(run.run_id, status, 1235, None)
        store.runs.update(run.run_id, None, None, "another name")
    assert registry.webhooks.deliver().delivered == 3
    assert receiver.told == list(ends.values())
    assert receiver.got[2][1]["data"]["status"] == "KILLED"
    assert receiver.got[0][1]["data"]["end_time"] == 1234


def test_a_run_tells_a_webhook_that_another_process_made_or_switched_off_a_moment_ago(
    store: MetadataStore, database_uri: str, receiver: Receiver
) -> None:
    if scheme_of(database_uri) == "memory":
        return  # one process has it for itself
    other = METADATA.load(scheme_of(database_uri))(database_uri)
    theirs = registry_on(other)

    def end() -> None:
        store.runs.update(store.runs.create(run_info(), {}).info.run_id, RunStatus.FINISHED, 1, None)

    end()
    made = hook(theirs, receiver, WebhookEvent(WebhookEntity.RUN, WebhookAction.FINISHED))
    end()
    theirs.webhooks.update(made.webhook_id, WebhookChanges(status=WebhookStatus.DISABLED))
    end()
    theirs.webhooks.update(made.webhook_id, WebhookChanges(status=WebhookStatus.ACTIVE))
    assert len(theirs.webhooks.deliveries(made.webhook_id).items) == 1
    assert theirs.webhooks.deliver().delivered == 1
    other.database.close()


def test_a_switched_off_webhook_is_told_nothing_and_its_messages_wait(
    registry: ModelRegistry, receiver: Receiver
) -> None:
    made = hook(registry, receiver)
    registry.models.create("m")
    version(registry, "m")
    registry.webhooks.update(made.webhook_id, WebhookChanges(status=WebhookStatus.DISABLED))
    version(registry, "m")
    assert registry.webhooks.deliver().delivered == 0
    registry.webhooks.update(made.webhook_id, WebhookChanges(status=WebhookStatus.ACTIVE))
    assert registry.webhooks.deliver().delivered == 1
    assert [data["data"]["version"] for _, data in receiver.got] == ["1"]


def test_a_webhook_that_is_switched_off_while_it_is_told_is_told_no_more(
    registry: ModelRegistry, receiver: Receiver
) -> None:
    made = hook(registry, receiver)
    registry.models.create("m")
    for _ in range(3):
        version(registry, "m")
    receiver.gate.clear()
    thread = threading.Thread(target=registry.webhooks.deliver)
    thread.start()
    assert receiver.came.acquire(timeout=30)
    registry.webhooks.update(made.webhook_id, WebhookChanges(status=WebhookStatus.DISABLED))
    receiver.gate.set()
    thread.join(60)
    assert [data["data"]["version"] for _, data in receiver.got] == ["1"]
    assert len(registry.webhooks.deliveries(made.webhook_id, MessageState.PENDING).items) == 2


def test_a_failure_is_tried_again_later_in_order_and_under_the_same_id(
    store: MetadataStore, registry: ModelRegistry, receiver: Receiver
) -> None:
    made = hook(registry, receiver, secret="hush")  # a test's
    registry.models.create("m")
    for _ in range(2):
        version(registry, "m")
    receiver.statuses = [503, 429, 200]
    report = registry.webhooks.deliver()
    assert (report.delivered, report.failed) == (0, 1)
    first, second = reversed(registry.webhooks.deliveries(made.webhook_id).items)
    assert (first.state, first.attempts, first.response_status, second.attempts) == (MessageState.PENDING, 1, 503, 0)
    assert now() < first.due <= now() + 1000
    assert "503" in first.error
    assert registry.webhooks.deliver().delivered == 0
    make_due(store)
    assert registry.webhooks.deliver().failed == 1
    make_due(store)
    assert registry.webhooks.deliver().delivered == 2
    assert [data["data"]["version"] for _, data in receiver.got] == ["1", "1", "1", "2"]
    ids = [headers["x-mlflow-delivery-id"] for headers, _ in receiver.got]
    assert ids == [first.message_id] * 3 + [second.message_id]
    for headers, _ in receiver.got:
        signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.{headers['body']}"
        digest = hmac.new(b"hush", signed.encode(), hashlib.sha256).digest()
        assert headers["x-mlflow-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_pauses_grow_and_end(store: MetadataStore, registry: ModelRegistry, receiver: Receiver) -> None:
    made = hook(registry, receiver)
    registry.models.create("m")
    version(registry, "m")
    receiver.statuses = [500]
    deliverer = Deliverer(store.webhooks, store.outbox, ANYWHERE, terms=Terms(retries=3))
    pauses = []
    for _ in range(3):
        deliverer.deliver()
        [message] = store.outbox.messages(made.webhook_id, None, 0, 10)
        pauses.append(message.due - now())
        make_due(store)
    assert all(500 * 2**number - 200 <= pause <= 1000 * 2**number for number, pause in enumerate(pauses))
    report = deliverer.deliver()
    [message] = registry.webhooks.deliveries(made.webhook_id, MessageState.DEAD).items
    assert (report.dead, message.attempts, message.error) == (1, 4, "The receiver answered with status 500.")
    receiver.statuses = [200]
    registry.webhooks.redeliver(message.message_id)
    assert registry.webhooks.deliver().delivered == 1
    with pytest.raises(NotFound):
        registry.webhooks.redeliver("nothing")


@pytest.mark.parametrize("status", [400, 404, 410])
def test_what_the_receiver_does_not_want_is_given_up_at_once(
    registry: ModelRegistry, receiver: Receiver, status: int
) -> None:
    hook(registry, receiver)
    registry.models.create("m")
    for _ in range(2):
        version(registry, "m")
    receiver.statuses = [status, 200]
    report = registry.webhooks.deliver()
    assert (report.delivered, report.dead) == (1, 1)


def test_an_address_that_leads_inside_is_given_up_unsent(
    store: MetadataStore, registry: ModelRegistry, receiver: Receiver
) -> None:
    """As where a name's address was changed after the webhook was made."""
    made = hook(registry, receiver)
    registry.models.create("m")
    version(registry, "m")
    report = Deliverer(store.webhooks, store.outbox, Addresses(("http",))).deliver()
    [message] = registry.webhooks.deliveries(made.webhook_id).items
    assert (report.dead, message.state) == (1, MessageState.DEAD)
    assert "not a public address" in message.error
    assert receiver.got == []


def test_a_receiver_that_is_down_is_waited_for(registry: ModelRegistry) -> None:
    made = registry.webhooks.create(NewWebhook("hook", "http://127.0.0.1:1/", [MADE]))
    registry.models.create("m")
    version(registry, "m")
    assert registry.webhooks.deliver().failed == 1
    [message] = registry.webhooks.deliveries(made.webhook_id).items
    assert (message.state, message.response_status) == (MessageState.PENDING, 0)
    assert "127.0.0.1" in message.error


def test_one_at_a_time_delivers_to_a_webhook(store: MetadataStore, registry: ModelRegistry, receiver: Receiver) -> None:
    hook(registry, receiver)
    registry.models.create("m")
    for _ in range(3):
        version(registry, "m")
    receiver.gate.clear()
    first = threading.Thread(target=registry.webhooks.deliver)
    first.start()
    assert receiver.came.acquire(timeout=30)
    assert registry_on(store).webhooks.deliver().delivered == 0
    receiver.gate.set()
    first.join(60)
    assert [data["data"]["version"] for _, data in receiver.got] == ["1", "2", "3"]


def test_a_slow_receiver_keeps_no_other_one_waiting(
    store: MetadataStore, registry: ModelRegistry, receiver: Receiver
) -> None:
    hook(registry, receiver)
    registry.webhooks.create(NewWebhook("other", receiver.url.replace("/hook", "/other"), [MADE]))
    registry.models.create("m")
    version(registry, "m")
    receiver.gate.clear()
    stop = threading.Event()
    deliverer = Deliverer(store.webhooks, store.outbox, ANYWHERE)
    thread = threading.Thread(target=deliverer.keep, args=(stop, 0.01))
    thread.start()
    try:
        for _ in range(2):
            assert receiver.came.acquire(timeout=30)
    finally:
        receiver.gate.set()
        stop.set()
        thread.join(30)


def test_secrets_are_encrypted_where_there_is_a_key(store: MetadataStore, receiver: Receiver) -> None:
    key = Fernet.generate_key().decode()
    registry = registry_on(store, key)
    made = hook(registry, receiver, secret="hush")  # a test's
    assert "hush" not in store.webhooks.secret(made.webhook_id)
    registry.models.create("m")
    version(registry, "m")
    assert registry_on(store).webhooks.deliver().failed == 1
    [message] = registry.webhooks.deliveries(made.webhook_id).items
    assert "TREERING_WEBHOOK_SECRET_ENCRYPTION_KEY is not set" in message.error
    other = registry_on(store, Fernet.generate_key().decode()).webhooks.test(made.webhook_id)
    assert "another key" in other.error
    make_due(store)
    assert registry.webhooks.deliver().delivered == 1
    headers = receiver.got[0][0]
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.{headers['body']}"
    digest = hmac.new(b"hush", signed.encode(), hashlib.sha256).digest()
    assert headers["x-mlflow-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    registry.webhooks.update(made.webhook_id, WebhookChanges(secret="new"))  # a test's
    assert store.webhooks.secret(made.webhook_id).startswith("treering-sealed:fernet:")
    with pytest.raises(InvalidInput, match="is no key"):
        hook(registry_on(store, "short"), receiver, secret="x")  # a test's
    with pytest.raises(InvalidInput, match="must not begin"):
        hook(registry, receiver, secret="treering-sealed:fernet:x")  # a test's


def test_what_was_delivered_long_ago_is_forgotten(
    store: MetadataStore, registry: ModelRegistry, receiver: Receiver
) -> None:
    made = hook(registry, receiver)
    registry.models.create("m")
    for _ in range(2):
        version(registry, "m")
    registry.webhooks.deliver()
    version(registry, "m")
    [_, second, first] = store.outbox.messages(made.webhook_id, None, 0, 10)
    store.outbox.settle(replace(first, finished=1000))
    assert store.outbox.purge(2000) == 1
    assert [one.number for one in store.outbox.messages(made.webhook_id, MessageState.DELIVERED, 0, 10)] == [
        second.number
    ]
    registry.webhooks.delete(made.webhook_id)
    assert list(store.outbox.messages("", None, 0, 10)) == []


_DELIVER = """
import sys
from treering.core.uri import scheme_of
from treering.registry.addresses import Addresses
from treering.registry.delivering import Deliverer, Terms
from treering.storage.metadata import METADATA
uri = sys.argv[1]
store = METADATA.load(scheme_of(uri))(uri)
terms = Terms(seconds=float(sys.argv[2]), margin=0.0)
print(Deliverer(store.webhooks, store.outbox, Addresses(("http",), True), terms=terms).deliver().delivered, flush=True)
"""
_PROMOTE = """
import sys
from treering.core.errors import Conflict
from treering.core.uri import scheme_of
from treering.registry.service import open_registry
from treering.storage.metadata import METADATA
from treering.tracking.service import open_tracking
uri, version = sys.argv[1], int(sys.argv[2])
store = METADATA.load(scheme_of(uri))(uri)
registry = open_registry(store, open_tracking(store, "memory://artifacts"))
print("ready", flush=True)
sys.stdin.readline()
try:
    print(registry.governance.promote("m", version, "stage:Production", replacing=1).state)
except Conflict as error:
    print(error.message)
"""


def program(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_messages_survive_the_death_of_who_delivers(database_uri: str, receiver: Receiver) -> None:
    if scheme_of(database_uri) == "memory":
        return  # nothing of it survives
    store = METADATA.load(scheme_of(database_uri))(database_uri)
    registry = registry_on(store)
    made = hook(registry, receiver)
    registry.models.create("m")
    for _ in range(3):
        version(registry, "m")
    receiver.gate.clear()
    # It dies in the middle of the first message, holding the lease.
    with program(_DELIVER, database_uri, "3") as killed:
        assert receiver.came.acquire(timeout=60)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait(30)
    receiver.gate.set()
    assert [one.state for one in store.outbox.messages(made.webhook_id, None, 0, 9)] == [MessageState.PENDING] * 3
    deadline = now() + 60_000
    delivered = 0
    while delivered < 3 and now() < deadline:
        delivered += registry_on(store).webhooks.deliver().delivered
        threading.Event().wait(0.1)
    assert delivered == 3
    ids = [headers["x-mlflow-delivery-id"] for headers, _ in receiver.got]
    assert [data["data"]["version"] for _, data in receiver.got] == ["1", "1", "2", "3"]
    assert ids[0] == ids[1]
    store.database.close()


def test_of_two_processes_that_promote_one_wins_and_the_other_is_told(database_uri: str) -> None:
    if scheme_of(database_uri) == "memory":
        return  # one process has it for itself
    store = METADATA.load(scheme_of(database_uri))(database_uri)
    registry = registry_on(store)
    registry.models.create("m")
    for _ in range(3):
        version(registry, "m")
    registry.governance.promote("m", 1, "Production")
    with program(_PROMOTE, database_uri, "2") as one, program(_PROMOTE, database_uri, "3") as other:
        both = (one, other)
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=60)[0].strip() for process in both]
    assert sorted(text == "DONE" for text in said) == [False, True], said
    winner = 2 + said.index("DONE")
    assert f"belongs to version {winner} by now" in next(text for text in said if text != "DONE")
    stages = [registry.versions.get("m", number).stage for number in (1, 2, 3)]
    assert stages == ["Archived", *("Production" if number == winner else "None" for number in (2, 3))]
    done = [event.version for event in registry.governance.history("m").items if event.action == "promotion.done"]
    assert done == [winner, 1]
    store.database.close()
