"""All endpoints of the native API in one table, in the order in which its description lists them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from treering.wire.endpoint import Endpoint
from treering.wire.native import (
    artifacts,
    cards,
    datasets,
    deployments,
    events,
    experiments,
    grid,
    lineage,
    metrics,
    models,
    objectives,
    registry,
    repository,
    runs,
    server,
    tables,
    upkeep,
    views,
    webhooks,
)

__all__ = ["ENDPOINTS"]


def _declared(module: ModuleType) -> list[Endpoint[Any, Any]]:
    return [value for value in vars(module).values() if isinstance(value, Endpoint)]


ENDPOINTS: tuple[Endpoint[Any, Any], ...] = tuple(
    endpoint
    for module in (
        server,
        experiments,
        objectives,
        runs,
        tables,
        grid,
        metrics,
        events,
        datasets,
        models,
        cards,
        registry,
        lineage,
        deployments,
        views,
        webhooks,
        artifacts,
        repository,
        upkeep,
    )
    for endpoint in _declared(module)
)
"""Each endpoint of `treering.wire.native` once."""
