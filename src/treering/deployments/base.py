"""What a deployment target promises, and what the service that works on targets promises.

source ─▶ Wanted ─▶ Target.plan ─▶ Target.apply ─▶ Standing
                                                     │ recorded, with who and when, by Deployments
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from treering.core.plugins import Registry
from treering.entities.deployment import (
    CanaryPlan,
    Deployment,
    DeploymentChange,
    DeploymentEvent,
    DeploymentQuery,
    DeploymentState,
    Release,
)
from treering.entities.page import Page

if TYPE_CHECKING:  # what only some need
    from treering.deployments.programs import Programs
    from treering.entities.live import LiveDeployment

__all__ = [
    "AT_ONCE",
    "PATIENCE",
    "TARGETS",
    "Answered",
    "Book",
    "Deployments",
    "Files",
    "Leading",
    "OpenTarget",
    "Order",
    "Plan",
    "Request",
    "Standing",
    "Step",
    "Surroundings",
    "Target",
    "TargetInfo",
    "Wanted",
]

PATIENCE = 300.0
"""Seconds that something which was applied may take until it answers, unless somebody says otherwise."""

Files = Callable[[], Path]
"""The folder on this machine with what is deployed, a bundle or a model's files: fetched now where it is not here.

It need not stay longer than the call that asked for it.
"""


class Step(NamedTuple):
    """One thing that is done when a plan is applied, in words and, where it is a command, as that."""

    does: str
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying would do.

    Attributes:
        documents: Files that would be written or sent, by name.
    """

    steps: Sequence[Step]
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to answer.

    Attributes:
        name: The deployment's name.
        config: The target's own words; checked against `Target.options`.
        candidate: Whether it comes beside what answers now, without traffic, instead of taking its place.
        known: What is there; None where nothing is.
        patience: Seconds to wait until it answers; 0 does not wait.
    """

    name: str
    release: Release
    config: Mapping[str, str]
    files: Files
    candidate: bool = False
    known: Deployment | None = None
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True)
class Order:
    """A deployment that somebody asks for; the attributes are those of `Wanted`.

    Attributes:
        target: A row of `TARGETS`; "" for that of the deployment that is there, or `local`.
        config: What is not named keeps its value, where there is a deployment.
        tags: As `config`.
        leading: How a candidate begins; None leaves it without traffic.
    """

    name: str
    release: Release
    files: Files
    target: str = ""
    config: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    candidate: bool = False
    leading: Leading | None = None
    patience: float = PATIENCE
    reason: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Leading:
    """How a candidate gets traffic: all at once where nothing is said.

    Attributes:
        weight: It gets so much, in per cent, and no more.
        canary: It gets more and more, and is judged.
    """

    weight: float | None = None
    canary: CanaryPlan | None = None


AT_ONCE = Leading()
"""All of the traffic at once."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands at a target.

    Attributes:
        changes: What happened there by itself since it was asked last, such as the steps of a canary; the oldest first.
        seen: The number of the last of these.
        outcome: `promoted` or `rolled_back` where the target decided about the candidate by itself; "" where it did not.
        weight: What the candidate gets, in per cent; None where that is as it was recorded.
    """

    state: DeploymentState
    message: str = ""
    address: str = ""
    changes: Sequence[DeploymentChange] = ()
    seen: int = 0
    outcome: str = ""
    weight: float | None = None


class Request(NamedTuple):
    """What a deployment is asked to predict."""

    body: bytes
    content_type: str = "application/json"


class Answered(NamedTuple):
    """What it says."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Target(Protocol):
    """A place where models can be put. Methods raise Unavailable where it cannot be reached."""

    summary: str
    """One line."""

    options: Mapping[str, Any]
    """A JSON schema of `Wanted.config`: an object of texts, whose properties are described."""

    def plan(self, wanted: Wanted) -> Plan:
        """What `apply` would do. Changes nothing."""

    def apply(self, wanted: Wanted) -> Standing:
        """Make it so; again is no error, and changes nothing."""

    def status(self, deployment: Deployment) -> Standing:
        """How it stands; FAILED where nothing of it is there."""

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """Give traffic to the candidate; with all of it, it takes the place of the current release.

        Raises:
            NotSupported: If traffic cannot be divided here as it was asked for.
        """

    def rollback(self, deployment: Deployment) -> Standing:
        """Take the candidate away; without one, put the previous release in the place of the current."""

    def remove(self, deployment: Deployment) -> None:
        """Leave nothing of it; again is no error."""

    def live(self, deployment: Deployment) -> LiveDeployment:
        """Figures of this moment. Raises nothing for a server that does not answer: that is a figure, too."""

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """Ask it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What targets work with.

    Attributes:
        home: Where they keep what they have to remember.
        variables: Those of the process, for programs that are started.
        programs: Runs other programs; None for those of this machine.
    """

    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    programs: Programs | None = None


