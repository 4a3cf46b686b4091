"""Rules of approval, promotions, rollback, checks, notes and history on a metadata store."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from treering.entities.governance import (
    Actor,
    ApprovalRule,
    Decision,
    NewCheck,
    Note,
    Promotion,
    PromotionState,
    RegistryEvent,
    VersionCheck,
    VersionComparison,
)
from treering.entities.model import ModelVersion
from treering.entities.page import Page
from treering.registry.approval import (
    check_check_name,
    check_decides,
    check_named,
    check_pending,
    check_rule,
    check_target,
    holder_before,
    missing,
    with_missing,
)
from treering.registry.names import check_max_results, check_page_number, check_present, check_text, check_version
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.governing import GovernanceStore, RegistryDesk, rule_for, stage_target

__all__ = ["StoredGovernance"]

_MOST = 10_000
_LONGEST_TEXT = 100_000
# The history repeats it, and its pages hold hundreds.
_LONGEST_REASON = 10_000
_LONGEST_USER = 256
_ARCHIVING = ("stage:Staging", "stage:Production")
_ARCHIVED = "Archived"


class StoredGovernance:
    """The `Governance` of `treering.registry.base`.

    Args:
        who: Tells whom this process, or the request that is answered, acts for.
        comparing: Puts versions beside each other.
    """

    def __init__(
        self,
        store: GovernanceStore,
        who: Callable[[], str],
        comparing: Callable[[Sequence[tuple[str, int]]], VersionComparison],
    ) -> None:
        self._store = store
        self._who = who
        self._comparing = comparing

    def rules(self, model: str = "") -> Sequence[ApprovalRule]:
        """See the Protocol."""
        return [rule for rule in self._store.rules() if not model or rule.model in {model, ""}]

    def set_rule(self, rule: ApprovalRule, reason: str = "", *, user: str = "") -> ApprovalRule:
        """See the Protocol."""
        checked = check_rule(rule)
        self._store.put_rule(checked, self._actor(user, reason))
        return checked

    def remove_rule(self, model: str, target: str, reason: str = "", *, user: str = "") -> None:
        """See the Protocol."""
        self._store.remove_rule(model, check_target(target), self._actor(user, reason))

    def promote(
        self, name: str, version: int, target: str, reason: str = "", *, user: str = "", replacing: int | None = None
    ) -> Promotion:
        """See the Protocol."""
        check_version(version)
        target, by = check_target(target), self._actor(user, reason)
        expected = self._expected(check_present(name, "name"), target, replacing)

        def work(desk: RegistryDesk) -> Promotion:
            desk.version(version)
            rule = rule_for(desk.rules(), name, target)
            if rule is not None:
                check_named(by.user)
            waiting = next((one for one in desk.pending() if one.target == target), None)
            if waiting is not None and waiting.version == version:
                return _done_if_met(desk, waiting, by)
            if waiting is not None:
                msg = (
                    f"Version {waiting.version} of {name!r} waits for {target} already: promotion"
                    f" {waiting.promotion_id} by {waiting.requested_by or 'somebody'}. Decide or withdraw that first."
                )
                raise Conflict(msg)
            holding = _holder(desk, target)
            if holding != expected:
                raise _overtaken(name, target, expected, holding)
            asked = Promotion(
                str(uuid.uuid4()), name, version, target, PromotionState.PENDING, by.user, by.reason, now(),
                replaces=holding,
            )  # fmt: skip
            desk.put_promotion(asked)
            if rule is not None:
                desk.record(Change("promotion.requested", name, version, after=asked.promotion_id, target=target), by)
            return _done_if_met(desk, asked, by)

        return self._store.within(name, work)

    def promotion(self, promotion_id: str) -> Promotion:
        """See the Protocol."""
        found = self._store.promotion(check_present(promotion_id, "promotion_id"))
        return self._store.look(found.name, lambda desk: _shown(desk, desk.promotion(promotion_id)))

    def promotions(
        self, name: str = "", state: PromotionState | None = None, max_results: int = 100
    ) -> Sequence[Promotion]:
        """See the Protocol."""
        found = self._store.promotions(name, state, check_max_results(max_results, _MOST))
        shown = []
        for one in found:
            if one.state is PromotionState.PENDING:
                with suppress(NotFound):  # deleted with its version since
                    shown.append(self.promotion(one.promotion_id))
            else:
                shown.append(one)
        return shown

    def approve(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """See the Protocol."""

        def work(desk: RegistryDesk, promotion: Promotion, by: Actor) -> Promotion:
            check_decides(rule_for(desk.rules(), promotion.name, promotion.target), promotion, by.user)
            if any(one.user == by.user and one.approved for one in promotion.decisions):
                msg = f"{by.user!r} has approved the promotion {promotion_id} already. Somebody else has to."
                raise Conflict(msg)
            decided = _with_decision(desk, promotion, by, approved=True)
            return _done_if_met(desk, decided, by)

        return self._decide(promotion_id, comment, user, work)

    def reject(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """See the Protocol."""

        def work(desk: RegistryDesk, promotion: Promotion, by: Actor) -> Promotion:
            rule = rule_for(desk.rules(), promotion.name, promotion.target)
            # Who asked for it may always end it.
            if by.user != promotion.requested_by:
                check_decides(rule, promotion, by.user)
            return _ended(desk, _with_decision(desk, promotion, by, approved=False), PromotionState.REJECTED, by)

        return self._decide(promotion_id, comment, user, work)

    def withdraw(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """See the Protocol."""

        def work(desk: RegistryDesk, promotion: Promotion, by: Actor) -> Promotion:
            if by.user != promotion.requested_by:
                msg = (
                    f"{by.user!r} may not withdraw the promotion {promotion_id}, which {promotion.requested_by!r} asked"
                    " for. Reject it instead."
                )
                raise PermissionDenied(msg)
            return _ended(desk, promotion, PromotionState.WITHDRAWN, by)

        return self._decide(promotion_id, comment, user, work)

    def rollback(
        self, name: str, target: str, reason: str = "", *, user: str = "", replacing: int | None = None
    ) -> ModelVersion:
        """See the Protocol."""
        target, by = check_target(target), self._actor(user, reason)
        expected = self._expected(check_present(name, "name"), target, replacing)

        def work(desk: RegistryDesk) -> ModelVersion:
            holding = desk.holders(target)
            if _holder(desk, target) != expected:
                raise _overtaken(name, target, expected, _holder(desk, target))
            before = holder_before(desk.moves(target), holding, lambda version: _exists(desk, version))
            if before is None:
                msg = (
                    f"The history of {name!r} knows no version that held {target} before and exists still."
                    f" Choose one and promote it: treering registry promote {name} VERSION {target}."
                )
                raise Conflict(msg)
            left = _hand_over(desk, before, target, by)
            desk.record(Change("rolled_back", name, before, str(expected or ""), str(before), target, left=left), by)
            return desk.version(before)

        return self._store.within(name, work)

    def set_check(self, check: NewCheck, *, user: str = "") -> VersionCheck:
        """See the Protocol."""
        check_check_name(check.check)
        by = self._actor(user, _check_length(check.detail, "detail", _LONGEST_REASON))
        made = VersionCheck(
            check.name, check_version(check.version), check.check, check.passed, check.detail, check.run_id, by.user,
            now(),
        )  # fmt: skip

        def work(desk: RegistryDesk) -> VersionCheck:
            desk.version(made.version)
            before = {one.check: one.passed for one in desk.checks(made.version)}.get(made.check)
            desk.put_check(made)
            was = "" if before is None else _word(before)
            desk.record(Change("check.recorded", made.name, made.version, was, _word(made.passed), made.check), by)
            for waiting in desk.pending():
                if waiting.version == made.version:
                    with suppress(Conflict):  # which is told to whoever asks for it again
                        _done_if_met(desk, waiting, by)
            return made

        return self._store.within(check_present(check.name, "name"), work)

    def checks(self, name: str, version: int) -> Sequence[VersionCheck]:
        """See the Protocol."""
        return self._store.look(check_present(name, "name"), lambda desk: desk.checks(desk.version(version).version))

    def annotate(self, name: str, version: int, text: str, *, reply_to: str = "", user: str = "") -> Note:
        """See the Protocol."""
        by = self._actor(user, "")
        if not _check_length(text, "text").strip():
            msg = "A note without text says nothing. Write one."
            raise InvalidInput(msg)
        note = Note(str(uuid.uuid4()), name, check_version(version), by.user, text, now(), reply_to)

        def work(desk: RegistryDesk) -> Note:
            desk.version(version)
            if reply_to and all(one.note_id != reply_to for one in desk.notes(version)):
                msg = f"There is no note {reply_to!r} on {name} version {version} to answer. List its notes."
                raise NotFound(msg)
            desk.add_note(note)
            desk.record(Change("note.added", name, version, after=text, target=note.note_id), by)
            return note

        return self._store.within(check_present(name, "name"), work)

    def notes(self, name: str, version: int) -> Sequence[Note]:
        """See the Protocol."""
        return self._store.look(check_present(name, "name"), lambda desk: desk.notes(desk.version(version).version))

    def history(
        self, name: str = "", version: int = 0, max_results: int = 100, page_token: str = ""
    ) -> Page[RegistryEvent]:
        """See the Protocol."""
        check_max_results(max_results, _MOST)
        found = self._store.history(name, version, check_page_number(page_token), max_results + 1)
        more = len(found) > max_results
        return Page(found[:max_results], str(found[max_results - 1].seq) if more else "")

    def compare(self, versions: Sequence[tuple[str, int]]) -> VersionComparison:
        """See the Protocol."""
        return self._comparing(versions)

    def _expected(self, name: str, target: str, replacing: int | None) -> int:
        """The version that is expected to hold a target: the one that is named, else the one that holds it now."""
        return self._store.look(name, lambda desk: _holder(desk, target)) if replacing is None else replacing

    def _actor(self, user: str, reason: str) -> Actor:
        # Blanks around a name make nobody somebody else.
        name = check_text(user, "user").strip() or self._who().strip()
        if len(name) > _LONGEST_USER:
            msg = f"The name of a user has {len(name)} characters, and {_LONGEST_USER} are allowed. Shorten it."
            raise InvalidInput(msg)
        return Actor(name, _check_length(reason, "reason", _LONGEST_REASON))

    def _decide(
        self,
        promotion_id: str,
        comment: str,
        user: str,
        work: Callable[[RegistryDesk, Promotion, Actor], Promotion],
    ) -> Promotion:
        by = self._actor(user, comment)
        name = self._store.promotion(check_present(promotion_id, "promotion_id")).name

        def deciding(desk: RegistryDesk) -> Promotion:
            promotion = desk.promotion(promotion_id)
            check_pending(promotion)
            return work(desk, promotion, by)

        return self._store.within(name, deciding)


def _holder(desk: RegistryDesk, target: str) -> int:
    """The version that holds a target, the newest where several do; 0 for none."""
    return max(desk.holders(target), default=0)


def _exists(desk: RegistryDesk, version: int) -> bool:
    try:
        desk.version(version)
    except NotFound:
        return False
    return True


def _hand_over(desk: RegistryDesk, version: int, target: str, by: Actor) -> str:
    """Give a target to a version, and in a stage that is in use the others to Archived; the stage that it leaves."""
    left = desk.version(version).stage
    if target in _ARCHIVING:
        archived = stage_target(_ARCHIVED)
        for other in desk.holders(target):
            if other != version:
                desk.move(other, archived)
                change = Change("version.stage", desk.model.name, other, target.partition(":")[2], _ARCHIVED, archived)
                desk.record(change, by)
    desk.move(version, target)
    return left


def _shown(desk: RegistryDesk, promotion: Promotion) -> Promotion:
    rule = rule_for(desk.rules(), promotion.name, promotion.target)
    return with_missing(rule, promotion, desk.checks(promotion.version))


def _done_if_met(desk: RegistryDesk, promotion: Promotion, by: Actor) -> Promotion:
    """Do what waits for nothing more; what does, comes back with what it waits for."""
    rule = rule_for(desk.rules(), promotion.name, promotion.target)
    lacking = missing(rule, promotion, desk.checks(promotion.version))
    if lacking:
        desk.put_promotion(promotion)
        return replace(promotion, missing=lacking)
    holding = _holder(desk, promotion.target)
    if holding not in {promotion.replaces, promotion.version}:
        raise _overtaken(promotion.name, promotion.target, promotion.replaces, holding)
    left = _hand_over(desk, promotion.version, promotion.target, by)
    done = replace(promotion, state=PromotionState.DONE, decided=now())
    desk.put_promotion(done)
    before = str(holding or "")
    change = Change(
        "promotion.done", done.name, done.version, before, str(done.version), done.target,
        {"promotion_id": done.promotion_id}, left,
    )  # fmt: skip
    desk.record(change, replace(by, reason=by.reason or done.reason))
    return done


def _overtaken(name: str, target: str, expected: int, holding: int) -> Conflict:
    def held(version: int) -> str:
        return f"version {version}" if version else "no version"

    return Conflict(
        f"{target} of {name!r} was expected to belong to {held(expected)}, and belongs to {held(holding)} by now:"
        " somebody else was faster. Look at the history, withdraw what waits, then compare and ask again."
    )


def _with_decision(desk: RegistryDesk, promotion: Promotion, by: Actor, *, approved: bool) -> Promotion:
    decision = Decision(by.user, approved, by.reason, now())
    if approved:
        change = Change(
            "promotion.approved", promotion.name, promotion.version, after=promotion.promotion_id,
            target=promotion.target,
        )  # fmt: skip
        desk.record(change, by)
    return replace(promotion, decisions=(*promotion.decisions, decision))


def _ended(desk: RegistryDesk, promotion: Promotion, state: PromotionState, by: Actor) -> Promotion:
    ended = replace(promotion, state=state, decided=now())
    desk.put_promotion(ended)
    change = Change(
        f"promotion.{state.lower()}", ended.name, ended.version, after=ended.promotion_id, target=ended.target
    )
    desk.record(change, by)
    return ended


def _word(passed: bool) -> str:  # noqa: FBT001  # the value itself
    return "passed" if passed else "failed"


def _check_length(text: str, what: str, longest: int = _LONGEST_TEXT) -> str:
    if len(check_text(text, what)) > longest:
        msg = f"The {what} has {len(text)} characters, and {longest} are allowed. Shorten it."
        raise InvalidInput(msg)
    return text
