"""What the governance of a registry must do, near and far: subclass `GovernanceSuite` and give it a fixture `registry`.

The suite makes models of its own and looks at nothing else, but for rules that hold for all
models, which it takes away again.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from treering.entities.governance import ApprovalRule, NewCheck, Promotion, PromotionState
from treering.registry.base import ModelRegistry, NewModelVersion

__all__ = ["GovernanceSuite"]

_CHAMPION = "alias:champion"
_PRODUCTION = "stage:Production"


def _model(registry: ModelRegistry, versions: int = 3) -> str:
    name = registry.models.create(f"governed-{uuid.uuid4().hex}").name
    for _ in range(versions):
        registry.versions.create(NewModelVersion(name, "s3://bucket/model"))
    return name


def _actions(registry: ModelRegistry, name: str) -> list[str]:
    return [event.action for event in reversed(registry.governance.history(name).items)]


class GovernanceSuite:
    """The promises of `treering.registry.base.Governance`."""

    def test_without_a_rule_a_promotion_is_done_at_once(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        done = registry.governance.promote(name, 2, _CHAMPION, "it is better", user="ann")
        assert (done.state, done.requested_by, done.reason, done.missing, done.replaces) == (
            PromotionState.DONE, "ann", "it is better", (), 0,
        )  # fmt: skip
        assert registry.versions.get_by_alias(name, "champion").version == 2
        assert registry.governance.promote(name, 3, "@champion").replaces == 2
        assert [one.version for one in registry.governance.promotions(name)] == [3, 2]

    def test_a_promotion_to_a_stage_archives_the_one_that_was_there(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.governance.promote(name, 1, "production")
        registry.governance.promote(name, 2, _PRODUCTION)
        stages = [registry.versions.get(name, version).stage for version in (1, 2, 3)]
        assert stages == ["Archived", "Production", "None"]

    def test_a_rule_lets_a_promotion_wait_and_says_what_for(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        rule = ApprovalRule(name, _CHAMPION, 2, ("ann", "bob", "cy"), ("gate",))
        assert registry.governance.set_rule(rule, "since it pays", user="boss") == rule
        assert list(registry.governance.rules(name)) == [rule]
        asked = registry.governance.promote(name, 1, _CHAMPION, "better", user="ann")
        assert asked.state is PromotionState.PENDING
        assert asked.missing == ("2 approvals of ann, bob, cy", "the check 'gate', which was not run")
        assert registry.governance.promotion(asked.promotion_id) == asked
        with pytest.raises(NotFound):
            registry.versions.get_by_alias(name, "champion")
        with pytest.raises(PermissionDenied, match="who asked for it may not"):
            registry.governance.approve(asked.promotion_id, user="ann")
        with pytest.raises(PermissionDenied, match="only ann, bob, cy may"):
            registry.governance.approve(asked.promotion_id, user="eve")
        first = registry.governance.approve(asked.promotion_id, "looks right", user="bob")
        assert first.missing == ("1 approval of ann, bob, cy", "the check 'gate', which was not run")
        with pytest.raises(Conflict, match=r"approved the promotion .* already"):
            registry.governance.approve(asked.promotion_id, user="bob")
        second = registry.governance.approve(asked.promotion_id, user="cy")
        assert (second.state, second.missing) == (PromotionState.PENDING, ("the check 'gate', which was not run",))
        failed = registry.governance.set_check(NewCheck(name, 1, "gate", passed=False, detail="too slow"), user="ci")
        assert (failed.passed, failed.user) == (False, "ci")
        waiting = registry.governance.promotion(asked.promotion_id)
        assert waiting.missing == ("the check 'gate', which failed: too slow",)
        registry.governance.set_check(NewCheck(name, 1, "gate", passed=True), user="ci")
        done = registry.governance.promotion(asked.promotion_id)
        assert (done.state, [one.user for one in done.decisions]) == (PromotionState.DONE, ["bob", "cy"])
        assert registry.versions.get_by_alias(name, "champion").version == 1
        assert _actions(registry, name)[4:] == [
            "rule.set", "promotion.requested", "promotion.approved", "promotion.approved", "check.recorded",
            "check.recorded", "promotion.done",
        ]  # fmt: skip
        with pytest.raises(Conflict, match="is done already"):
            registry.governance.reject(asked.promotion_id, user="bob")

    def test_what_a_rule_guards_cannot_be_set_past_it(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.models.set_alias(name, "champion", 1)
        registry.versions.transition(name, 1, "Production")
        for target in (_CHAMPION, _PRODUCTION):
            registry.governance.set_rule(ApprovalRule(name, target))
        with pytest.raises(PermissionDenied, match="treering registry promote"):
            registry.models.set_alias(name, "champion", 2)
        with pytest.raises(PermissionDenied, match="guarded by a rule"):
            registry.versions.transition(name, 2, "production", archive_existing=True)
        assert registry.versions.get_by_alias(name, "champion").version == 1
        assert registry.versions.get(name, 1).stage == "Production"
        registry.models.set_alias(name, "shadow", 2)
        registry.versions.transition(name, 2, "Staging")
        # A new name does not shake it off.
        renamed = registry.models.rename(name, f"{name}-2").name
        with pytest.raises(PermissionDenied):
            registry.models.set_alias(renamed, "champion", 2)
        registry.governance.remove_rule(renamed, _CHAMPION)
        registry.models.set_alias(renamed, "champion", 2)
        with pytest.raises(NotFound, match="no rule"):
            registry.governance.remove_rule(renamed, _CHAMPION)

    def test_a_name_stays_guarded_whoever_bears_it(self, registry: ModelRegistry) -> None:
        """Whoever loads a model goes by its name: one that took the name must not bring its own champion along."""
        name = _model(registry)
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION))
        away = registry.models.rename(name, f"{name}-away").name
        assert {one.model for one in registry.governance.rules() if name in one.model} == {name, away}
        assert registry.governance.history(away).items[0].action == "rule.set"
        other = _model(registry)
        registry.models.set_alias(other, "champion", 1)
        with pytest.raises(PermissionDenied, match=r"version 1 would hold there without having met it"):
            registry.models.rename(other, name)
        assert registry.versions.get_by_alias(other, "champion").version == 1
        # One that never had the alias is welcome, and so is the one that was there.
        registry.models.delete_alias(other, "champion")
        assert registry.models.rename(other, name).name == name
        with pytest.raises(PermissionDenied):
            registry.models.set_alias(name, "champion", 1)
        registry.models.delete(name)
        assert registry.models.rename(away, name).name == name
        registry.governance.remove_rule(away, _CHAMPION)

    def test_a_rollback_knows_nothing_of_a_model_that_had_the_name_before(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        for version in (1, 2):
            registry.governance.promote(name, version, _CHAMPION)
        other = _model(registry)
        for version in (1, 3):
            registry.governance.promote(other, version, _CHAMPION)
        registry.models.delete(name)
        again = registry.models.create(name).name
        for _ in range(3):
            registry.versions.create(NewModelVersion(again, "s3://bucket/model"))
        registry.governance.promote(again, 3, _CHAMPION)
        with pytest.raises(Conflict, match="knows no version that held"):
            registry.governance.rollback(again, _CHAMPION)
        registry.models.delete(again)
        # A new name takes the whole past along, and none of those who had it.
        assert registry.governance.rollback(registry.models.rename(other, name).name, _CHAMPION).version == 1

    def test_of_two_who_roll_back_one_is_told(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        for version in (1, 2, 3):
            registry.governance.promote(name, version, _CHAMPION)

        def back(_: int) -> int | Conflict:
            try:
                return registry.governance.rollback(name, _CHAMPION, replacing=3).version
            except Conflict as error:
                return error

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(back, range(2)))
        assert [one for one in outcomes if not isinstance(one, Conflict)] == [2]
        [told] = [one for one in outcomes if isinstance(one, Conflict)]
        assert "expected to belong to version 3, and belongs to version 2 by now" in told.message
        assert registry.versions.get_by_alias(name, "champion").version == 2

    def test_of_two_last_approvals_at_once_one_counts(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION))
        asked = registry.governance.promote(name, 1, _CHAMPION, user="ann")

        def approve(user: str) -> Promotion | Conflict:
            try:
                return registry.governance.approve(asked.promotion_id, user=user)
            except Conflict as error:
                return error

        with ThreadPoolExecutor(3) as pool:
            outcomes = list(pool.map(approve, ("bob", "cy", "dan")))
        [done] = [one for one in outcomes if isinstance(one, Promotion)]
        assert (done.state, len(done.decisions)) == (PromotionState.DONE, 1)
        assert all("is done already" in one.message for one in outcomes if isinstance(one, Conflict))
        assert _actions(registry, name)[-2:] == ["promotion.approved", "promotion.done"]

    def test_what_was_asked_before_another_took_the_place_is_not_done(self, registry: ModelRegistry) -> None:
        """An approval holds for what the approver saw: not for another champion, nor for another request."""
        name = _model(registry)
        registry.governance.promote(name, 1, _CHAMPION)
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION, 2))
        first = registry.governance.promote(name, 2, _CHAMPION, user="ann")
        registry.governance.approve(first.promotion_id, user="bob")
        registry.governance.withdraw(first.promotion_id, user="ann")
        again = registry.governance.promote(name, 2, _CHAMPION, user="ann")
        assert again.missing == ("2 approvals",)
        registry.governance.approve(again.promotion_id, user="bob")
        registry.models.delete_alias(name, "champion")
        with pytest.raises(Conflict, match="expected to belong to version 1, and belongs to no version"):
            registry.governance.approve(again.promotion_id, user="cy")
        assert registry.governance.promotion(again.promotion_id).missing == ("1 approval",)

    def test_a_rule_that_changes_counts_for_what_waits(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION, 2))
        asked = registry.governance.promote(name, 1, _CHAMPION, user="ann")
        registry.governance.approve(asked.promotion_id, user="bob")
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION, 1, ("cy",)))
        assert registry.governance.promotion(asked.promotion_id).missing == ("1 approval of cy",)
        assert registry.governance.approve(asked.promotion_id, user="cy").state is PromotionState.DONE

    def test_a_rule_for_all_models_gives_way_to_a_models_own(self, registry: ModelRegistry) -> None:
        name, other = _model(registry), _model(registry)
        target = f"alias:a{uuid.uuid4().hex}"
        registry.governance.set_rule(ApprovalRule("", target, 1))
        registry.governance.set_rule(ApprovalRule(name, target, 0))
        try:
            assert registry.governance.promote(name, 1, target).state is PromotionState.DONE
            assert registry.governance.promote(other, 1, target).missing == ("1 approval",)
        finally:
            registry.governance.remove_rule("", target)
        # It waits no longer, and is done when it is asked for again.
        assert registry.governance.promote(other, 1, target).state is PromotionState.DONE

    def test_who_asked_may_approve_where_the_rule_says_so(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION, allow_own=True))
        asked = registry.governance.promote(name, 1, _CHAMPION, user="ann")
        assert registry.governance.approve(asked.promotion_id, user="ann").state is PromotionState.DONE

    def test_what_is_rejected_or_withdrawn_changes_nothing(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION))
        asked = registry.governance.promote(name, 1, _CHAMPION, user="ann")
        with pytest.raises(Conflict, match=r"Version 1 .* waits for alias:champion already"):
            registry.governance.promote(name, 2, _CHAMPION, user="bob")
        rejected = registry.governance.reject(asked.promotion_id, "no card", user="bob")
        assert rejected.state is PromotionState.REJECTED
        assert [(one.user, one.approved, one.comment) for one in rejected.decisions] == [("bob", False, "no card")]
        again = registry.governance.promote(name, 2, _CHAMPION, user="ann")
        with pytest.raises(PermissionDenied, match="Reject it instead"):
            registry.governance.withdraw(again.promotion_id, user="bob")
        assert registry.governance.withdraw(again.promotion_id, user="ann").state is PromotionState.WITHDRAWN
        assert list(registry.governance.promotions(name, PromotionState.PENDING)) == []
        with pytest.raises(NotFound):
            registry.versions.get_by_alias(name, "champion")

    def test_of_two_who_expect_the_same_holder_one_is_told(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.models.set_alias(name, "champion", 1)

        def promote(version: int) -> Promotion | Conflict:
            try:
                return registry.governance.promote(name, version, _CHAMPION, replacing=1)
            except Conflict as error:
                return error

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(promote, (2, 3)))
        done = [one for one in outcomes if isinstance(one, Promotion)]
        told = [one for one in outcomes if isinstance(one, Conflict)]
        assert (len(done), len(told)) == (1, 1)
        assert f"belongs to version {done[0].version} by now" in told[0].message
        assert registry.versions.get_by_alias(name, "champion").version == done[0].version

    def test_a_rollback_leads_back_step_by_step(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.models.set_alias(name, "champion", 1)
        for version in (2, 3):
            registry.governance.promote(name, version, _CHAMPION)
        assert registry.governance.rollback(name, _CHAMPION, "it leaks", user="ann").version == 2
        assert registry.governance.rollback(name, _CHAMPION).version == 1
        with pytest.raises(Conflict, match="knows no version that held alias:champion before"):
            registry.governance.rollback(name, _CHAMPION)
        assert registry.versions.get_by_alias(name, "champion").version == 1
        told = registry.governance.history(name).items[1]
        assert (told.action, told.user, told.reason, told.before, told.after, told.version) == (
            "rolled_back", "ann", "it leaks", "3", "2", 2,
        )  # fmt: skip

    def test_a_rollback_of_a_stage_archives_and_skips_what_is_gone(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        for version in (1, 2, 3):
            registry.governance.promote(name, version, _PRODUCTION)
        registry.versions.delete(name, 2)
        registry.governance.set_rule(ApprovalRule(name, _PRODUCTION))
        back = registry.governance.rollback(name, _PRODUCTION)
        assert (back.version, back.stage) == (1, "Production")
        assert registry.versions.get(name, 3).stage == "Archived"

    def test_the_history_tells_every_change(self, registry: ModelRegistry) -> None:
        name = _model(registry, 2)
        registry.models.update(name, "all of it")
        registry.models.set_tags(name, {"team": "x"})
        registry.models.delete_tag(name, "team")
        registry.models.delete_tag(name, "team")
        registry.models.set_alias(name, "champion", 1)
        registry.models.set_alias(name, "champion", 2)
        registry.models.delete_alias(name, "champion")
        registry.versions.update(name, 1, "first")
        registry.versions.set_tags(name, 1, {"k": "v"})
        registry.versions.delete_tag(name, 1, "k")
        registry.versions.transition(name, 1, "Production")
        registry.versions.transition(name, 2, "Production", archive_existing=True)
        registry.versions.delete(name, 1)
        renamed = registry.models.rename(name, f"{name}-new").name
        registry.models.delete(renamed)
        assert _actions(registry, name) == []
        assert _actions(registry, renamed) == [
            "model.created", "version.created", "version.created", "model.described", "model.tag_set",
            "model.tag_deleted", "alias.set", "alias.set", "alias.deleted", "version.described", "version.tag_set",
            "version.tag_deleted", "version.stage", "version.stage", "version.stage", "version.deleted",
            "model.renamed", "model.deleted",
        ]  # fmt: skip
        told = {event.seq: event for event in registry.governance.history(renamed).items}
        assert list(told) == sorted(told, reverse=True)
        second = next(event for event in told.values() if event.action == "alias.set" and event.version == 2)
        assert (second.before, second.after, second.target) == ("1", "2", _CHAMPION)
        assert all(event.user and event.time > 0 for event in told.values())
        of_first = [event.action for event in registry.governance.history(renamed, 1).items]
        assert len(of_first) == 8
        pages, token = [], ""
        while True:
            page = registry.governance.history(renamed, max_results=5, page_token=token)
            pages += [event.seq for event in page.items]
            token = page.next_token
            if not token:
                break
        assert pages == list(told)

    def test_notes_make_threads(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        first = registry.governance.annotate(name, 1, "Does it \u00fcberfit?", user="ann")
        answer = registry.governance.annotate(name, 1, "No.", reply_to=first.note_id, user="bob")
        assert list(registry.governance.notes(name, 1)) == [first, answer]
        assert list(registry.governance.notes(name, 2)) == []
        for text, reply_to, kind in ((" ", "", InvalidInput), ("x", "nothing", NotFound)):
            with pytest.raises(kind):
                registry.governance.annotate(name, 1, text, reply_to=reply_to)
        with pytest.raises(NotFound):
            registry.governance.notes(name, 9)

    def test_checks_keep_the_last_outcome(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        registry.governance.set_check(NewCheck(name, 1, "gate", passed=False))
        registry.governance.set_check(NewCheck(name, 1, "fair", passed=True, run_id="r1"))
        registry.governance.set_check(NewCheck(name, 1, "gate", passed=True, detail="0.93 >= 0.9"))
        found = [(one.check, one.passed, one.detail, one.run_id) for one in registry.governance.checks(name, 1)]
        assert found == [("fair", True, "", "r1"), ("gate", True, "0.93 >= 0.9", "")]
        registry.versions.delete(name, 1)
        with pytest.raises(NotFound):
            registry.governance.checks(name, 1)

    @pytest.mark.parametrize(
        "rule",
        [
            ApprovalRule("m", "Live"),
            ApprovalRule("m", "stage:Live"),
            ApprovalRule("m", "alias:latest"),
            ApprovalRule("m", _CHAMPION, -1),
            ApprovalRule("m", _CHAMPION, 3, ("ann", "bob", "ann")),
            ApprovalRule("m", _CHAMPION, 1, ("",)),
            ApprovalRule("m", _CHAMPION, 1, (), ("a\nb",)),
            ApprovalRule("a/b", _CHAMPION),
        ],
    )
    def test_a_rule_that_could_never_be_met_is_refused(self, registry: ModelRegistry, rule: ApprovalRule) -> None:
        with pytest.raises(InvalidInput):
            registry.governance.set_rule(rule)

    def test_what_does_not_exist_is_said(self, registry: ModelRegistry) -> None:
        name = _model(registry)
        governance = registry.governance
        with pytest.raises(NotFound):
            governance.promote(name, 9, _CHAMPION)
        with pytest.raises(NotFound):
            governance.promote(f"{name}-other", 1, _CHAMPION)
        with pytest.raises(NotFound):
            governance.rollback(f"{name}-other", _CHAMPION)
        with pytest.raises(NotFound):
            governance.promotion("nothing")
        with pytest.raises(NotFound):
            governance.promotions(f"{name}-other")
        with pytest.raises(InvalidInput):
            governance.promote(name, 1, "champion")
        with pytest.raises(InvalidInput):
            governance.history(page_token="x")  # noqa: S106  # no secret

    def test_odd_names_and_long_words_are_kept_as_they_are(self, registry: ModelRegistry) -> None:
        governance = registry.governance
        for odd in ("..", "a b%2f?#&=+", "'; DROP TABLE registry_events; --", 'ł"ö\\😀\u202e', "<b>", "%_"):
            name = registry.models.create(f"{odd}{uuid.uuid4().hex[:8]}").name
            registry.versions.create(NewModelVersion(name, "s3://bucket/model"))
            rule = governance.set_rule(ApprovalRule(name, _CHAMPION, 1, (f"{odd} x",), ("a/b: c.d",)), odd)
            assert [one for one in governance.rules(name) if one.model == name] == [rule]
            asked = governance.promote(name, 1, _CHAMPION, odd * 99, user="ann\nbob")
            governance.set_check(NewCheck(name, 1, "a/b: c.d", passed=True, detail=odd))
            assert (
                governance.approve(asked.promotion_id, "ł😀" * 5_000, user=f"  {odd} x ").state is PromotionState.DONE
            )
            assert governance.history(name).items[0].reason == "ł😀" * 5_000
            assert governance.history(name).items[-1].name == name
            assert [one.reason for one in governance.promotions(name)] == [odd * 99]
            governance.remove_rule(name, _CHAMPION)

    def test_what_is_too_long_for_a_history_is_refused(self, registry: ModelRegistry) -> None:
        name = _model(registry, 1)
        before = _actions(registry, name)
        with pytest.raises(InvalidInput, match="10001 characters, and 10000 are allowed"):
            registry.governance.promote(name, 1, _CHAMPION, "x" * 10_001)
        with pytest.raises(InvalidInput, match="name of a user has 257 characters"):
            registry.governance.promote(name, 1, _CHAMPION, user="x" * 257)
        with pytest.raises(InvalidInput, match="NUL"):
            registry.governance.promote(name, 1, _CHAMPION, "\0")
        assert _actions(registry, name) == before

    def test_blanks_around_a_name_make_nobody_somebody_else(self, registry: ModelRegistry) -> None:
        name = _model(registry, 1)
        registry.governance.set_rule(ApprovalRule(name, _CHAMPION))
        asked = registry.governance.promote(name, 1, _CHAMPION, user="ann")
        with pytest.raises(PermissionDenied, match="who asked for it may not approve it"):
            registry.governance.approve(asked.promotion_id, user=" ann\t")
        registry.governance.approve(asked.promotion_id, user="bob")
        registry.governance.remove_rule(name, _CHAMPION)

    def test_versions_are_compared_by_what_is_known_of_them(self, registry: ModelRegistry) -> None:
        name = _model(registry, 2)
        registry.versions.set_tags(name, 1, {"kind": "tree", "same": "1"})
        registry.versions.set_tags(name, 2, {"kind": "net", "same": "1"})
        found = registry.governance.compare([(name, 1), (name, 2)])
        assert [version.version for version in found.versions] == [1, 2]
        tags = [(one.key, one.values, one.same) for one in found.differences if one.kind == "tag"]
        assert tags == [("kind", ("tree", "net"), False), ("same", ("1", "1"), True)]
        with pytest.raises(NotFound):
            registry.governance.compare([(name, 1), (name, 9)])
        with pytest.raises(InvalidInput, match="at least 2"):
            registry.governance.compare([(name, 1)])
