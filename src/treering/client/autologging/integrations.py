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
        "catboost": "treering.client.autologging.catboost:install",
        "keras": "treering.client.autologging.keras:install",
        "lightgbm": "treering.client.autologging.lightgbm:install",
        "optuna": "treering.client.autologging.optuna:install",
        "pytorch": "treering.client.autologging.pytorch:install",
        "sklearn": "treering.client.autologging.sklearn:install",
        "statsmodels": "treering.client.autologging.statsmodels:install",
        "tensorflow": "treering.client.autologging.tensorflow:install",
        "transformers": "treering.client.autologging.transformers:install",
        "xgboost": "treering.client.autologging.xgboost:install",
    },
)
