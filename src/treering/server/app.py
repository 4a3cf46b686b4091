"""The server as an ASGI application: endpoints, probes and the user interface behind one border."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from treering.assembly import Services
from treering.core.errors import UnknownEndpoint
from treering.server.adapter import ENDPOINT_KEY, Adapter, send_answer
from treering.server.border import RequestBorder
from treering.server.guard import Guard
from treering.server.meter import Meter
from treering.server.probes import probes
from treering.server.routing import MethodRefused
from treering.server.static import Interface
from treering.server.surfaces import SURFACES, Surface
from treering.server.watcher import WATCHER_KEY, Watcher

__all__ = ["Application", "create_app"]

_THREADS = 16
_API_PREFIXES = ("/api/", "/ajax-api/", "/graphql")


def create_app(
    services: Services,
    guard: Guard | None = None,
    *,
    surfaces: Sequence[Surface] = SURFACES,
    interface: Interface | None = None,
    threads: int = _THREADS,
    watcher: Watcher | None = None,
) -> Application:
    """The application over `services`, which the caller closes after it.

    Args:
        guard: Which hosts and origins are accepted; all hosts where none is given.
        threads: How many plain handlers run at a time.
        watcher: Tells pages of changes; by default of those that `services` count.
    """
    meter = Meter()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="treering-request")
    adapter = Adapter(services, surfaces, pool, services.settings.max_body_bytes)
    site = _Site(adapter, interface or Interface(), services, meter, pool)
    border = RequestBorder(site, adapter.dialect_for, guard or Guard(), meter)
    return Application(border, pool, watcher or Watcher(services.versions))


class _Site:
    """Decides what answers: an endpoint, a probe or the user interface."""

    def __init__(
        self, adapter: Adapter, interface: Interface, services: Services, meter: Meter, pool: ThreadPoolExecutor
    ) -> None:
        self._adapter = adapter
        self._interface = interface
        self._probes = probes(services, meter, pool)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        reads = scope["method"] in {"GET", "HEAD"}
        if path in self._probes:
            if not reads:
                msg = f"{path} does not answer to {scope['method']}, but to GET."
                raise MethodRefused(msg, ["GET"])
            scope[ENDPOINT_KEY] = path[1:]
            await send_answer(send, await self._probes[path]())
            return
        try:
            await self._adapter(scope, receive, send)
        except UnknownEndpoint:
            if not reads or path.startswith(_API_PREFIXES) or ENDPOINT_KEY in scope:
                raise
            scope[ENDPOINT_KEY] = "interface"
            accepted = dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1")
            response = await run_in_threadpool(self._interface.answer, path, accepted)
            await response(scope, receive, send)


class Application:
    """The whole as ASGI: ends the pool with the application; refuses what is not HTTP."""

    def __init__(self, app: ASGIApp, pool: ThreadPoolExecutor, watcher: Watcher) -> None:
        self._app = app
        self._pool = pool
        self._watcher = watcher

    def end_streams(self) -> None:
        """End what would go on for as long as its caller likes; to be called on the event loop."""
        self._watcher.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what the server hands on."""
        if scope["type"] == "http":
            scope[WATCHER_KEY] = self._watcher
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self._pool.shutdown(wait=False, cancel_futures=True)
            await send({"type": "lifespan.shutdown.complete"})
