"""What this server tells MLflow's clients about itself."""

from __future__ import annotations

from treering.assembly import Services
from treering.server.handling import Handlers
from treering.server.mlflow.proxy import ROOT
from treering.storage.objects.base import Multipart, Presigning
from treering.wire.endpoint import Empty
from treering.wire.mlflow import server_info as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: Empty) -> wire.ServerInfo:  # noqa: ARG001 (a handler's shape)
    settings = services.settings
    direct = settings.serve_artifacts and settings.direct_artifacts
    # The classes tell; the store need not be reached for it.
    store = services.open_artifacts(ROOT) if direct else None
    return wire.ServerInfo(
        artifact_serving_enabled=settings.serve_artifacts,
        multipart_uploads_enabled=isinstance(store, Multipart),
        multipart_downloads_enabled=isinstance(store, Presigning),
        model_artifact_presigned_downloads_supported=isinstance(store, Presigning),
    )
