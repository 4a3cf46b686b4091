"""Governance of the model registry in the native API: rules, promotions, rollback, checks, notes, history, comparison.

`user` says who acts where it is given; else the header `X-Treering-User` does. Nobody proves who they are yet.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.governance import (
    ApprovalRule,
    Note,
    Promotion,
    RegistryEvent,
    VersionCheck,
    VersionComparison,
)
from treering.entities.model import ModelVersion
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native.models import VersionNumber

__all__ = [
    "ANNOTATE",
    "APPROVE",
    "COMPARE",
    "GET_PROMOTION",
    "HISTORY",
    "LIST_CHECKS",
    "LIST_NOTES",
    "LIST_PROMOTIONS",
    "LIST_RULES",
    "PROMOTE",
    "REJECT",
    "REMOVE_RULE",
    "ROLLBACK",
    "SET_CHECK",
    "SET_RULE",
    "WITHDRAW",
    "Approve",
    "AskHistory",
    "AskPromotions",
    "AskRules",
    "Checks",
    "Compare",
    "Decide",
    "History",
    "NewNote",
    "Notes",
    "Promote",
    "PromotionId",
    "Promotions",
    "Reject",
    "RemoveRule",
    "Rollback",
    "Rules",
    "SetCheck",
    "SetRule",
    "Withdraw",
]


class AskRules(msgspec.Struct, frozen=True):
    """Rules that hold for a model; without one all there are."""

    model: str = ""


class Rules(msgspec.Struct, frozen=True):
    """Rules of approval, by model and target."""

    rules: Sequence[ApprovalRule]


class SetRule(msgspec.Struct, frozen=True):
    """A rule to make or change; with "" for the model it holds for every one that has no rule of its own."""

    target: str
    model: str = ""
    approvers: int = 1
    who: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    allow_own: bool = False
    reason: str = ""
    user: str = ""


class RemoveRule(msgspec.Struct, frozen=True):
    """A rule to take away."""

    target: str
    model: str = ""
    reason: str = ""
    user: str = ""


class Promote(msgspec.Struct, frozen=True):
    """A version to move to `stage:<name>` or `alias:<name>`.

    `replacing` is the version that is expected to be there, 0 for none; null asks for no promise.
    """

    name: str
    version: int
    target: str
    reason: str = ""
    replacing: int | None = None
    user: str = ""


class AskPromotions(msgspec.Struct, frozen=True):
    """Promotions of a model, or of all; in one state, or in any."""

    name: str = ""
    state: str = ""
    max_results: int = 100


class Promotions(msgspec.Struct, frozen=True):
    """The newest first."""

    promotions: Sequence[Promotion]


class PromotionId(msgspec.Struct, frozen=True):
    """One promotion."""

    promotion_id: str


class Decide(msgspec.Struct, frozen=True):
    """What somebody says of a promotion."""

    promotion_id: str
    comment: str = ""
    user: str = ""


class Approve(Decide, frozen=True):
    """An approval."""


class Reject(Decide, frozen=True):
    """A promotion to end."""


class Withdraw(Decide, frozen=True):
    """A promotion to take back."""


class Rollback(msgspec.Struct, frozen=True):
    """A target to give back to the version that held it before; `replacing` is as for a promotion."""

    name: str
    target: str
    reason: str = ""
    replacing: int | None = None
    user: str = ""


class SetCheck(msgspec.Struct, frozen=True):
    """The outcome of a check of a version."""

    name: str
    version: int
    check: str
    passed: bool
    detail: str = ""
    run_id: str = ""
    user: str = ""


class Checks(msgspec.Struct, frozen=True):
    """The last outcome of each check, by name."""

    checks: Sequence[VersionCheck]


class NewNote(msgspec.Struct, frozen=True):
    """A remark on a version, or an answer to one."""

    name: str
    version: int
    text: str
    reply_to: str = ""
    user: str = ""


class Notes(msgspec.Struct, frozen=True):
    """The oldest first."""

    notes: Sequence[Note]


class AskHistory(msgspec.Struct, frozen=True):
    """What happened to a model, or to one version of it; without a name to all."""

    name: str = ""
    version: int = 0
    max_results: int = 100
    page_token: str = ""


class History(msgspec.Struct, frozen=True):
    """The newest first; `next_token` is "" on the last page."""

    events: Sequence[RegistryEvent]
    next_token: str = ""


class Compare(msgspec.Struct, frozen=True):
    """Versions to put beside each other."""

    versions: Sequence[VersionNumber]


_AT = "/api/v1/registry"
_ONE = _AT + "/promotions/{promotion_id}"
_READ, _EDIT, _RULE = Permission.READ_MODELS, Permission.EDIT_MODELS, Permission.ADMINISTER

# fmt: off
LIST_RULES = Endpoint("registry.list_rules", "GET", _AT + "/rules", AskRules, Rules, _READ, "Rules of approval")
SET_RULE = Endpoint("registry.set_rule", "PUT", _AT + "/rules", SetRule, ApprovalRule, _RULE, "Make or change a rule of approval")
REMOVE_RULE = Endpoint("registry.remove_rule", "DELETE", _AT + "/rules", RemoveRule, Empty, _RULE, "Take a rule of approval away")
PROMOTE = Endpoint("registry.promote", "POST", _AT + "/promotions", Promote, Promotion, _EDIT, "Move a version to a stage or alias, or ask for it")
LIST_PROMOTIONS = Endpoint("registry.list_promotions", "GET", _AT + "/promotions", AskPromotions, Promotions, _READ, "Promotions, the newest first")
GET_PROMOTION = Endpoint("registry.get_promotion", "GET", _ONE, PromotionId, Promotion, _READ, "One promotion, and what it waits for")
APPROVE = Endpoint("registry.approve", "POST", _ONE + "/approve", Approve, Promotion, _EDIT, "Approve a promotion")
REJECT = Endpoint("registry.reject", "POST", _ONE + "/reject", Reject, Promotion, _EDIT, "Reject a promotion")
WITHDRAW = Endpoint("registry.withdraw", "POST", _ONE + "/withdraw", Withdraw, Promotion, _EDIT, "Withdraw a promotion that one asked for")
ROLLBACK = Endpoint("registry.rollback", "POST", _AT + "/rollback", Rollback, ModelVersion, _EDIT, "Give a stage or alias back to the version before")
SET_CHECK = Endpoint("registry.set_check", "PUT", _AT + "/checks", SetCheck, VersionCheck, _EDIT, "Record the outcome of a check")
LIST_CHECKS = Endpoint("registry.list_checks", "GET", _AT + "/checks", VersionNumber, Checks, _READ, "The last outcome of each check of a version")
ANNOTATE = Endpoint("registry.annotate", "POST", _AT + "/notes", NewNote, Note, _EDIT, "Remark on a version")
LIST_NOTES = Endpoint("registry.list_notes", "GET", _AT + "/notes", VersionNumber, Notes, _READ, "Notes on a version")
HISTORY = Endpoint("registry.history", "GET", _AT + "/history", AskHistory, History, _READ, "Changes of the registry: who, when, what, why")
COMPARE = Endpoint("registry.compare", "POST", _AT + "/compare", Compare, VersionComparison, _READ, "Versions beside each other")
# fmt: on
