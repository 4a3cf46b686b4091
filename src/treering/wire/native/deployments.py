"""Deployments in the native API.

`user` says who acts where it is given; else the header `X-Treering-User` does. Nobody proves who they are yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from treering.entities.deployment import Deployment, DeploymentChange, DeploymentEvent, DeploymentQuery
from treering.entities.live import LiveDeployment
from treering.wire.endpoint import Empty, Endpoint, Permission

__all__ = [
    "GET",
    "HISTORY",
    "LIST",
    "LIVE",
    "PROMOTE",
    "RECORD",
    "REMOVE",
    "ROLLBACK",
    "STATUS",
    "TARGETS",
    "AskDeploymentHistory",
    "DeploymentEvents",
    "DeploymentName",
    "DeploymentPage",
    "DeploymentTarget",
    "DeploymentTargets",
    "PromoteDeployment",
    "RecordDeployment",
    "RemoveDeployment",
    "RollbackDeployment",
]


class DeploymentName(msgspec.Struct, frozen=True):
    """One deployment."""

    name: str


class DeploymentPage(msgspec.Struct, frozen=True):
    """Deployments by name."""

    deployments: Sequence[Deployment]
    next_page_token: str = ""


class AskDeploymentHistory(msgspec.Struct, frozen=True):
    """What happened to a deployment."""

    name: str
    max_results: int = 100
    page_token: str = ""


class DeploymentEvents(msgspec.Struct, frozen=True):
    """Changes of a deployment, the newest first."""

    events: Sequence[DeploymentEvent]
    next_page_token: str = ""


class PromoteDeployment(msgspec.Struct, frozen=True):
    """Give traffic to the candidate: all at once, or `weight` per cent, or more and more in the steps of `canary`.

    `every` is how many seconds a step lasts at least. `revision` is the one that is expected; null asks for no promise.
    """

    name: str
    canary: tuple[float, ...] | None = None
    every: float = 60.0
    weight: float | None = None
    reason: str = ""
    revision: int | None = None
    user: str = ""


class RollbackDeployment(msgspec.Struct, frozen=True):
    """Drop the candidate; without one, go back to the version before."""

    name: str
    reason: str = ""
    revision: int | None = None
    user: str = ""


class RemoveDeployment(msgspec.Struct, frozen=True):
    """Take a deployment down; its record stays."""

    name: str
    reason: str = ""
    user: str = ""


class RecordDeployment(msgspec.Struct, frozen=True):
    """What a client deployed from its own machine, as it stands now; `deployment.revision` is the one before."""

    deployment: Deployment
    changes: Sequence[DeploymentChange] = ()
    reason: str = ""
    user: str = ""


class DeploymentTarget(msgspec.Struct, frozen=True):
    """A place where models can be put; `options` is a JSON schema of what it can be told."""

    name: str
    summary: str
    options: Mapping[str, Any]


class DeploymentTargets(msgspec.Struct, frozen=True):
    """The places there are, by name."""

    targets: Sequence[DeploymentTarget]


_ALL, _ONE = "/api/v1/deployments", "/api/v1/deployments/{name}"
_READ, _EDIT = Permission.READ_MODELS, Permission.EDIT_MODELS

LIST = Endpoint("deployments.list", "GET", _ALL, DeploymentQuery, DeploymentPage, _READ, "Find deployments")
RECORD = Endpoint(
    "deployments.record", "POST", _ALL, RecordDeployment, Deployment, _EDIT, "Record what was deployed from elsewhere"
)
GET = Endpoint("deployments.get", "GET", _ONE, DeploymentName, Deployment, _READ, "One deployment, as it was last seen")
STATUS = Endpoint(
    "deployments.status", "POST", f"{_ONE}/status", DeploymentName, Deployment, _EDIT,
    "One deployment, as it stands now; what changed is recorded",
)  # fmt: skip
HISTORY = Endpoint(
    "deployments.history", "GET", f"{_ONE}/history", AskDeploymentHistory, DeploymentEvents, _READ,
    "What happened to a deployment",
)  # fmt: skip
LIVE = Endpoint(
    "deployments.live", "GET", f"{_ONE}/live", DeploymentName, LiveDeployment, _READ,
    "Traffic, latency and errors of a deployment at this moment",
)  # fmt: skip
PROMOTE = Endpoint(
    "deployments.promote", "POST", f"{_ONE}/promote", PromoteDeployment, Deployment, _EDIT,
    "Give traffic to the candidate",
)  # fmt: skip
ROLLBACK = Endpoint(
    "deployments.rollback", "POST", f"{_ONE}/rollback", RollbackDeployment, Deployment, _EDIT,
    "Drop the candidate, or go back to the version before",
)  # fmt: skip
REMOVE = Endpoint("deployments.remove", "DELETE", _ONE, RemoveDeployment, Empty, _EDIT, "Take a deployment down")
TARGETS = Endpoint(
    "deployments.targets", "GET", "/api/v1/deployment-targets", Empty, DeploymentTargets, _READ,
    "Places where models can be put",
)  # fmt: skip
