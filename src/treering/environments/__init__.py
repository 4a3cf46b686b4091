"""Environments for models: built from what a model says it needs, kept by content, and entered.

model folder ──specification──▶ what it needs ──cache──▶ built once by uv, virtualenv or conda ──entering──▶ a program in it
"""

from __future__ import annotations

from treering.core.plugins import Registry
from treering.environments.base import EnvironmentManager

__all__ = ["ENVIRONMENT_MANAGERS"]

ENVIRONMENT_MANAGERS: Registry[EnvironmentManager] = Registry(
    "treering.environment_managers",
    "environment manager",
    {
        "conda": "treering.environments.conda:MANAGER",
        "local": "treering.environments.local:MANAGER",
        "uv": "treering.environments.uv:MANAGER",
        "virtualenv": "treering.environments.virtualenv:MANAGER",
    },
)
