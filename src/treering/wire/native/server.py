"""What a server says of itself in the native API."""

from __future__ import annotations

import msgspec

from treering.wire.endpoint import Empty, Endpoint, Permission, Stream

__all__ = ["DESCRIPTION", "INFO", "ServerInfo"]


class ServerInfo(msgspec.Struct, frozen=True):
    """Which server this is, where a client without an own place puts artifacts, and the server's time in milliseconds."""

    version: str
    database: str
    default_artifact_root: str
    serves_artifacts: bool
    time: int = 0


INFO = Endpoint("server.info", "GET", "/api/v1/server", Empty, ServerInfo, Permission.OPEN, "Which server this is")
DESCRIPTION = Endpoint(
    "server.description", "GET", "/api/v1/openapi.json", Empty, Stream, Permission.OPEN, "This description"
)
