"""What happened in the registry, in memory: for the history and for webhooks. All with the state's lock held."""

from __future__ import annotations

import uuid
from dataclasses import replace

from treering.core.clock import now
from treering.entities.governance import Actor, ApprovalRule, RegistryEvent
from treering.entities.webhook import MessageState, WebhookMessage, WebhookStatus
from treering.storage.metadata.announcing import IS_PROMPT_TAG, Change, Told, announced, message_of
from treering.storage.metadata.governing import rule_document
from treering.storage.metadata.memory.state import State

__all__ = ["begin_life", "enqueue", "forget_version", "move_history", "put_rule", "record"]


def record(state: State, change: Change, by: Actor) -> None:
    """Add to the history, and put in what webhooks are told."""
    event = RegistryEvent(
        len(state.events) + 1,
        now(),
        by.user,
        change.action,
        change.name,
        change.version,
        change.before,
        change.after,
        by.reason,
        change.target,
    )
    state.events.append((state.lives.get(change.name, 0), event))
    model = state.registered_models.get(change.name)
    prompt = model is not None and model.tags.get(IS_PROMPT_TAG) == "true"
    for told in announced(change, by, prompt=prompt):
        enqueue(state, told)


def enqueue(state: State, told: Told) -> int:
    """Put a message in for each active webhook that wants it; how many there are."""
    event, data = told
    wanted = [
        webhook.webhook_id
        for webhook, _ in state.webhooks.values()
        if webhook.status is WebhookStatus.ACTIVE and event in webhook.events
    ]
    if wanted:
        body, time = message_of(event, data).decode(), now()
        for webhook_id in wanted:
            state.last_message += 1
            message_id = str(uuid.uuid4())
            state.messages[message_id] = WebhookMessage(
                state.last_message, message_id, webhook_id, str(event), body, MessageState.PENDING, time, due=time
            )
    return len(wanted)


def begin_life(state: State, name: str) -> None:
    """Tell a new model from those that had its name before."""
    state.lives[name] = len(state.events) + 1


def put_rule(state: State, rule: ApprovalRule, by: Actor) -> None:
    """In place of the one for its model and target; and record it."""
    place = rule.model, rule.target
    before, after = rule_document(state.rules.get(place)), rule_document(rule)
    state.rules[place] = rule
    record(state, Change("rule.set", rule.model, before=before, after=after, target=rule.target), by)


def move_history(state: State, name: str, new_name: str) -> None:
    """Let all that belongs to a model go along to its new name, but for its rules."""
    state.events = [
        (life, replace(event, name=new_name) if event.name == name else event) for life, event in state.events
    ]
    state.lives[new_name] = state.lives.pop(name)
    state.notes = [replace(note, name=new_name) if note.name == name else note for note in state.notes]
    for one in list(state.promotions.values()):
        if one.name == name:
            state.promotions[one.promotion_id] = replace(one, name=new_name)
    for place in [place for place in state.checks if place[0] == name]:
        state.checks[new_name, place[1], place[2]] = replace(state.checks.pop(place), name=new_name)


def forget_version(state: State, name: str, version: int) -> None:
    """Remove what hangs on a version that was deleted."""
    state.notes = [note for note in state.notes if (note.name, note.version) != (name, version)]
    for place in [place for place in state.checks if place[:2] == (name, version)]:
        del state.checks[place]
    for one in [one for one in state.promotions.values() if (one.name, one.version) == (name, version)]:
        del state.promotions[one.promotion_id]
