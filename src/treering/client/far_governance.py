"""Governance of a server's registry: each method is one request to its native API."""

from __future__ import annotations

from collections.abc import Sequence

from treering.client.channel import Channel
from treering.entities.governance import (
    ApprovalRule,
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
from treering.registry.names import check_present
from treering.wire.native import registry as wire
from treering.wire.native.models import VersionNumber

__all__ = ["FarGovernance"]


class FarGovernance:
    """The `Governance` of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def rules(self, model: str = "") -> Sequence[ApprovalRule]:
        """As `Governance.rules`."""
        return self._call(wire.LIST_RULES, wire.AskRules(model)).rules

    def set_rule(self, rule: ApprovalRule, reason: str = "", *, user: str = "") -> ApprovalRule:
        """As `Governance.set_rule`."""
        asked = wire.SetRule(
            rule.target, rule.model, rule.approvers, tuple(rule.who), tuple(rule.checks), rule.allow_own, reason, user
        )
        return self._call(wire.SET_RULE, asked, repeatable=True)

    def remove_rule(self, model: str, target: str, reason: str = "", *, user: str = "") -> None:
        """As `Governance.remove_rule`."""
        self._call(wire.REMOVE_RULE, wire.RemoveRule(target, model, reason, user))

    def promote(
        self, name: str, version: int, target: str, reason: str = "", *, user: str = "", replacing: int | None = None
    ) -> Promotion:
        """As `Governance.promote`."""
        return self._call(wire.PROMOTE, wire.Promote(name, version, target, reason, replacing, user))

    def promotion(self, promotion_id: str) -> Promotion:
        """As `Governance.promotion`."""
        return self._call(wire.GET_PROMOTION, wire.PromotionId(_present(promotion_id)))

    def promotions(
        self, name: str = "", state: PromotionState | None = None, max_results: int = 100
    ) -> Sequence[Promotion]:
        """As `Governance.promotions`."""
        asked = wire.AskPromotions(name, "" if state is None else state.value, max_results)
        return self._call(wire.LIST_PROMOTIONS, asked).promotions

    def approve(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """As `Governance.approve`."""
        return self._call(wire.APPROVE, wire.Approve(_present(promotion_id), comment, user))

    def reject(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """As `Governance.reject`."""
        return self._call(wire.REJECT, wire.Reject(_present(promotion_id), comment, user))

    def withdraw(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """As `Governance.withdraw`."""
        return self._call(wire.WITHDRAW, wire.Withdraw(_present(promotion_id), comment, user))

    def rollback(
        self, name: str, target: str, reason: str = "", *, user: str = "", replacing: int | None = None
    ) -> ModelVersion:
        """As `Governance.rollback`."""
        return self._call(wire.ROLLBACK, wire.Rollback(name, target, reason, replacing, user))

    def set_check(self, check: NewCheck, *, user: str = "") -> VersionCheck:
        """As `Governance.set_check`."""
        asked = wire.SetCheck(check.name, check.version, check.check, check.passed, check.detail, check.run_id, user)
        return self._call(wire.SET_CHECK, asked, repeatable=True)

    def checks(self, name: str, version: int) -> Sequence[VersionCheck]:
        """As `Governance.checks`."""
        return self._call(wire.LIST_CHECKS, VersionNumber(name, version)).checks

    def annotate(self, name: str, version: int, text: str, *, reply_to: str = "", user: str = "") -> Note:
        """As `Governance.annotate`."""
        return self._call(wire.ANNOTATE, wire.NewNote(name, version, text, reply_to, user))

    def notes(self, name: str, version: int) -> Sequence[Note]:
        """As `Governance.notes`."""
        return self._call(wire.LIST_NOTES, VersionNumber(name, version)).notes

    def history(
        self, name: str = "", version: int = 0, max_results: int = 100, page_token: str = ""
    ) -> Page[RegistryEvent]:
        """As `Governance.history`."""
        page = self._call(wire.HISTORY, wire.AskHistory(name, version, max_results, page_token))
        return Page(page.events, page.next_token)

    def compare(self, versions: Sequence[tuple[str, int]]) -> VersionComparison:
        """As `Governance.compare`."""
        asked = wire.Compare([VersionNumber(name, version) for name, version in versions])
        return self._call(wire.COMPARE, asked)


def _present(promotion_id: str) -> str:
    """An empty one would make another path."""
    return check_present(promotion_id, "promotion_id")
