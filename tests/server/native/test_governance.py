"""Governance through a real server: who is recorded, what MLflow's clients are refused, and messages that are delivered."""

from __future__ import annotations

import base64
import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from server_process import Server, wait_until
from treering.client.connect import connect
from treering.core.errors import Conflict, NotSupported, PermissionDenied
from treering.core.settings import Settings
from treering.entities.governance import ApprovalRule, PromotionState
from treering.entities.webhook import ACTIONS, MessageState, NewWebhook, WebhookAction, WebhookEntity, WebhookEvent
from treering.registry.base import NewModelVersion

Site = Any  # of conftest.py, which tests cannot import

_MADE = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)


def registered(site: Site, versions: int = 2) -> None:
    registry = site.services.registry
    registry.models.create("m")
    for _ in range(versions):
        registry.versions.create(NewModelVersion("m", "s3://bucket/m"))


def last(site: Site) -> Any:
    return site.ask("GET", "/api/v1/registry/history?name=m&max_results=1").json()["events"][0]


def test_who_acts_is_recorded_as_the_caller_says(site: Site) -> None:
    registered(site)
    body = {"name": "m", "alias": "champion", "version": 1}
    asked = ("PUT", "/api/v1/registered-models/m/aliases/champion", body)
    basic = base64.b64encode(b"zo\xc3\xab:secret").decode()
    for headers, user in (
        ({}, ""),
        ({"X-Treering-User": "J%C3%BCrgen%0A"}, "J\u00fcrgen"),
        ({"Authorization": f"Basic {basic}"}, "zo\u00eb"),
        ({"Authorization": "Basic %%%"}, ""),
    ):
        assert site.ask(*asked, headers).status == 200
        assert (last(site)["action"], last(site)["user"]) == ("alias.set", user)
    promoted = {"name": "m", "version": 2, "target": "@champion", "reason": "better", "user": "ann"}
    assert site.ask("POST", "/api/v1/registry/promotions", promoted, {"X-Treering-User": "bob"}).status == 200
    assert (last(site)["user"], last(site)["reason"]) == ("ann", "better")


