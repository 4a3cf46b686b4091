"""What the server says of itself in the native API."""

from __future__ import annotations

import treering
from treering.assembly import PROXIED_ROOT, Services
from treering.core.clock import now
from treering.core.uri import scheme_of
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.native import server as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.INFO)
def _info(services: Services, asked: Empty) -> wire.ServerInfo:  # noqa: ARG001 - it has no fields
    settings = services.settings
    # Only the kind of the database: its URI may hold a password.
    kind = scheme_of(settings.backend_store_uri) if "://" in settings.backend_store_uri else "sqlite"
    root = settings.default_artifact_root or (PROXIED_ROOT if settings.serve_artifacts else "")
    return wire.ServerInfo(treering.__version__, kind, root, settings.serve_artifacts, now())
