"""What a metadata database must do with rules, promotions, checks, notes, history, and the outbox of webhooks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from treering.core.errors import Conflict, NotFound, PermissionDenied
from treering.entities.governance import (
    Actor,
    ApprovalRule,
    Decision,
    Note,
    Promotion,
    PromotionState,
    VersionCheck,
)
from treering.entities.webhook import (
    MessageState,
    Webhook,
    WebhookAction,
    WebhookChanges,
    WebhookEntity,
    WebhookEvent,
    WebhookStatus,
)
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.governing import RegistryDesk
from treering.testing.metadata_values import model_version

__all__ = ["GovernanceStoreSuite"]

_ANN = Actor("ann", "because")
_CHAMPION = "alias:champion"
_MADE = WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED)
_LONG = "\u00fc" * 70_000


def _given(store: MetadataStore, name: str = "m", versions: int = 2) -> None:
    store.registered_models.create(name, "", {})
    for _ in range(versions):
        store.model_versions.create(model_version(name))


def _promotion(promotion_id: str, version: int = 1, name: str = "m") -> Promotion:
    return Promotion(promotion_id, name, version, _CHAMPION, PromotionState.PENDING, "ann", _LONG, 1000, replaces=3)


def _hook(store: MetadataStore, name: str) -> None:
    made = Webhook(f"id-{name}", name, "https://example.com/", (_MADE,), WebhookStatus.ACTIVE, 1, 1)
    store.webhooks.create(made, "")


class GovernanceStoreSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_a_change_is_recorded_with_who_and_why(self, store: MetadataStore) -> None:
        _given(store)
        store.registered_models.set_alias("m", "champion", 2, by=_ANN)
        [event] = store.governance.history("m", 0, 0, 1)
        assert (event.user, event.reason, event.action, event.name, event.version, event.target) == (
            "ann", "because", "alias.set", "m", 2, _CHAMPION,
        )  # fmt: skip
        assert event.seq == 4
        assert [one.seq for one in store.governance.history("", 0, event.seq, 2)] == [3, 2]
        assert [one.seq for one in store.governance.history("m", 1, 0, 9)] == [2]
        assert list(store.governance.history("other", 0, 0, 9)) == []

    def test_what_fails_leaves_no_trace(self, store: MetadataStore) -> None:
        _given(store)
        _hook(store, "a")
        before = store.governance.history("", 0, 0, 99)

        def work(desk: RegistryDesk) -> None:
            desk.move(1, _CHAMPION)
            desk.move(1, "stage:Production")
            desk.put_promotion(_promotion("p"))
            desk.put_check(VersionCheck("m", 1, "gate", True, "", "", "", 1))
            desk.add_note(Note("n", "m", 1, "", "x", 1))
            desk.record(Change("version.created", "m", 1), _ANN)
            msg = "No."
            raise Conflict(msg)

        with pytest.raises(Conflict):
            store.governance.within("m", work)
        assert store.governance.history("", 0, 0, 99) == before
        assert list(store.governance.promotions("m", None, 9)) == []
        assert list(store.outbox.messages("", None, 0, 9)) == []
        seen = store.governance.look("m", lambda desk: (desk.model.aliases, desk.notes(1), desk.checks(1)))
        assert (dict(seen[0]), list(seen[1]), list(seen[2])) == ({}, [], [])
        assert store.model_versions.get("m", 1).stage == "None"

    def test_what_is_put_at_the_desk_comes_back(self, store: MetadataStore) -> None:
        _given(store)
        check = VersionCheck("m", 1, "gate", False, _LONG, "r", "ann", 5)
        notes = [Note(f"n{number}", "m", 1, "ann", _LONG, 7, "n0" if number else "") for number in range(2)]

        def work(desk: RegistryDesk) -> None:
            desk.put_promotion(_promotion("p"))
            desk.put_check(replace(check, passed=True))
            desk.put_check(check)
            for note in notes:
                desk.add_note(note)
            desk.move(1, "stage:Staging")
            desk.move(2, "stage:Staging")
            desk.move(1, _CHAMPION)
            desk.move(2, _CHAMPION)

        store.governance.within("m", work)
        assert store.governance.look("m", lambda desk: list(desk.pending())) == [_promotion("p")]
        assert store.governance.look("m", lambda desk: list(desk.checks(1))) == [check]
        assert store.governance.look("m", lambda desk: list(desk.notes(1))) == notes
        assert store.governance.look("m", lambda desk: list(desk.holders("stage:Staging"))) == [1, 2]
        assert store.governance.look("m", lambda desk: list(desk.holders(_CHAMPION))) == [2]
        assert store.governance.look("m", lambda desk: list(desk.holders("alias:other"))) == []
        decided = replace(
            _promotion("p"),
            state=PromotionState.DONE,
            decided=9,
            decisions=(Decision("bob", True, "\u00fc", 8), Decision("cy", False, "", 9)),
        )
        store.governance.within("m", lambda desk: desk.put_promotion(decided))
        assert store.governance.promotion("p") == decided
        assert list(store.governance.promotions("", PromotionState.PENDING, 9)) == []
        with pytest.raises(NotFound):
            store.governance.within("other", lambda desk: desk.model)
        with pytest.raises(NotFound):
            store.governance.look("m", lambda desk: desk.version(9))

    def test_all_goes_along_with_a_new_name_and_goes_with_the_version(self, store: MetadataStore) -> None:
        _given(store)

        def work(desk: RegistryDesk) -> None:
            for version in (1, 2):
                desk.put_check(VersionCheck("m", version, "gate", True, "", "", "", 1))
                desk.add_note(Note(f"n{version}", "m", version, "", "x", 1))
            desk.put_promotion(replace(_promotion("p", 2), state=PromotionState.REJECTED))
            desk.put_promotion(_promotion("q", 1))

        store.governance.within("m", work)
        store.registered_models.rename("m", "n")
        assert [one.name for one in store.governance.promotions("n", None, 9)] == ["n", "n"]
        assert [one.name for one in store.governance.look("n", lambda desk: desk.checks(1))] == ["n"]
        assert [one.name for one in store.governance.look("n", lambda desk: desk.notes(1))] == ["n"]
        store.model_versions.delete("n", 1)
        assert [one.promotion_id for one in store.governance.promotions("n", None, 9)] == ["p"]
        assert list(store.governance.look("n", lambda desk: desk.notes(1))) == []
        store.registered_models.delete("n")
        with pytest.raises(NotFound):
            store.governance.promotion("p")
        assert store.governance.history("n", 0, 0, 1)[0].action == "model.deleted"

    def test_rules_guard_and_are_replaced(self, store: MetadataStore) -> None:
        _given(store)
        first = ApprovalRule("m", _CHAMPION, 2, ("ann", "b\u00f6b"), ("gate",), True)
        store.governance.put_rule(first, _ANN)
        store.governance.put_rule(ApprovalRule("", "stage:Production"), _ANN)
        assert list(store.governance.rules()) == [ApprovalRule("", "stage:Production"), first]
        store.governance.put_rule(ApprovalRule("m", _CHAMPION), _ANN)
        assert list(store.governance.rules())[1] == ApprovalRule("m", _CHAMPION)
        with pytest.raises(PermissionDenied):
            store.registered_models.set_alias("m", "champion", 1)
        with pytest.raises(PermissionDenied):
            store.model_versions.transition("m", 1, "Production", archive_existing=False)
        store.governance.remove_rule("m", _CHAMPION, _ANN)
        store.registered_models.set_alias("m", "champion", 1)
        with pytest.raises(NotFound):
            store.governance.remove_rule("m", _CHAMPION, _ANN)

    def test_messages_wait_in_order_for_those_who_want_them(self, store: MetadataStore) -> None:
        for name in ("a", "b"):
            _hook(store, name)
        store.webhooks.update("id-b", WebhookChanges(events=[WebhookEvent(WebhookEntity.RUN, WebhookAction.FAILED)]))
        _given(store)
        assert store.outbox.announce((_MADE, {"x": _LONG})) == 1
        assert list(store.outbox.waiting(1)) == []
        later = store.outbox.messages("", None, 0, 1)[0].due
        assert list(store.outbox.waiting(later)) == ["id-a"]
        first = store.outbox.first("id-a")
        assert first is not None
        assert [one.number for one in store.outbox.messages("id-a", None, 0, 9)][-1] == first.number
        store.outbox.settle(replace(first, due=later + 100, attempts=1, error=_LONG, response_status=503))
        assert list(store.outbox.waiting(later + 99)) == []
        assert store.outbox.message(first.message_id).error == _LONG
        store.outbox.settle(replace(first, state=MessageState.DEAD, finished=later))
        second = store.outbox.first("id-a")
        assert second is not None
        assert second.number > first.number
        assert [one.number for one in store.outbox.messages("id-a", MessageState.DEAD, 0, 9)] == [first.number]
        assert store.outbox.first("id-b") is None
        with pytest.raises(NotFound):
            store.outbox.message("nothing")
        assert store.outbox.purge(later + 1) == 1

    def test_a_lease_belongs_to_one_until_it_runs_out(self, store: MetadataStore) -> None:
        _hook(store, "a")
        _given(store, versions=1)
        assert store.outbox.lease("id-a", "one", 1000, 2000)
        assert not store.outbox.lease("id-a", "two", 1999, 3000)
        assert store.outbox.lease("id-a", "one", 1500, 2500)
        assert store.outbox.lease("id-a", "two", 2500, 3000)
        store.outbox.release("id-a", "one")
        assert not store.outbox.lease("id-a", "one", 2999, 4000)
        far = store.outbox.messages("", None, 0, 1)[0].due + 10_000
        assert store.outbox.lease("id-a", "two", 3000, far)
        assert list(store.outbox.waiting(far - 1)) == []
        store.outbox.release("id-a", "two")
        assert list(store.outbox.waiting(far - 1)) == ["id-a"]
        assert store.outbox.lease("id-a", "one", 3001, far)
        store.webhooks.update("id-a", WebhookChanges(status=WebhookStatus.DISABLED))
        assert not store.outbox.lease("id-a", "one", 3002, far)
        assert not store.outbox.lease("nothing", "one", 1, 2)
        store.webhooks.delete("id-a")
        assert not store.outbox.lease("id-a", "one", far, far + 1)
