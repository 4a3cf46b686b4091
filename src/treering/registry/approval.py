"""What a promotion still takes, and who may decide it: the rules of approval as pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from treering.core.errors import Conflict, InvalidInput, PermissionDenied
from treering.entities.governance import ApprovalRule, Promotion, PromotionState, RegistryEvent, VersionCheck
from treering.entities.model import STAGES
from treering.registry.names import check_alias, check_model_name, check_stage, check_text
from treering.storage.metadata.governing import alias_target, stage_target

__all__ = [
    "check_check_name",
    "check_decides",
    "check_named",
    "check_pending",
    "check_rule",
    "check_target",
    "holder_before",
    "missing",
    "with_missing",
]

_MOST_APPROVERS = 100
_LONGEST_CHECK = 250
_CHECK = re.compile(r"[\w\-.:/ ]+")


def check_target(target: str) -> str:
    """`stage:<name>` or `alias:<name>` in the registry's spelling.

    For short, the name of a stage stands for itself, and `@champion` for an alias. Raises InvalidInput for anything else.
    """
    if target.startswith("@"):
        return alias_target(check_alias(target[1:]))
    if target.lower() in {stage.lower() for stage in STAGES}:
        return stage_target(check_stage(target))
    kind, _, name = target.partition(":")
    if kind == "stage":
        return stage_target(check_stage(name))
    if kind == "alias":
        return alias_target(check_alias(name))
    msg = f"{target!r} is no target of a promotion. Write stage:Production or alias:champion."
    raise InvalidInput(msg)


def check_check_name(name: str) -> str:
    """`name`. Raises InvalidInput if no check can be called so."""
    if len(name) > _LONGEST_CHECK or not _CHECK.fullmatch(name):
        msg = (
            f"{name[:100]!r} is no name of a check. It may hold letters, digits, blanks and - _ . : / and have at"
            f" most {_LONGEST_CHECK} characters."
        )
        raise InvalidInput(msg)
    return name


def check_rule(rule: ApprovalRule) -> ApprovalRule:
    """The rule with its target in the registry's spelling. Raises InvalidInput if nobody could ever meet it."""
    if rule.model:
        check_model_name(rule.model)
    target = check_target(rule.target)
    if not 0 <= rule.approvers <= _MOST_APPROVERS:
        msg = f"A rule asks for {rule.approvers} approvals, and it must be between 0 and {_MOST_APPROVERS}."
        raise InvalidInput(msg)
    who = tuple(dict.fromkeys(check_text(user, "who").strip() for user in rule.who))
    if "" in who:
        msg = "An approver of the rule has no name. Name each of them, or nobody: then everybody may approve."
        raise InvalidInput(msg)
    if who and len(who) < rule.approvers:
        msg = (
            f"The rule asks for {rule.approvers} approvals and lets only {len(who)} people approve, so it could never"
            " be met. Name more people, or ask for fewer approvals."
        )
        raise InvalidInput(msg)
    checks = tuple(dict.fromkeys(check_check_name(name) for name in rule.checks))
    return replace(rule, target=target, who=who, checks=checks)


def missing(rule: ApprovalRule | None, promotion: Promotion, checks: Iterable[VersionCheck]) -> tuple[str, ...]:
    """What the promotion waits for, in words; nothing where no rule guards its target."""
    if rule is None:
        return ()
    found = []
    approved = {one.user for one in promotion.decisions if one.approved and _counts(rule, promotion, one.user)}
    lacking = rule.approvers - len(approved)
    if lacking > 0:
        of = f" of {', '.join(rule.who)}" if rule.who else ""
        found.append(f"{lacking} approval{'' if lacking == 1 else 's'}{of}")
    outcome = {check.check: check for check in checks}
    for name in rule.checks:
        if name not in outcome:
            found.append(f"the check {name!r}, which was not run")
        elif not outcome[name].passed:
            detail = f": {outcome[name].detail}" if outcome[name].detail else ""
            found.append(f"the check {name!r}, which failed{detail}")
    return tuple(found)


def with_missing(rule: ApprovalRule | None, promotion: Promotion, checks: Iterable[VersionCheck]) -> Promotion:
    """The promotion with what it waits for."""
    if promotion.state is not PromotionState.PENDING:
        return promotion
    found = missing(rule, promotion, checks)
    return replace(promotion, missing=found or ("to be asked for again: nothing more is missing",))


def check_pending(promotion: Promotion) -> None:
    """Raises Conflict if it is decided already."""
    if promotion.state is not PromotionState.PENDING:
        msg = (
            f"The promotion {promotion.promotion_id} of {promotion.name} version {promotion.version} to"
            f" {promotion.target} is {promotion.state.lower()} already. Ask for a new one."
        )
        raise Conflict(msg)


def check_named(user: str) -> None:
    """Raises PermissionDenied for somebody without a name, who could be the one who asked as well as the one who decides."""
    if not user:
        msg = (
            "Where a rule of approval holds, whoever asks for a promotion or decides on one has to have a name."
            " Set TREERING_USER, or give the user."
        )
        raise PermissionDenied(msg)


def check_decides(rule: ApprovalRule | None, promotion: Promotion, user: str) -> None:
    """Raises PermissionDenied if the rule does not let this user decide, or nobody knows who it is."""
    check_named(user)
    if rule is None or _counts(rule, promotion, user):
        return
    if rule.who and user not in rule.who:
        reason = f"only {', '.join(rule.who)} may"
    else:
        reason = "who asked for it may not approve it"
    msg = f"{user!r} may not approve the promotion of {promotion.name} to {promotion.target}: {reason}."
    raise PermissionDenied(msg)


def _counts(rule: ApprovalRule, promotion: Promotion, user: str) -> bool:
    return (not rule.who or user in rule.who) and (rule.allow_own or user != promotion.requested_by)


def holder_before(events: Sequence[RegistryEvent], holding: Sequence[int], exists: Callable[[int], bool]) -> int | None:
    """The version that held a target before those that hold it now; None where the history knows none.

    Each move to the target lays a version on a stack, and each rollback takes off what lies above the
    version that it gave the target back to: so two rollbacks lead two steps back, not there and back.

    Args:
        events: The moves to the target, the oldest first.
        exists: Whether there is such a version still; asked of as few as can be, since a history may be long.
    """
    stack: list[int] = []
    for event in events:
        if event.action == "rolled_back" and event.version in stack:
            while stack[-1] != event.version:
                stack.pop()
            continue
        if not stack and event.before.isdecimal():
            stack.append(int(event.before))  # from before there was a history
        if not stack or stack[-1] != event.version:
            stack.append(event.version)
    while stack and (stack[-1] in holding or not exists(stack[-1])):
        stack.pop()
    return stack[-1] if stack else None
