"""What a metadata database must do with deployments."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from treering.core.errors import AlreadyExists, Conflict, NotFound
from treering.entities.deployment import (
    CanaryPlan,
    Deployment,
    DeploymentChange,
    DeploymentQuery,
    DeploymentState,
    Release,
)
from treering.entities.governance import Actor
from treering.entities.webhook import Webhook, WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus
from treering.storage.metadata.base import MetadataStore

__all__ = ["DeploymentStoreSuite"]

_ADA = Actor("ada", "for the test")


def _release(version: str = "1", model: str = "iris") -> Release:
    return Release(f"models:/{model}/{version}", model, version, "sha256:ab", "ada", 5, f"v{version}", True, "r1")


def _deployment(name: str, version: str = "1", *, model: str = "iris", target: str = "local") -> Deployment:
    return Deployment(name, target, DeploymentState.PENDING, _release(version, model), created=7)


def _put(store: MetadataStore, one: Deployment) -> Deployment:
    return store.deployments.put(one, [DeploymentChange("created", after=one.current.version)], by=_ADA, expected=0)


def _found(store: MetadataStore, query: DeploymentQuery) -> Sequence[str]:
    return [one.name for one in store.deployments.search(query).items]


class DeploymentStoreSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_a_deployment_comes_back_as_it_was(self, store: MetadataStore) -> None:
        plain = _put(store, _deployment("plain"))
        assert plain.revision == 1
        assert plain.updated > 0
        assert store.deployments.get("plain") == plain
        full = Deployment(
            "f" * 63, "kubernetes", DeploymentState.CANARY, _release("1"), "why \u00fc", "http://x:1", _release("2"),
            _release("3"), 12.5, CanaryPlan((5.0, 25.0, 100.0), 60.0), {"a": "b"}, {"t": "u"}, "ada", "host:/home",
            created=7, seen=9,
        )  # fmt: skip
        put = _put(store, full)
        assert put == replace(full, revision=1, updated=put.updated)
        assert store.deployments.get(full.name) == put

    def test_each_change_expects_the_one_before(self, store: MetadataStore) -> None:
        one = _put(store, _deployment("a"))
        ready = store.deployments.put(replace(one, state=DeploymentState.READY), [], expected=1)
        assert (ready.revision, ready.state) == (2, DeploymentState.READY)
        with pytest.raises(Conflict, match="revision 2"):
            store.deployments.put(one, [DeploymentChange("updated")], expected=1)
        with pytest.raises(AlreadyExists, match="'a'"):
            _put(store, one)
        with pytest.raises(NotFound, match="'b'"):
            store.deployments.put(_deployment("b"), [], expected=1)
        with pytest.raises(NotFound, match="'b'"):
            store.deployments.get("b")
        assert store.deployments.get("a") == ready
        assert [event.action for event in store.deployments.history("a", 0, 10)] == ["created"]

    def test_of_many_who_change_the_same_one_succeeds(self, store: MetadataStore) -> None:
        def change(number: int) -> bool:
            try:
                store.deployments.put(
                    _deployment("a", str(number)), [DeploymentChange("created", after=str(number))], expected=0
                )
            except AlreadyExists:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            outcomes = list(pool.map(change, range(6)))
        assert sum(outcomes) == 1
        assert store.deployments.get("a").current.version == str(outcomes.index(True))
        assert len(store.deployments.history("a", 0, 10)) == 1

    def test_they_are_found_by_what_they_are(self, store: MetadataStore) -> None:
        made = [
            _put(store, one)
            for one in (
                _deployment("c", "2"),
                _deployment("a_b", model="wine"),
                replace(_deployment("d"), candidate=_release("9", "wine")),
                _deployment("aXb", target="docker"),
            )
        ]
        assert _found(store, DeploymentQuery()) == ["aXb", "a_b", "c", "d"]
        assert _found(store, DeploymentQuery(target="docker")) == ["aXb"]
        assert _found(store, DeploymentQuery(model="wine")) == ["a_b", "d"]
        assert _found(store, DeploymentQuery(model="wine", version="1")) == ["a_b"]
        assert _found(store, DeploymentQuery(version="2")) == ["c"]
        assert _found(store, DeploymentQuery(text="A_")) == ["a_b"]
        assert _found(store, DeploymentQuery(text="%")) == []
        gone = replace(made[0], state=DeploymentState.REMOVED)
        store.deployments.put(gone, [DeploymentChange("removed")], expected=1)
        assert _found(store, DeploymentQuery()) == ["aXb", "a_b", "d"]
        assert _found(store, DeploymentQuery(removed=True)) == ["aXb", "a_b", "c", "d"]
        assert _found(store, DeploymentQuery(state="REMOVED")) == ["c"]
        assert _found(store, DeploymentQuery(state="PENDING", target="local")) == ["a_b", "d"]

    def test_pages_follow_each_other(self, store: MetadataStore) -> None:
        for number in range(5):
            _put(store, _deployment(f"d{number}"))
        seen, token = [], ""
        for _ in range(3):
            page = store.deployments.search(DeploymentQuery(max_results=2, page_token=token))
            seen += [one.name for one in page.items]
            token = page.next_token
        assert seen == ["d0", "d1", "d2", "d3", "d4"]
        assert token == ""

    def test_the_history_says_who_when_and_why(self, store: MetadataStore) -> None:
        one = _put(store, _deployment("a"))
        changes = [
            DeploymentChange("canary.step", "1", "2", 12.5, "so far so good", user="canary", time=1234),
            DeploymentChange("promoted", "1", "2", 100.0, reason="its own"),
        ]
        store.deployments.put(one, changes, by=_ADA, expected=1)
        last, step, first = store.deployments.history("a", 0, 10)
        assert (first.action, first.after, first.user, first.reason) == ("created", "1", "ada", "for the test")
        assert first.time > 1234
        assert (step.user, step.time, step.weight, step.detail) == ("canary", 1234, 12.5, "so far so good")
        assert (last.before, last.after, last.reason, last.user) == ("1", "2", "its own", "ada")
        assert first.seq < step.seq < last.seq
        assert list(store.deployments.history("a", last.seq, 1)) == [step]
        assert list(store.deployments.history("b", 0, 10)) == []

    def test_webhooks_are_told(self, store: MetadataStore) -> None:
        kinds = (WebhookAction.CREATED, WebhookAction.UPDATED, WebhookAction.ROLLED_BACK, WebhookAction.DELETED)
        events = [WebhookEvent(WebhookEntity.DEPLOYMENT, kind) for kind in kinds]
        store.webhooks.create(Webhook("w", "w", "https://x.example", events, WebhookStatus.ACTIVE, 1, 1), "")
        one = _put(store, _deployment("a"))
        changes = [DeploymentChange(action, "1", "2") for action in ("promoted", "rolled_back", "failed", "removed")]
        store.deployments.put(one, changes, by=_ADA, expected=1)
        told = [message.event for message in reversed(store.outbox.messages("w", None, 0, 10))]
        assert told == [
            "deployment.created", "deployment.updated", "deployment.rolled_back", "deployment.deleted",
        ]  # fmt: skip
        body = store.outbox.messages("w", None, 0, 1)[0].body
        assert '"name": "a"' in body
        assert '"user": "ada"' in body
