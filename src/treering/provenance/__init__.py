"""What came of what: data, runs, models and versions as one graph, walked in both directions."""

from __future__ import annotations

from treering.core.plugins import Registry
from treering.provenance.base import OpenRelations

__all__ = ["RELATIONS"]

RELATIONS: Registry[OpenRelations] = Registry(
    "treering.relations",
    "source of relations",
    {
        "code": "treering.provenance.code:CodeRelations",
        "deployments": "treering.provenance.deployments:DeploymentRelations",
        "logged_models": "treering.provenance.logged_models:LoggedModelRelations",
        "runs": "treering.provenance.runs:RunRelations",
        "versions": "treering.provenance.versions:VersionRelations",
    },
)
"""Who knows of relations between things; each knows the things of its own kinds as well."""
