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
        "lightgbm": "treering.client.autologging.lightgbm:install",
        "optuna": "treering.client.autologging.optuna:install",
        "sklearn": "treering.client.autologging.sklearn:install",
        "statsmodels": "treering.client.autologging.statsmodels:install",
        "xgboost": "treering.client.autologging.xgboost:install",
    },
)
