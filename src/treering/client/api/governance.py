"""`Client` on rules of approval, promotions, rollback, checks, notes, history and comparison of versions."""

from __future__ import annotations

from collections.abc import Sequence

from treering.client.api.base import ClientPart, PagedList, paged
from treering.client.api.registry import version_number
from treering.entities.governance import (
    ApprovalRule,
    NewCheck,
    Note,
    Promotion,
    PromotionState,
    VersionCheck,
    VersionComparison,
)
from treering.entities.model import ModelVersion
from treering.registry.base import Governance

__all__ = ["GovernanceCalls"]


class GovernanceCalls(ClientPart):
    """Governance; promises and errors as in `treering.registry.base.Governance`. Versions may be numbers or text."""

    def get_approval_rules(self, model: str = "") -> list[ApprovalRule]:
        """Those that hold for a model, or all."""
        return list(self._governance().rules(model))

    def set_approval_rule(self, rule: ApprovalRule, reason: str = "") -> ApprovalRule:
        """Make or change the rule for a target of a model, or of every model that has none of its own."""
        return self._governance().set_rule(rule, reason)

    def remove_approval_rule(self, target: str, model: str = "", reason: str = "") -> None:
        """Take a rule away."""
        self._governance().remove_rule(model, target, reason)

    def promote_model_version(
        self,
        name: str,
        version: str | int,
        target: str,
        reason: str = "",
        *,
        replacing: int | None = None,
        user: str = "",
    ) -> Promotion:
        """As `treering.promote`."""
        number = version_number(version)
        return self._governance().promote(name, number, target, reason, user=user, replacing=replacing)

    def get_promotion(self, promotion_id: str) -> Promotion:
        """One promotion, and what it waits for."""
        return self._governance().promotion(promotion_id)

    def search_promotions(self, name: str = "", state: str | None = None, max_results: int = 100) -> list[Promotion]:
        """Those of a model, or of all; the newest first."""
        wanted = None if state is None else PromotionState(state)
        return list(self._governance().promotions(name, wanted, max_results))

    def approve_promotion(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """Approve what waits."""
        return self._governance().approve(promotion_id, comment, user=user)

    def reject_promotion(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """End what waits."""
        return self._governance().reject(promotion_id, comment, user=user)

    def withdraw_promotion(self, promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
        """Take back what one asked for."""
        return self._governance().withdraw(promotion_id, comment, user=user)

    def rollback_model_version(
        self, name: str, target: str, reason: str = "", *, replacing: int | None = None, user: str = ""
    ) -> ModelVersion:
        """As `treering.rollback`."""
        return self._governance().rollback(name, target, reason, user=user, replacing=replacing)

    def set_model_version_check(  # one argument for each thing that a check says
        self,
        name: str,
        version: str | int,
        check: str,
        *,
        passed: bool,
        detail: str = "",
        run_id: str = "",
    ) -> VersionCheck:
        """Record the outcome of a check."""
        return self._governance().set_check(NewCheck(name, version_number(version), check, passed, detail, run_id))

    def get_model_version_checks(self, name: str, version: str | int) -> list[VersionCheck]:
        """The last outcome of each check."""
        return list(self._governance().checks(name, version_number(version)))

    def annotate_model_version(
        self, name: str, version: str | int, text: str, *, reply_to: str = "", user: str = ""
    ) -> Note:
        """Remark on a version."""
        return self._governance().annotate(name, version_number(version), text, reply_to=reply_to, user=user)

    def get_model_version_notes(self, name: str, version: str | int) -> list[Note]:
        """The oldest first."""
        return list(self._governance().notes(name, version_number(version)))

    def get_registry_history(
        self, name: str = "", version: int = 0, max_results: int = 100, page_token: str = ""
    ) -> PagedList:
        """A page of changes, the newest first."""
        return paged(self._governance().history(name, version, max_results, page_token))

    def compare_model_versions(self, versions: Sequence[tuple[str, int]]) -> VersionComparison:
        """Versions beside each other."""
        return self._governance().compare(versions)

    def _governance(self) -> Governance:
        return self._place.services().registry.governance
