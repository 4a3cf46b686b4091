"""What a metadata database promises of governance: rules, promotions, checks, notes, history, and the outbox of webhooks.

What a promotion takes is decided above, within the transaction that the store opens for it; what a
store does itself is to refuse that a stage or an alias under a rule is set past the promotions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from treering.core.errors import PermissionDenied
from treering.entities.governance import (
    Actor,
    ApprovalRule,
    Note,
    Promotion,
    PromotionState,
    RegistryEvent,
    VersionCheck,
)
from treering.entities.model import ModelVersion, RegisteredModel
from treering.entities.webhook import MessageState, WebhookMessage
from treering.storage.metadata.announcing import Change, Told

__all__ = [
    "HOLDING_ACTIONS",
    "GovernanceStore",
    "OutboxStore",
    "RegistryDesk",
    "alias_target",
    "refuse_guarded",
    "rule_document",
    "rule_for",
    "rules_of_new_name",
    "stage_target",
]

T = TypeVar("T")

HOLDING_ACTIONS = ("alias.set", "version.stage", "promotion.done", "rolled_back")
"""Actions after which the version of an event holds its target."""


class RegistryDesk(Protocol):
    """One registered model within a transaction, in which nobody else changes it. To be used in that alone."""

    @property
    def model(self) -> RegisteredModel:
        """As it is now, without its newest versions."""
        ...

    def version(self, version: int) -> ModelVersion:
        """Raises NotFound."""
        ...

    def holders(self, target: str) -> Sequence[int]:
        """The versions that are in a stage, or have an alias; by number."""
        ...

    def move(self, version: int, target: str) -> None:
        """Give a stage or an alias to a version; the versions that held it are left as they are, or lose the alias."""
        ...

    def rules(self) -> Sequence[ApprovalRule]:
        """Those of the model, and those of all models."""
        ...

    def checks(self, version: int) -> Sequence[VersionCheck]:
        """The last outcome of each, by name."""
        ...

    def put_check(self, check: VersionCheck) -> None:
        """In place of the one before."""
        ...

    def add_note(self, note: Note) -> None:
        """Insert as given."""
        ...

    def notes(self, version: int) -> Sequence[Note]:
        """The oldest first."""
        ...

    def promotion(self, promotion_id: str) -> Promotion:
        """One of the model's. Raises NotFound."""
        ...

    def pending(self) -> Sequence[Promotion]:
        """Those of the model that wait."""
        ...

    def put_promotion(self, promotion: Promotion) -> None:
        """Insert, or take the place of the one with the same id."""
        ...

    def moves(self, target: str) -> Sequence[RegistryEvent]:
        """The events of a target in which it got a holder, the oldest first: `HOLDING_ACTIONS`.

        Those of a model of the same name that was deleted are not among them.
        """
        ...

    def record(self, change: Change, by: Actor) -> None:
        """Add to the history, and to what webhooks are told."""
        ...


class GovernanceStore(Protocol):
    """Rows of rules, promotions, checks, notes and history."""

    def within(self, name: str, work: Callable[[RegistryDesk], T]) -> T:
        """What `work` returns, once its transaction on a model is committed; it may run again from the start.

        Raises NotFound if there is no such model.
        """
        ...

    def look(self, name: str, work: Callable[[RegistryDesk], T]) -> T:
        """As `within`, for work that changes nothing: all that it sees is of one moment, and nobody waits for it."""
        ...

    def rules(self) -> Sequence[ApprovalRule]:
        """All, by model and target."""
        ...

    def put_rule(self, rule: ApprovalRule, by: Actor) -> None:
        """In place of the one for its model and target."""
        ...

    def remove_rule(self, model: str, target: str, by: Actor) -> None:
        """Raises NotFound."""
        ...

    def promotion(self, promotion_id: str) -> Promotion:
        """Raises NotFound."""
        ...

    def promotions(self, name: str, state: PromotionState | None, limit: int) -> Sequence[Promotion]:
        """The newest first; of all models where the name is "". Raises NotFound for an unknown one."""
        ...

    def history(self, name: str, version: int, before: int, limit: int) -> Sequence[RegistryEvent]:
        """The newest first, below the number `before` unless that is 0; of all where `name` is ""."""
        ...