OpenTarget = Callable[[Surroundings], Target]

TARGETS: Registry[OpenTarget] = Registry(
    "treering.deployment_targets",
    "deployment target",
    {
        "azureml": "treering.deployments.targets.azureml:open_target",
        "docker": "treering.deployments.targets.docker:open_target",
        "kserve": "treering.deployments.targets.kserve:open_target",
        "kubernetes": "treering.deployments.targets.kubernetes:open_target",
        "local": "treering.deployments.targets.local:open_target",
        "ray": "treering.deployments.targets.ray:open_target",
        "sagemaker": "treering.deployments.targets.sagemaker:open_target",
        "ssh": "treering.deployments.targets.ssh:open_target",
    },
    extras={"sagemaker": "s3"},
)
"""Where models can be put; those of other packages are added through the entry point group."""


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """A target, told to people.

    Attributes:
        options: A JSON schema.
    """

    name: str
    summary: str
    options: Mapping[str, Any]


class Book(Protocol):
    """Where deployments are recorded."""

    def put(self, deployment: Deployment, changes: Sequence[DeploymentChange], *, user: str, reason: str) -> Deployment:
        """Record a change of the deployment that stands at `deployment.revision`; 0 for a new one.

        Raises:
            AlreadyExists: If it is to be new, and is not.
            Conflict: If it has been changed since that revision.
            NotFound: If there is none.
        """

    def get(self, name: str) -> Deployment:
        """Raises NotFound."""

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """By name."""

    def history(self, name: str, max_results: int = 100, page_token: str = "") -> Page[DeploymentEvent]:
        """The newest first. Raises NotFound."""


class Deployments(Protocol):
    """Deployments as people work with them. What changes something is recorded, with who did it and why."""

    def targets(self) -> Sequence[TargetInfo]:
        """Those there are."""

    def plan(self, order: Order) -> Plan:
        """What `deploy` would do. Raises as it does, and changes nothing."""

    def deploy(self, order: Order) -> Deployment:
        """Put a release at a target: under a new name, in the place of the one that is there, or beside it.

        Raises:
            InvalidInput: If the name or the config cannot be.
            Conflict: If there is a deployment of the name at another target, or somebody changes it meanwhile.
            PermissionDenied: If it is kept from somewhere else.
        """

    def get(self, name: str) -> Deployment:
        """As it was last seen. Raises NotFound."""

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """By name."""

    def history(self, name: str, max_results: int = 100, page_token: str = "") -> Page[DeploymentEvent]:
        """The newest first. Raises NotFound."""

    def status(self, name: str) -> Deployment:
        """As it stands now; what changed by itself is recorded. Raises NotFound."""

    def live(self, name: str) -> LiveDeployment:
        """Figures of this moment; as `status` besides. Raises NotFound."""

    def predict(self, name: str, request: Request) -> Answered:
        """Ask it. Raises NotFound, and Unavailable if it does not answer."""

    def promote(
        self, name: str, leading: Leading = AT_ONCE, *, reason: str = "", user: str = "", revision: int | None = None
    ) -> Deployment:
        """Give traffic to the candidate.

        Raises:
            Conflict: If there is no candidate, or the revision is another one.
            PermissionDenied: If it is kept from somewhere else.
        """

    def rollback(self, name: str, *, reason: str = "", user: str = "", revision: int | None = None) -> Deployment:
        """Drop the candidate; without one, go back to the previous release. Raises as `promote`."""

    def remove(self, name: str, *, reason: str = "", user: str = "") -> Deployment:
        """Take it down; its record stays. Raises as `promote`."""

    def record(
        self, deployment: Deployment, changes: Sequence[DeploymentChange], *, reason: str, user: str
    ) -> Deployment:
        """Take in what somebody else deployed from elsewhere. Raises as `Book.put`; PermissionDenied if it is kept here."""
