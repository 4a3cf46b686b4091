"""Deployments: which version answers where, put there by whom, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "DEPLOYMENT_ACTIONS",
    "MAX_DEPLOYMENT_NAME",
    "CanaryPlan",
    "Deployment",
    "DeploymentChange",
    "DeploymentEvent",
    "DeploymentQuery",
    "DeploymentState",
    "Release",
]

MAX_DEPLOYMENT_NAME = 63
"""Most characters of a deployment's name, as Kubernetes and SageMaker have it."""

DEPLOYMENT_ACTIONS = (
    "created",
    "applied",
    "candidate",
    "ready",
    "failed",
    "canary.started",
    "canary.step",
    "canary.held",
    "promoted",
    "rolled_back",
    "updated",
    "removed",
)
"""What an event can tell of."""


class DeploymentState(StrEnum):
    """How a deployment stands.

    PENDING: applied, and not seen ready yet. CANARY: a candidate is given more and more of the traffic.
    DEGRADED: it answers, though not with all that was asked for. UNKNOWN: its target could not be asked.
    """

    PENDING = "PENDING"
    READY = "READY"
    CANARY = "CANARY"
    DEGRADED = "DEGRADED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    REMOVED = "REMOVED"


@dataclass(frozen=True, slots=True)
class Release:
    """One version as it was given to a target.

    Attributes:
        source: What was asked for: a model URI, a bundle's folder or tag, or an image.
        model: Its name in the registry or at the server; "" where it has none.
        digest: Of the bundle, such as `sha256:...`; "" for none.
        user: Who put it there.
        time: When, in milliseconds since the epoch.
        variant: What the router calls it.
        registered: Whether `model` and `version` are of the registry.
        run_id: The run that made it; "" where that is not known.
        image: The container image that holds it, for targets that run such.
    """

    source: str
    model: str = ""
    version: str = ""
    digest: str = ""
    user: str = ""
    time: int = 0
    variant: str = ""
    registered: bool = False
    run_id: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """How a candidate is given more of the traffic.

    Attributes:
        steps: Shares in per cent, growing; the last is 100.
        every: Seconds that a step lasts at least.
    """

    steps: tuple[float, ...]
    every: float


@dataclass(frozen=True, slots=True)
class Deployment:
    """What answers under a name at a target.

    Attributes:
        message: Why it stands as it does, where that is not plain.
        address: Where it is asked; "" while that is not known.
        candidate: What takes part of the traffic, or waits for it.
        previous: What a rollback goes back to.
        weight: Per cent of the traffic that goes to the candidate.
        canary: How the candidate is led in, while that happens.
        config: What the target was told, without secrets.
        owner: Who made it.
        keeper: The machine and home from which it was deployed, and from which alone it can be changed.
        managed: Whether whoever tells of it can change it.
        created: Milliseconds since the epoch, as is `updated`.
        revision: Grows with each change.
        seen: The number of the last event at its server that is in its history.
    """

    name: str
    target: str
    state: DeploymentState
    current: Release
    message: str = ""
    address: str = ""
    candidate: Release | None = None
    previous: Release | None = None
    weight: float = 0.0
    canary: CanaryPlan | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    keeper: str = ""
    managed: bool = False
    created: int = 0
    updated: int = 0
    revision: int = 0
    seen: int = 0


@dataclass(frozen=True, slots=True)
class DeploymentChange:
    """What is to be remembered of a change; the attributes are those of `DeploymentEvent`.

    Attributes:
        user: Who did it, where that is not who records it; "" where it is.
        time: When it happened, where that was before it is recorded; 0 for now.
    """

    action: str
    before: str = ""
    after: str = ""
    weight: float = 0.0
    detail: str = ""
    reason: str = ""
    user: str = ""
    time: int = 0


@dataclass(frozen=True, slots=True)
class DeploymentEvent:
    """One change of a deployment.

    Attributes:
        seq: Grows from event to event; not without gaps.
        time: Milliseconds since the epoch.
        user: Who did it; "canary" for what a router decided by itself.
        action: One of `DEPLOYMENT_ACTIONS`.
        before: The version that was there; "" for none.
        after: The version that is there now; "" for none.
        weight: Per cent of the traffic that goes to `after`.
    """

    seq: int
    name: str
    time: int
    user: str
    action: str
    reason: str = ""
    before: str = ""
    after: str = ""
    weight: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentQuery:
    """Which deployments are looked for; "" for any.

    Attributes:
        model: Of the current version or the candidate, as is `version`.
        text: Part of the name.
        removed: Whether those that were removed are found, too.
        page_token: "" for the first page.
    """

    target: str = ""
    state: str = ""
    model: str = ""
    version: str = ""
    text: str = ""
    removed: bool = False
    max_results: int = 100
    page_token: str = ""
