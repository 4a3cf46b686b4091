"""All endpoints of MLflow's API in one table."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from treering.wire.endpoint import Endpoint
from treering.wire.mlflow import (
    artifacts,
    experiments,
    logged_models,
    metrics,
    model_versions,
    registered_models,
    runs,
    server_info,
    webhooks,
)

__all__ = ["ENDPOINTS"]

_MODULES = (
    server_info,
    experiments,
    runs,
    metrics,
    artifacts,
    logged_models,
    registered_models,
    model_versions,
    webhooks,
)


def _declared(module: ModuleType) -> list[Endpoint[Any, Any]]:
    return [value for value in vars(module).values() if isinstance(value, Endpoint)]


ENDPOINTS: tuple[Endpoint[Any, Any], ...] = tuple(endpoint for module in _MODULES for endpoint in _declared(module))
"""Each endpoint of `treering.wire.mlflow` once."""
