"""All handlers of MLflow's API."""

from __future__ import annotations

from treering.server.handling import Handlers
from treering.server.mlflow import (
    artifacts,
    experiments,
    logged_models,
    metrics,
    model_versions,
    proxy,
    registered_models,
    runs,
    server_info,
    webhooks,
)

__all__ = ["HANDLERS"]

HANDLERS: tuple[Handlers, ...] = (
    server_info.HANDLERS,
    experiments.HANDLERS,
    runs.HANDLERS,
    metrics.HANDLERS,
    artifacts.HANDLERS,
    proxy.HANDLERS,
    logged_models.HANDLERS,
    registered_models.HANDLERS,
    model_versions.HANDLERS,
    webhooks.HANDLERS,
)
