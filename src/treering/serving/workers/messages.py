"""What a tunnel says beside ASGI's own messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ACK", "END", "FAILED", "GONE", "LOST", "OPEN", "WINDOW", "plain_scope", "scope_of"]

OPEN = "tunnel.open"
"""A connection begins; has its `scope`."""
ACK = "tunnel.ack"
"""A message was taken; another may be sent."""
END = "tunnel.end"
"""The application has returned."""
FAILED = "tunnel.failed"
"""The application failed."""
LOST = "tunnel.lost"
"""There is no worker, or it has gone."""
GONE = "tunnel.gone"
"""Nobody listens any more."""

WINDOW = 16
"""Messages of a connection that may be on their way in each direction."""

_KEPT = (
    "type", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path", "headers", "client",
    "server", "subprotocols",
)  # fmt: skip


def plain_scope(scope: Mapping[str, Any]) -> dict[str, Any]:
    """What of a scope can be sent."""
    return {name: scope[name] for name in _KEPT if name in scope}


def scope_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A scope as applications expect it."""
    scope = dict(plain)
    scope["headers"] = [(bytes(name), bytes(value)) for name, value in plain.get("headers") or ()]
    for name in ("client", "server"):
        if scope.get(name) is not None:
            scope[name] = tuple(scope[name])
    scope["asgi"] = {"version": "3.0", "spec_version": "2.3"}
    return scope
