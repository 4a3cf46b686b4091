"""Where code is reviewed: GitHub, GitLab; one file each, reached through the table `FORGES`."""

from __future__ import annotations

from treering.ci.forges.base import OpenForge
from treering.core.plugins import Registry

__all__ = ["FORGES"]

FORGES: Registry[OpenForge] = Registry(
    "treering.forges",
    "forge",
    {
        "github": "treering.ci.forges.github:open_github",
        "gitlab": "treering.ci.forges.gitlab:open_gitlab",
    },
)
"""Makes a `Forge` of the variables that its jobs have."""
