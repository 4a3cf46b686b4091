"""The table of libraries whose training can be logged. A row is loaded when its library is imported, not before."""

from __future__ import annotations

from collections.abc import Callable

from treering.client.autologging.patches import Patches
from treering.core.plugins import Registry

__all__ = ["INTEGRATIONS", "Install"]

Install = Callable[[Patches], None]
"""Wraps the functions of one library, which is imported by now."""

INTEGRATIONS: Registry[Install] = Registry(
    "treering.autologging",
    "autologging integration",
    {
        "keras": "treering.client.autologging.keras:install",
        "pytorch": "treering.client.autologging.pytorch:install",
        "tensorflow": "treering.client.autologging.tensorflow:install",
        "transformers": "treering.client.autologging.transformers:install",
        "xgboost": "treering.client.autologging.xgboost:install",
    },
)
