"""What a change of the registry is to its history and to those who are told: the rules, apart from where rows are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from treering.entities.deployment import Deployment, DeploymentEvent
from treering.entities.governance import Actor
from treering.entities.lifecycle import RunStatus
from treering.entities.run import RunInfo
from treering.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent

__all__ = ["IS_PROMPT_TAG", "Change", "Told", "announced", "changed_deployment", "ended_run", "message_of"]

IS_PROMPT_TAG = "mlflow.prompt.is_prompt"
"""On a registered model that is one of MLflow's prompts."""

_PROMPT_TEXT_TAG = "mlflow.prompt.text"

Told = tuple[WebhookEvent, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """What is recorded of one change; the attributes are those of `RegistryEvent`.

    Attributes:
        data: What webhooks are told besides.
        left: The stage that the version of a promotion or rollback was in before.
    """

    action: str
    name: str
    version: int = 0
    before: str = ""
    after: str = ""
    target: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    left: str = ""


_KINDS: Mapping[str, tuple[WebhookEntity, WebhookAction]] = {
    "model.created": (WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED),
    "model.renamed": (WebhookEntity.REGISTERED_MODEL, WebhookAction.UPDATED),
    "model.described": (WebhookEntity.REGISTERED_MODEL, WebhookAction.UPDATED),
    "model.deleted": (WebhookEntity.REGISTERED_MODEL, WebhookAction.DELETED),
    "version.created": (WebhookEntity.MODEL_VERSION, WebhookAction.CREATED),
    "version.described": (WebhookEntity.MODEL_VERSION, WebhookAction.UPDATED),
    "version.deleted": (WebhookEntity.MODEL_VERSION, WebhookAction.DELETED),
    "version.stage": (WebhookEntity.MODEL_VERSION, WebhookAction.TRANSITIONED),
    "version.tag_set": (WebhookEntity.MODEL_VERSION_TAG, WebhookAction.SET),
    "version.tag_deleted": (WebhookEntity.MODEL_VERSION_TAG, WebhookAction.DELETED),
    "alias.set": (WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.CREATED),
    "alias.deleted": (WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.DELETED),
    "promotion.requested": (WebhookEntity.PROMOTION, WebhookAction.REQUESTED),
    "promotion.approved": (WebhookEntity.PROMOTION, WebhookAction.DECIDED),
    "promotion.rejected": (WebhookEntity.PROMOTION, WebhookAction.DECIDED),
    "promotion.withdrawn": (WebhookEntity.PROMOTION, WebhookAction.DECIDED),
    "promotion.done": (WebhookEntity.PROMOTION, WebhookAction.DONE),
    "rolled_back": (WebhookEntity.MODEL_VERSION, WebhookAction.ROLLED_BACK),
}
# What MLflow calls the same where the registered model is a prompt; it knows no more of those.
_OF_PROMPTS: Mapping[str, tuple[WebhookEntity, WebhookAction]] = {
    "model.created": (WebhookEntity.PROMPT, WebhookAction.CREATED),
    "model.tag_set": (WebhookEntity.PROMPT_TAG, WebhookAction.SET),
    "model.tag_deleted": (WebhookEntity.PROMPT_TAG, WebhookAction.DELETED),
    "version.created": (WebhookEntity.PROMPT_VERSION, WebhookAction.CREATED),
    "version.tag_set": (WebhookEntity.PROMPT_VERSION_TAG, WebhookAction.SET),
    "version.tag_deleted": (WebhookEntity.PROMPT_VERSION_TAG, WebhookAction.DELETED),
    "alias.set": (WebhookEntity.PROMPT_ALIAS, WebhookAction.CREATED),
    "alias.deleted": (WebhookEntity.PROMPT_ALIAS, WebhookAction.DELETED),
}
_ENDED = {
    RunStatus.FINISHED: WebhookAction.FINISHED,
    RunStatus.FAILED: WebhookAction.FAILED,
    RunStatus.KILLED: WebhookAction.FAILED,
}


def announced(change: Change, by: Actor, *, prompt: bool) -> Iterator[Told]:
    """What webhooks are told of a change. MLflow's events have MLflow's fields and no others."""
    kinds = _OF_PROMPTS if prompt else _KINDS
    for one in (*_moves(change), change):
        kind = kinds.get(one.action)
        if kind is not None:
            yield WebhookEvent(*kind), {"name": one.name, **_fields(one, by, prompt=prompt)}


def _moves(change: Change) -> Iterator[Change]:
    """The move that a promotion or rollback is besides: whoever waits for an alias does not care how it was set."""
    if change.action in {"promotion.done", "rolled_back"}:
        kind, _, name = change.target.partition(":")
        if kind == "alias":
            yield replace(change, action="alias.set", data={})
        else:
            yield replace(change, action="version.stage", before=change.left, after=name, data={})


def _fields(change: Change, by: Actor, *, prompt: bool) -> Mapping[str, Any]:
    version = {"version": str(change.version)} if change.version else {}
    if change.action == "version.created" and prompt:
        data = {key: value for key, value in change.data.items() if key not in {"source", "run_id"}}
        return {**version, "template": data.get("tags", {}).get(_PROMPT_TEXT_TAG, ""), **data}
    if change.action in {"model.created", "version.created"}:
        return {**version, **change.data}
    if change.action.endswith((".tag_set", ".tag_deleted")):
        value = {"value": change.after} if change.action.endswith("_set") else {}
        return {**version, "key": change.target, **value}
    if change.action.startswith("alias."):
        alias = {"alias": change.target.partition(":")[2]}
        return {**alias, **version} if change.action == "alias.set" else alias
    said = {"before": change.before, "after": change.after, "target": change.target, **change.data}
    return {**version, **said, "user": by.user, "reason": by.reason}


def ended_run(info: RunInfo, before: RunStatus) -> Told | None:
    """What webhooks are told of a run whose status was changed to that in `info`; None if it did not end."""
    action = None if info.status is before else _ENDED.get(info.status)
    if action is None:
        return None
    return WebhookEvent(WebhookEntity.RUN, action), {
        "run_id": info.run_id,
        "experiment_id": info.experiment_id,
        "run_name": info.run_name,
        "status": info.status.value,
        "start_time": info.start_time,
        "end_time": info.end_time,
        "user": info.user_id,
    }


_OF_DEPLOYMENTS = {
    "created": WebhookAction.CREATED,
    "removed": WebhookAction.DELETED,
    "failed": WebhookAction.FAILED,
    "rolled_back": WebhookAction.ROLLED_BACK,
}


def changed_deployment(deployment: Deployment, event: DeploymentEvent) -> Told:
    """What webhooks are told of a change of a deployment."""
    action = _OF_DEPLOYMENTS.get(event.action, WebhookAction.UPDATED)
    return WebhookEvent(WebhookEntity.DEPLOYMENT, action), {
        "name": deployment.name,
        "target": deployment.target,
        "state": deployment.state.value,
        "address": deployment.address,
        "model": deployment.current.model,
        "version": deployment.current.version,
        "change": event.action,
        "before": event.before,
        "after": event.after,
        "weight": event.weight,
        "detail": event.detail,
        "user": event.user,
        "reason": event.reason,
    }


def message_of(event: WebhookEvent, data: Mapping[str, Any]) -> bytes:
    """The body that tells of an event, which happened now."""
    said = {
        "entity": event.entity.value,
        "action": event.action.value,
        "timestamp": datetime.now(UTC).isoformat(),
        "data": data,
    }
    return json.dumps(said).encode()
