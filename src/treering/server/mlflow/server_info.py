"""What this server tells MLflow's clients about itself."""

from __future__ import annotations

from treering.assembly import Services
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.mlflow import server_info as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: Empty) -> wire.ServerInfo:  # noqa: ARG001 (a handler's shape)
    return wire.ServerInfo(artifact_serving_enabled=services.settings.serve_artifacts)