class OutboxStore(Protocol):
    """Messages that wait for webhooks, and those that were delivered lately.

    A webhook's messages are sent one after another, by whoever holds its lease.
    """

    def announce(self, told: Told) -> int:
        """Put a message in for each active webhook that wants it; how many there are."""
        ...

    def waiting(self, time: int) -> Sequence[str]:
        """Active webhooks whose first waiting message is due, and which nobody holds at the time."""
        ...

    def lease(self, webhook_id: str, holder: str, time: int, until: int) -> bool:
        """Whether `holder` alone may send to it until then; taking it again prolongs it.

        Nobody may send to a webhook that is switched off or deleted.
        """
        ...

    def release(self, webhook_id: str, holder: str) -> None:
        """Let others in; no error where somebody else holds it by now."""
        ...

    def first(self, webhook_id: str) -> WebhookMessage | None:
        """The message that waits longest."""
        ...

    def settle(self, message: WebhookMessage) -> None:
        """Store what became of an attempt; no error where the message is gone."""
        ...

    def message(self, message_id: str) -> WebhookMessage:
        """Raises NotFound."""
        ...

    def messages(
        self, webhook_id: str, state: MessageState | None, before: int, limit: int
    ) -> Sequence[WebhookMessage]:
        """The newest first, below the number `before` unless that is 0; of all webhooks where the id is ""."""
        ...

    def purge(self, finished_before: int) -> int:
        """Remove what was delivered or given up before that time; how many there were."""
        ...


def stage_target(stage: str) -> str:
    """How a stage is called among targets."""
    return f"stage:{stage}"


def alias_target(alias: str) -> str:
    """How an alias is called among targets."""
    return f"alias:{alias}"


def rule_for(rules: Iterable[ApprovalRule], name: str, target: str) -> ApprovalRule | None:
    """The rule that guards a target of a model: its own before that of all models; None where none does."""
    fitting = [rule for rule in rules if rule.target == target and rule.model in {name, ""}]
    return max(fitting, key=lambda rule: rule.model, default=None)


def refuse_guarded(rules: Iterable[ApprovalRule], name: str, version: int, target: str) -> None:
    """Raises PermissionDenied where a rule guards the target."""
    if rule_for(rules, name, target) is not None:
        msg = (
            f"{target!r} of the registered model {name!r} is guarded by a rule of approval, so no version is put there"
            f" directly. Ask for it with `treering registry promote {name} {version} {target}` or treering.promote."
        )
        raise PermissionDenied(msg)


def rule_document(rule: ApprovalRule | None) -> str:
    """What a rule demands, as a database and the history keep it; "" for none."""
    if rule is None:
        return ""
    asked = {
        "approvers": rule.approvers,
        "who": list(rule.who),
        "checks": list(rule.checks),
        "allow_own": rule.allow_own,
    }
    return json.dumps(asked, sort_keys=True)


def rules_of_new_name(
    rules: Iterable[ApprovalRule], name: str, new_name: str, held: Mapping[str, int]
) -> list[ApprovalRule]:
    """When a model is renamed: those of its rules that the new name has to get. The old name keeps them all.

    Whoever loads a model goes by its name; so neither the name that is left nor the one that is taken
    may lead to a version that the name's rule has not let there.

    Args:
        held: The targets that the model's versions hold, each with one of these.

    Raises:
        PermissionDenied: If the new name has a rule of its own for one of these, which is another one.
    """
    known = list(rules)
    own = {rule.target for rule in known if rule.model == new_name}
    for target in own & held.keys():
        before, after = rule_for(known, name, target), rule_for(known, new_name, target)
        if before is None or rule_document(before) != rule_document(after):
            msg = (
                f"{name!r} cannot be called {new_name!r}: that name has a rule of approval for {target!r}, which version"
                f" {held[target]} would hold there without having met it. Take the version out of {target!r} first, and"
                " promote it under the new name."
            )
            raise PermissionDenied(msg)
    return [replace(rule, model=new_name) for rule in known if rule.model == name and rule.target not in own]