def test_blanks_around_a_name_in_a_header_make_nobody_somebody_else(site: Site) -> None:
    registered(site)
    site.services.registry.governance.set_rule(ApprovalRule("m", "alias:champion"))
    asked = ("POST", "/api/v1/registry/promotions", {"name": "m", "version": 1, "target": "@champion"})
    nameless = site.ask(*asked)
    assert (nameless.status, nameless.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert "has to have a name" in nameless.json()["message"]
    promotion_id = site.ask(*asked, {"X-Treering-User": "ann"}).json()["promotion_id"]
    approve = f"/api/v1/registry/promotions/{promotion_id}/approve"
    for name, status in (("%20ann%09", 403), ("", 403), ("bob", 200)):
        assert site.ask("POST", approve, {}, {"X-Treering-User": name}).status == status


def test_a_page_token_that_is_none_is_refused(site: Site) -> None:
    for path in ("registry/history", "webhook-deliveries"):
        for token in ("x", "-1", "9" * 5000, "%D9%A1"):
            refused = site.ask("GET", f"/api/v1/{path}?page_token={token}")
            assert refused.status == 400, (path, token[:9])


def test_mlflows_clients_are_refused_what_a_rule_guards_and_told_how(site: Site) -> None:
    registered(site)
    for target in ("alias:champion", "stage:Production"):
        site.services.registry.governance.set_rule(ApprovalRule("", target))
    alias = {"name": "m", "alias": "champion", "version": "1"}
    stage = {"name": "m", "version": "1", "stage": "Production", "archive_existing_versions": True}
    for method, path, body in (
        ("POST", "/api/2.0/mlflow/registered-models/alias", alias),
        ("POST", "/ajax-api/2.0/mlflow/model-versions/transition-stage", stage),
    ):
        refused = site.ask(method, path, body)
        assert (refused.status, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
        assert "treering registry promote m 1" in refused.json()["message"]
    # Everything else goes on as before, and is recorded.
    assert site.ask("POST", "/api/2.0/mlflow/registered-models/alias", {**alias, "alias": "shadow"}).status == 200
    assert last(site)["target"] == "alias:shadow"


def test_a_far_client_acts_under_its_name_and_is_told_of_conflicts(site: Site) -> None:
    registered(site)
    far = connect(Settings(tracking_uri=f"http://127.0.0.1:{site.port}", user="ann"))
    other = connect(Settings(tracking_uri=f"http://127.0.0.1:{site.port}", user="bob"))
    try:
        far.registry.governance.set_rule(ApprovalRule("m", "alias:champion"))
        asked = far.registry.governance.promote("m", 1, "@champion", "first")
        with pytest.raises(PermissionDenied):
            far.registry.governance.approve(asked.promotion_id)
        with pytest.raises(Conflict):
            other.registry.governance.promote("m", 2, "@champion")
        done = other.registry.governance.approve(asked.promotion_id, "fine")
        assert done.state is PromotionState.DONE
        assert [(one.user, one.comment) for one in done.decisions] == [("bob", "fine")]
        assert [event.user for event in far.registry.governance.history("m", max_results=3).items] == [
            "bob", "bob", "ann",
        ]  # fmt: skip
        with pytest.raises(NotSupported, match="by itself"):
            far.registry.webhooks.deliver()
    finally:
        far.close()
        other.close()


def test_mlflows_clients_see_only_the_events_that_they_know(site: Site) -> None:
    every = [WebhookEvent(entity, action) for entity, actions in ACTIONS.items() for action in actions]
    made = site.services.registry.webhooks.create(NewWebhook("a", "https://8.8.8.8/x", every))
    shown = site.ask("GET", f"/api/2.0/mlflow/webhooks/{made.webhook_id}").json()["webhook"]["events"]
    assert len(shown) == 15
    assert {"entity": "MODEL_VERSION", "action": "CREATED"} in shown
    assert not {"RUN", "PROMOTION", "DEPLOYMENT"} & {one["entity"] for one in shown}
    # One without any of these would keep them from reading the others.
    ours = NewWebhook("b", "https://8.8.8.8/x", [WebhookEvent(WebhookEntity.RUN, WebhookAction.FINISHED)])
    site.services.registry.webhooks.create(ours)
    listed = site.ask("GET", "/api/2.0/mlflow/webhooks").json()["webhooks"]
    assert [one["name"] for one in listed] == ["a"]


@pytest.fixture
def receiver() -> Iterator[Any]:
    got: list[tuple[str, str]] = []
    status = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            got.append((self.headers["x-mlflow-delivery-id"], said["data"]["version"]))
            self.send_response(status[0])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", got, status
        server.shutdown()
        thread.join(30)


_SETTINGS = {
    "TREERING_WEBHOOK_ALLOWED_SCHEMES": "http",
    "TREERING_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "TREERING_WEBHOOK_TIMEOUT": "2",
}


def test_several_workers_deliver_each_message_once_and_in_order(tmp_path: Path, receiver: Any) -> None:
    url, got, _ = receiver
    server = Server(("--port", "0", "--workers", "2"), tmp_path / "home", _SETTINGS)
    try:
        far = connect(Settings(tracking_uri=server.wait_ready().url))
        far.registry.webhooks.create(NewWebhook("a", url, [_MADE]))
        far.registry.models.create("m")
        for _ in range(20):
            far.registry.versions.create(NewModelVersion("m", "s3://bucket/m"))
        wait_until(lambda: len(got) >= 20)
        far.close()
    finally:
        server.end(signal.SIGTERM)
    assert [version for _, version in got] == [str(number) for number in range(1, 21)]


def test_a_server_goes_on_delivering_after_its_death(tmp_path: Path, receiver: Any) -> None:
    url, got, status = receiver
    status[0] = 503
    server = Server(("--port", "0"), tmp_path / "home", _SETTINGS)
    far = connect(Settings(tracking_uri=server.wait_ready().url))
    webhook_id = far.registry.webhooks.create(NewWebhook("a", url, [_MADE])).webhook_id
    far.registry.models.create("m")
    for _ in range(2):
        far.registry.versions.create(NewModelVersion("m", "s3://bucket/m"))
    wait_until(lambda: far.registry.webhooks.deliveries(webhook_id).items[1].attempts > 0)
    far.close()
    server.end(signal.SIGKILL)
    status[0] = 200
    server = Server(("--port", "0"), tmp_path / "home", _SETTINGS)
    try:
        far = connect(Settings(tracking_uri=server.wait_ready().url))
        wait_until(lambda: not far.registry.webhooks.deliveries(webhook_id, MessageState.PENDING).items)
        assert {one.state for one in far.registry.webhooks.deliveries(webhook_id).items} == {MessageState.DELIVERED}
        far.close()
    finally:
        server.end(signal.SIGTERM)
    versions = [version for _, version in got]
    assert versions == sorted(versions)
    assert set(versions) == {"1", "2"}
    assert len({delivery for delivery, _ in got}) == 2
