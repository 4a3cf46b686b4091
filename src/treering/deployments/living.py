"""Figures of a deployment, as far as there are some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from treering.core.clock import now
from treering.entities.deployment import Deployment
from treering.entities.live import LiveDeployment, LiveReplicas, LiveVariant

__all__ = ["planned", "summed", "unreachable"]


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


def summed(row: LiveVariant, counts: Sequence[Mapping[str, Any]]) -> LiveVariant:
    """A row with the counts of several servers together; of the quantiles, those of the slowest."""
    if not counts:
        return row
    answered = sum(int(one["answered"]) for one in counts)
    errors = sum(int(one["refused"]) + int(one["failed"]) for one in counts)
    seconds = [one.get("seconds") or {} for one in counts]
    weighed = [
        (one["answered"], known["mean"])
        for one, known in zip(counts, seconds, strict=True)
        if known.get("mean") is not None
    ]
    mean = sum(many * value for many, value in weighed) / answered if answered and weighed else None
    return replace(
        row, requests=answered, errors=errors, error_rate=errors / answered if answered else None, mean=mean,
        p50=_slowest(seconds, "p50"), p95=_slowest(seconds, "p95"), p99=_slowest(seconds, "p99"),
    )  # fmt: skip


def _slowest(seconds: Sequence[Mapping[str, Any]], name: str) -> float | None:
    return max((one[name] for one in seconds if one.get(name) is not None), default=None)
