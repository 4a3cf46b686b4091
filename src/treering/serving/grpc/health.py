"""The service that probes ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from treering.serving.grpc.definitions import message
from treering.serving.grpc.face import Front

__all__ = ["SERVICE", "Health"]

SERVICE = "grpc.health.v1.Health"
_LOOK = 0.5
_SERVING, _NOT_SERVING, _UNKNOWN = 1, 2, 3


class Health:
    """Methods under the names that they have on the wire."""

    def __init__(self, front: Front, services: tuple[str, ...]) -> None:
        self._front = front
        self._services = services

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 -- of the wire
        """Whether a service, or a model, is ready."""
        if not self._known(request.service):
            known = ", ".join(self._services)
            await context.abort(
                grpc.StatusCode.NOT_FOUND, f"There is no service {request.service!r}. Known ones: {known}."
            )
        return self._state(request.service)

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: ARG002, N802 -- of the wire
        """The state now, and again whenever it changes, until the client goes."""
        before = None
        while True:
            now = self._state(request.service)
            if now != before:
                before = now
                yield now
            await asyncio.sleep(_LOOK)

    def _known(self, service: str) -> bool:
        return service in {"", *self._services} or any(one["name"] == service for one in self._front.models())

    def _state(self, service: str) -> Any:
        state = _UNKNOWN if not self._known(service) else _SERVING if self._front.ready() else _NOT_SERVING
        return message("grpc.health.v1.HealthCheckResponse")(status=state)
