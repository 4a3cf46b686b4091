"""The families of endpoints that the server speaks, each with its dialect and its handlers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from treering.server.handling import Handlers
from treering.server.mlflow.table import HANDLERS as MLFLOW_HANDLERS
from treering.server.native import (
    artifacts,
    cards,
    datasets,
    deployments,
    events,
    experiments,
    grid,
    kept,
    lineage,
    logged_models,
    metrics,
    model_versions,
    objectives,
    openapi,
    registered_models,
    registry,
    repository,
    runs,
    server,
    upkeep,
    views,
    webhooks,
)
from treering.wire.dialect import Dialect
from treering.wire.mlflow.codec import MlflowDialect
from treering.wire.native.codec import NATIVE

__all__ = ["MLFLOW_SURFACE", "NATIVE_SURFACE", "SURFACES", "Surface"]


@dataclass(frozen=True, slots=True)
class Surface:
    """One family of endpoints.

    Attributes:
        prefixes: Paths below which errors are answered in the dialect, also where no endpoint is.
    """

    dialect: Dialect
    prefixes: tuple[str, ...]
    tables: Sequence[Handlers]


NATIVE_SURFACE = Surface(
    NATIVE,
    ("/api/v1",),
    (
        server.HANDLERS,
        openapi.HANDLERS,
        experiments.HANDLERS,
        objectives.HANDLERS,
        runs.HANDLERS,
        grid.HANDLERS,
        metrics.HANDLERS,
        events.HANDLERS,
        datasets.HANDLERS,
        logged_models.HANDLERS,
        registered_models.HANDLERS,
        model_versions.HANDLERS,
        cards.HANDLERS,
        registry.HANDLERS,
        lineage.HANDLERS,
        deployments.HANDLERS,
        views.HANDLERS,
        webhooks.HANDLERS,
        artifacts.HANDLERS,
        kept.HANDLERS,
        repository.HANDLERS,
        upkeep.HANDLERS,
    ),
)

MLFLOW_SURFACE = Surface(
    MlflowDialect(),
    ("/api/2.0", "/api/3.0", "/ajax-api", "/get-artifact", "/model-versions", "/graphql"),
    MLFLOW_HANDLERS,
)

SURFACES: tuple[Surface, ...] = (NATIVE_SURFACE, MLFLOW_SURFACE)
"""All of them; the first answers for paths that belong to none."""
