"""Rules of approval, promotions, checks, notes and history in memory."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from treering.core.clock import now
from treering.core.errors import NotFound
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
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.governing import HOLDING_ACTIONS, RegistryDesk, rule_document
from treering.storage.metadata.memory.history import put_rule, record
from treering.storage.metadata.memory.registry import model_of, version_of
from treering.storage.metadata.memory.state import State

__all__ = ["MemoryGovernance"]

T = TypeVar("T")

# What a desk may change, and what is put back where its work fails.
_TOUCHED = ("registered_models", "versions", "events", "promotions", "checks", "notes", "messages")


class MemoryGovernance:
    """GovernanceStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def within(self, name: str, work: Callable[[RegistryDesk], T]) -> T:
        """See GovernanceStore."""
        with self._state.lock:
            model_of(self._state, name)
            before = {table: copy.copy(getattr(self._state, table)) for table in _TOUCHED}
            done = False
            try:
                answer = work(_Desk(self._state, name))
                done = True
                return answer
            finally:
                if not done:
                    for table, rows in before.items():
                        setattr(self._state, table, rows)

    def look(self, name: str, work: Callable[[RegistryDesk], T]) -> T:
        """See GovernanceStore."""
        with self._state.lock:
            model_of(self._state, name)
            return work(_Desk(self._state, name))

    def rules(self) -> Sequence[ApprovalRule]:
        """See GovernanceStore."""
        with self._state.lock:
            return [self._state.rules[place] for place in sorted(self._state.rules)]

    def put_rule(self, rule: ApprovalRule, by: Actor) -> None:
        """See GovernanceStore."""
        with self._state.lock:
            put_rule(self._state, rule, by)

    def remove_rule(self, model: str, target: str, by: Actor) -> None:
        """See GovernanceStore."""
        with self._state.lock:
            before = rule_document(self._state.rules.pop((model, target), None))
            if not before:
                msg = f"There is no rule for {target!r} of {model or 'all models'}. List the rules to see which there are."
                raise NotFound(msg)
            record(self._state, Change("rule.removed", model, before=before, target=target), by)

    def promotion(self, promotion_id: str) -> Promotion:
        """See GovernanceStore."""
        with self._state.lock:
            return _known(self._state, promotion_id)

    def promotions(self, name: str, state: PromotionState | None, limit: int) -> Sequence[Promotion]:
        """See GovernanceStore."""
        with self._state.lock:
            if name:
                model_of(self._state, name)
            found = [
                one for one in self._state.promotions.values() if name in {"", one.name} and state in {None, one.state}
            ]
        return found[::-1][:limit]

    def history(self, name: str, version: int, before: int, limit: int) -> Sequence[RegistryEvent]:
        """See GovernanceStore."""
        with self._state.lock:
            found = [
                event
                for _, event in reversed(self._state.events)
                if name in {"", event.name} and version in {0, event.version} and (not before or event.seq < before)
            ]
        return found[:limit]


class _Desk:
    """RegistryDesk over a State whose lock is held."""

    def __init__(self, state: State, name: str) -> None:
        self._state = state
        self._name = name

    @property
    def model(self) -> RegisteredModel:
        """See RegistryDesk."""
        return model_of(self._state, self._name)

    def version(self, version: int) -> ModelVersion:
        """See RegistryDesk."""
        return version_of(self._state, self._name, version)

    def holders(self, target: str) -> Sequence[int]:
        """See RegistryDesk."""
        kind, _, name = target.partition(":")
        if kind == "alias":
            return [self.model.aliases[name]] if name in self.model.aliases else []
        versions = self._state.versions.values()
        return sorted(one.version for one in versions if (one.name, one.stage) == (self._name, name))

    def move(self, version: int, target: str) -> None:
        """See RegistryDesk."""
        kind, _, name = target.partition(":")
        if kind == "alias":
            model = self.model
            self._state.registered_models[self._name] = replace(model, aliases={**model.aliases, name: version})
            return
        place = self._name, version
        self._state.versions[place] = replace(self._state.versions[place], stage=name, last_update_time=now())

    def rules(self) -> Sequence[ApprovalRule]:
        """See RegistryDesk."""
        return [rule for rule in self._state.rules.values() if rule.model in {self._name, ""}]

    def checks(self, version: int) -> Sequence[VersionCheck]:
        """See RegistryDesk."""
        places = sorted(place for place in self._state.checks if place[:2] == (self._name, version))
        return [self._state.checks[place] for place in places]

    def put_check(self, check: VersionCheck) -> None:
        """See RegistryDesk."""
        self._state.checks[self._name, check.version, check.check] = check

    def add_note(self, note: Note) -> None:
        """See RegistryDesk."""
        self._state.notes.append(note)

    def notes(self, version: int) -> Sequence[Note]:
        """See RegistryDesk."""
        return [note for note in self._state.notes if (note.name, note.version) == (self._name, version)]

    def promotion(self, promotion_id: str) -> Promotion:
        """See RegistryDesk."""
        found = _known(self._state, promotion_id)
        if found.name != self._name:
            raise _unknown(promotion_id)
        return found

    def pending(self) -> Sequence[Promotion]:
        """See RegistryDesk."""
        promotions = self._state.promotions.values()
        return [one for one in promotions if one.name == self._name and one.state is PromotionState.PENDING]

    def put_promotion(self, promotion: Promotion) -> None:
        """See RegistryDesk."""
        self._state.promotions[promotion.promotion_id] = replace(promotion, missing=())

    def moves(self, target: str) -> Sequence[RegistryEvent]:
        """See RegistryDesk."""
        return [
            event
            for life, event in self._state.events
            if (life, event.target) == (self._state.lives[self._name], target) and event.action in HOLDING_ACTIONS
        ]

    def record(self, change: Change, by: Actor) -> None:
        """See RegistryDesk."""
        record(self._state, change, by)


def _known(state: State, promotion_id: str) -> Promotion:
    if promotion_id not in state.promotions:
        raise _unknown(promotion_id)
    return state.promotions[promotion_id]


def _unknown(promotion_id: str) -> NotFound:
    return NotFound(f"There is no promotion {promotion_id!r}. List the promotions to see which there are.")
