"""A whole service as one ASGI application, for tests and for servers that are not ours."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from treering.serving.services.host import ServiceHost
from treering.serving.services.service import Service

__all__ = ["application"]


def application(service: Service[Any], options: Mapping[str, Any]) -> ASGIApp:
    """Starts the service with its lifespan, or with the first request of a server that has none, and ends it with it."""
    return _Embedded(service, options)


class _Embedded:
    def __init__(self, service: Service[Any], options: Mapping[str, Any]) -> None:
        self._service = service
        self._folder = tempfile.TemporaryDirectory(prefix="treering-service-")
        self._options = {"session": self._folder.name, **options}
        self._host: ServiceHost | None = None
        self._starting: asyncio.Lock | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        host = await self._started()
        await host.application()(scope, receive, send)  # type: ignore[misc]  # a service always has one

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._started()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._host is not None:
            await asyncio.to_thread(self._host.close)
            self._host = None
            self._folder.cleanup()
        await send({"type": "lifespan.shutdown.complete"})

    async def _started(self) -> ServiceHost:
        self._starting = self._starting or asyncio.Lock()
        async with self._starting:
            if self._host is None:
                self._host = await asyncio.to_thread(ServiceHost, self._service, self._options)
            return self._host
