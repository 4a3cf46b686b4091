"""Deployments: which version answers where, put there by whom, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    "LiveCanary",
    "LiveCheck",
    "LiveDeployment",
    "LiveReplicas",
    "LiveSeries",
    "LiveVariant",
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


@dataclass(frozen=True, slots=True)
class LiveReplicas:
    """How many copies there should be, and how many answer."""

    wanted: int
    ready: int


@dataclass(frozen=True, slots=True)
class LiveVariant:
    """What one version was asked, and how it answered.

    Attributes:
        role: `current`, `candidate`, `shadow` or `other`.
        weight: Per cent of the traffic.
        requests: Since the server was started, as are `errors` and `rows`.
        rate: Requests a second over the window; None where nobody counts.
        error_rate: The part of the requests of the window that failed.
        p50: Seconds, over the window, as are `p95`, `p99` and `mean`; None where nothing was asked.
        agreement: Of a shadow: the part of its answers that equal the current version's.
    """

    variant: str
    role: str
    model: str = ""
    version: str = ""
    weight: float = 0.0
    requests: int = 0
    errors: int = 0
    rows: int = 0
    rate: float | None = None
    error_rate: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    mean: float | None = None
    agreement: float | None = None


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """One thing that a candidate is judged by."""

    name: str
    current: float | None
    candidate: float | None
    limit: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class LiveCanary:
    """How far a candidate has come.

    Attributes:
        state: `RUNNING`, `PROMOTED`, `ROLLED_BACK` or `HELD`.
        step: The place of the present step in `steps`.
        started: Milliseconds since the epoch, as are `step_since` and `next`.
        next: When the step is judged at the earliest; 0 where it is over.
    """

    state: str
    steps: Sequence[float]
    step: int
    weight: float
    started: int = 0
    step_since: int = 0
    next: int = 0
    reason: str = ""
    checks: Sequence[LiveCheck] = ()


@dataclass(frozen=True, slots=True)
class LiveSeries:
    """Figures of the last minutes, one for each interval.

    Attributes:
        interval: Seconds.
        start: When the first interval began, in milliseconds since the epoch.
        variants: By variant and figure (`requests`, `errors`, `p95`); None where there is none.
    """

    interval: float
    start: int
    variants: Mapping[str, Mapping[str, Sequence[float | None]]]


@dataclass(frozen=True, slots=True)
class LiveDeployment:
    """How a deployment does at this moment.

    Attributes:
        reachable: Whether its server answered.
        since: When the counters began at 0, in milliseconds since the epoch; 0 where that is not known.
        window: Seconds that rates and quantiles tell of.
    """

    name: str
    time: int
    state: DeploymentState
    reachable: bool
    message: str = ""
    since: int = 0
    replicas: LiveReplicas | None = None
    variants: Sequence[LiveVariant] = ()
    window: float = 60.0
    canary: LiveCanary | None = None
    series: LiveSeries | None = None
