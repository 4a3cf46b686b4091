"""Governance of the model registry in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.core.errors import InvalidInput
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
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.native import registry as wire
from treering.wire.native.models import VersionNumber

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.LIST_RULES)
def _list_rules(services: Services, asked: wire.AskRules) -> wire.Rules:
    return wire.Rules(services.registry.governance.rules(asked.model))


@HANDLERS.handles(wire.SET_RULE)
def _set_rule(services: Services, asked: wire.SetRule) -> ApprovalRule:
    rule = ApprovalRule(asked.model, asked.target, asked.approvers, asked.who, asked.checks, asked.allow_own)
    return services.registry.governance.set_rule(rule, asked.reason, user=asked.user)


@HANDLERS.handles(wire.REMOVE_RULE)
def _remove_rule(services: Services, asked: wire.RemoveRule) -> Empty:
    services.registry.governance.remove_rule(asked.model, asked.target, asked.reason, user=asked.user)
    return Empty()


@HANDLERS.handles(wire.PROMOTE)
def _promote(services: Services, asked: wire.Promote) -> Promotion:
    return services.registry.governance.promote(
        asked.name, asked.version, asked.target, asked.reason, user=asked.user, replacing=asked.replacing
    )


@HANDLERS.handles(wire.LIST_PROMOTIONS)
def _list_promotions(services: Services, asked: wire.AskPromotions) -> wire.Promotions:
    try:
        state = PromotionState(asked.state.upper()) if asked.state else None
    except ValueError as error:
        msg = f"{asked.state[:100]!r} is no state of a promotion. There are: {', '.join(PromotionState)}."
        raise InvalidInput(msg) from error
    return wire.Promotions(services.registry.governance.promotions(asked.name, state, asked.max_results))


@HANDLERS.handles(wire.GET_PROMOTION)
def _get_promotion(services: Services, asked: wire.PromotionId) -> Promotion:
    return services.registry.governance.promotion(asked.promotion_id)


@HANDLERS.handles(wire.APPROVE)
def _approve(services: Services, asked: wire.Approve) -> Promotion:
    return services.registry.governance.approve(asked.promotion_id, asked.comment, user=asked.user)


@HANDLERS.handles(wire.REJECT)
def _reject(services: Services, asked: wire.Reject) -> Promotion:
    return services.registry.governance.reject(asked.promotion_id, asked.comment, user=asked.user)


@HANDLERS.handles(wire.WITHDRAW)
def _withdraw(services: Services, asked: wire.Withdraw) -> Promotion:
    return services.registry.governance.withdraw(asked.promotion_id, asked.comment, user=asked.user)


@HANDLERS.handles(wire.ROLLBACK)
def _rollback(services: Services, asked: wire.Rollback) -> ModelVersion:
    return services.registry.governance.rollback(
        asked.name, asked.target, asked.reason, user=asked.user, replacing=asked.replacing
    )


@HANDLERS.handles(wire.SET_CHECK)
def _set_check(services: Services, asked: wire.SetCheck) -> VersionCheck:
    check = NewCheck(asked.name, asked.version, asked.check, asked.passed, asked.detail, asked.run_id)
    return services.registry.governance.set_check(check, user=asked.user)


@HANDLERS.handles(wire.LIST_CHECKS)
def _list_checks(services: Services, asked: VersionNumber) -> wire.Checks:
    return wire.Checks(services.registry.governance.checks(asked.name, asked.version))


@HANDLERS.handles(wire.ANNOTATE)
def _annotate(services: Services, asked: wire.NewNote) -> Note:
    governance = services.registry.governance
    return governance.annotate(asked.name, asked.version, asked.text, reply_to=asked.reply_to, user=asked.user)


@HANDLERS.handles(wire.LIST_NOTES)
def _list_notes(services: Services, asked: VersionNumber) -> wire.Notes:
    return wire.Notes(services.registry.governance.notes(asked.name, asked.version))


@HANDLERS.handles(wire.HISTORY)
def _history(services: Services, asked: wire.AskHistory) -> wire.History:
    page = services.registry.governance.history(asked.name, asked.version, asked.max_results, asked.page_token)
    return wire.History(page.items, page.next_token)


@HANDLERS.handles(wire.COMPARE)
def _compare(services: Services, asked: wire.Compare) -> VersionComparison:
    return services.registry.governance.compare([(one.name, one.version) for one in asked.versions])
