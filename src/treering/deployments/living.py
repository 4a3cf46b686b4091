"""Figures of a deployment, as far as there are some."""

from __future__ import annotations

from treering.core.clock import now
from treering.entities.deployment import Deployment
from treering.entities.live import LiveDeployment, LiveReplicas, LiveVariant

__all__ = ["planned", "unreachable"]


def unreachable(deployment: Deployment, message: str) -> LiveDeployment:
    """What is known of one whose server does not answer."""
    return planned(deployment, reachable=False, message=message)


def planned(
    deployment: Deployment, *, reachable: bool = True, message: str = "", replicas: LiveReplicas | None = None
) -> LiveDeployment:
    """What was asked for, without figures: for targets that count nothing."""
    current, candidate = deployment.current, deployment.candidate
    share = 100.0 - deployment.weight if candidate is not None else 100.0
    variants = [LiveVariant(current.variant, "current", current.model, current.version, share)]
    if candidate is not None:
        weight = deployment.weight
        variants.append(LiveVariant(candidate.variant, "candidate", candidate.model, candidate.version, weight))
    return LiveDeployment(
        deployment.name, now(), deployment.state, reachable, message or deployment.message,
        replicas=replicas, variants=variants,
    )  # fmt: skip
