"""Promotions, approvals and rollback by fluent calls; `Client` has the rest."""

from __future__ import annotations

from collections.abc import Sequence

from treering.client.client import Client
from treering.entities.governance import Promotion, RegistryEvent, VersionComparison
from treering.entities.model import ModelVersion

__all__ = [
    "approve_promotion",
    "compare_model_versions",
    "promote",
    "registry_history",
    "reject_promotion",
    "rollback",
]


def promote(
    name: str, version: int | str, target: str, reason: str = "", *, replacing: int | None = None, user: str = ""
) -> Promotion:
    """Move a version to a stage or an alias, or ask for it where a rule of approval wants more.

    Args:
        target: `stage:Production` or `alias:champion`; for short `Production` or `@champion`.
        replacing: The version that is expected to be there, 0 for none; where another is, Conflict is raised.
        user: Who asks; the setting `TREERING_USER`, else the name of who is logged in, where it is not given.

    Returns:
        The promotion: its `state` is `DONE`, or `PENDING`, and then `missing` says what it waits for.

    Raises:
        NotFound: If there is no such version.
        Conflict: If somebody else was faster, or another promotion to the target waits.
    """
    return Client().promote_model_version(name, version, target, reason, replacing=replacing, user=user)


def approve_promotion(promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
    """Approve a promotion that waits. Raises PermissionDenied where the rule does not let this user."""
    return Client().approve_promotion(promotion_id, comment, user=user)


def reject_promotion(promotion_id: str, comment: str = "", *, user: str = "") -> Promotion:
    """Reject a promotion that waits. Raises PermissionDenied where the rule does not let this user."""
    return Client().reject_promotion(promotion_id, comment, user=user)


def rollback(name: str, target: str, reason: str = "", *, replacing: int | None = None, user: str = "") -> ModelVersion:
    """Give a stage or an alias back to the version that held it before; that version.

    Args:
        replacing: The version that is expected to be there; where another is, Conflict is raised.

    Raises:
        Conflict: If the history knows no version that held it before, or somebody else was faster.
    """
    return Client().rollback_model_version(name, target, reason, replacing=replacing, user=user)


def registry_history(name: str = "", version: int = 0, max_results: int = 100) -> list[RegistryEvent]:
    """What happened to a model, to one version of it, or to all: who, when, what, why; the newest first."""
    return list(Client().get_registry_history(name, version, max_results))


def compare_model_versions(versions: Sequence[tuple[str, int]]) -> VersionComparison:
    """Versions, each a name and a number, beside each other: metrics, params, signature, requirements, data, evaluation."""
    return Client().compare_model_versions(versions)
