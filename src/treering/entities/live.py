"""How a deployment does at this moment: what its versions were asked, and how a candidate is getting on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from treering.entities.deployment import DeploymentState

__all__ = [
    "LiveCanary",
    "LiveCheck",
    "LiveComparison",
    "LiveDeployment",
    "LiveReplicas",
    "LiveSeries",
    "LiveVariant",
]


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
class LiveComparison:
    """What a variant earns beside another one, by a test that may be looked at at any time.

    Attributes:
        difference: The variant's mean reward minus that of the base; None while there are too few rewards.
        low: The difference is above this, and below `high`; both hold at all times together.
        p: The chance of so great a difference if there were none, however often one looks.
        alpha: How often the bounds may be wrong.
    """

    base: str
    variant: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    alpha: float = 0.05


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
        comparisons: Of each variant that earned something with the first one.
        skewed: Whether the traffic is surely not divided as it was asked for, so that no comparison is to be believed.
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
    comparisons: Sequence[LiveComparison] = ()
    skewed: bool = False
