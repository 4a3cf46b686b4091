"""How versions earn their place: rules of approval, promotions, checks, notes, and the history of every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from treering.entities.model import ModelVersion

__all__ = [
    "NOBODY",
    "Actor",
    "ApprovalRule",
    "Decision",
    "Difference",
    "NewCheck",
    "Note",
    "Promotion",
    "PromotionState",
    "RegistryEvent",
    "VersionCheck",
    "VersionComparison",
]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, as they say themselves, and why."""

    user: str = ""
    reason: str = ""


NOBODY = Actor()
"""Where nobody said who they are."""


class PromotionState(StrEnum):
    """What became of a promotion."""

    PENDING = "PENDING"
    DONE = "DONE"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """What it takes to reach a stage or an alias; without a rule, nothing.

    Attributes:
        model: The registered model it holds for; "" for every one that has no rule of its own for the target.
        target: Such as `stage:Production` or `alias:champion`.
        approvers: How many people have to approve.
        who: Whose approval counts; empty for anybody's.
        checks: Names of the checks that must have passed on the version.
        allow_own: Whether the approval of the one who asked counts.
    """

    model: str
    target: str
    approvers: int = 1
    who: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    allow_own: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said of a promotion.

    Attributes:
        time: Milliseconds since the epoch.
    """

    user: str
    approved: bool
    comment: str
    time: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """A version that is to reach a stage or an alias, or has reached it.

    Attributes:
        created: Milliseconds since the epoch.
        decided: When it was done, rejected or withdrawn; 0 while it waits.
        missing: What it waits for, in words; empty once it is decided.
        replaces: The version that held the target when it was asked for, or that it took the place of; 0 for none.
    """

    promotion_id: str
    name: str
    version: int
    target: str
    state: PromotionState
    requested_by: str
    reason: str
    created: int
    decided: int = 0
    decisions: tuple[Decision, ...] = ()
    missing: tuple[str, ...] = ()
    replaces: int = 0


@dataclass(frozen=True, slots=True)
class RegistryEvent:
    """One change of the registry.

    Attributes:
        seq: Grows from event to event; not without gaps.
        time: Milliseconds since the epoch.
        user: As the caller said; "" where it did not.
        action: What happened, such as `version.created` or `alias.set`.
        name: The registered model; "" for what holds for all.
        version: 0 where no version is meant.
        before: What was there; for aliases and stages the version or the stage. "" for nothing.
        after: What is there now; "" for nothing.
        target: What it happened to: an alias, stage, tag key, check or promotion.
    """

    seq: int
    time: int
    user: str
    action: str
    name: str
    version: int
    before: str
    after: str
    reason: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class VersionCheck:
    """The last outcome of one check of a version.

    Attributes:
        run_id: The run that says more; "" for none.
        time: Milliseconds since the epoch.
    """

    name: str
    version: int
    check: str
    passed: bool
    detail: str
    run_id: str
    user: str
    time: int


@dataclass(frozen=True, slots=True)
class NewCheck:
    """The outcome of a check, to be recorded; it takes the place of the one before."""

    name: str
    version: int
    check: str
    passed: bool
    detail: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody remarked on a version.

    Attributes:
        time: Milliseconds since the epoch.
        reply_to: The note that it answers; "" for one that begins a thread.
    """

    note_id: str
    name: str
    version: int
    user: str
    text: str
    time: int
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which versions are compared: a value for each of them, in their order.

    Attributes:
        kind: `metric`, `evaluation`, `param`, `input`, `output`, `parameter`, `flavour`, `requirement`, `data`, `code`
            or `tag`.
        values: As text; None where a version has none.
        same: Whether all are equal.
    """

    kind: str
    key: str
    values: tuple[str | None, ...]
    same: bool


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """Versions beside each other.

    Attributes:
        differences: Everything that at least one of them has, by kind, then key.
        missing: What could not be read, by `name/version`, in words.
    """

    versions: Sequence[ModelVersion]
    differences: Sequence[Difference]
    missing: Mapping[str, str] = field(default_factory=dict)
