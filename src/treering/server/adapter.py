"""From a request to its handler and back: the one adapter for all dialects.

Plain handlers, with decoding before and encoding behind them, run in a bounded
pool of threads; streaming handlers run on the event loop.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from treering.assembly import Services
from treering.server.guard import is_loopback
from treering.server.handling import PlainHandler, StreamHandler
from treering.server.received import caller_of, headers_of, read_body, received
from treering.server.routing import Router
from treering.server.surfaces import Surface
from treering.wire.dialect import Answer, Dialect, RawRequest
from treering.wire.endpoint import Endpoint, Permission

__all__ = ["ENDPOINT_KEY", "Adapter", "send_answer"]

ENDPOINT_KEY = "treering.endpoint"
"""Where the name of the endpoint stands in a request's scope, for the counts and the log."""

# Changes of the registry are recorded with who made them.
_RECORDED = {Permission.EDIT_MODELS, Permission.ADMINISTER}
# Below this, and to the machine itself, compressing costs more than it saves.
_SMALLEST_PACKED = 16 << 10
_PACK_LEVEL = 1


@dataclass(frozen=True, slots=True)
class _Bound:
    """An endpoint with all that is needed to answer it; one of the two handlers is set."""

    endpoint: Endpoint[Any, Any]
    dialect: Dialect
    plain: PlainHandler | None = None
    stream: StreamHandler | None = None


class Adapter:
    """Answers requests to the endpoints of all surfaces.

    Args:
        pool: Where plain handlers run; the caller closes it.
        max_body: Largest body of a plain handler's request, in bytes.
    """

    def __init__(
        self, services: Services, surfaces: Sequence[Surface], pool: ThreadPoolExecutor, max_body: int
    ) -> None:
        self._services = services
        self._surfaces = surfaces
        self._pool = pool
        self._max_body = max_body
        self._router: Router[_Bound] = Router()
        for surface in surfaces:
            for table in surface.tables:
                for endpoint, plain in table.plain():
                    self._add(_Bound(endpoint, surface.dialect, plain=plain))
                for endpoint, stream in table.streaming():
                    self._add(_Bound(endpoint, surface.dialect, stream=stream))

    def dialect_for(self, path: str) -> Dialect:
        """The dialect in which errors at `path` are answered."""
        for surface in self._surfaces:
            if any(path == prefix or path.startswith(f"{prefix}/") for prefix in surface.prefixes):
                return surface.dialect
        return self._surfaces[0].dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request.

        Raises:
            TreeringError: What a handler raises, and if no endpoint answers there; nothing was sent then.
        """
        raw_path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        # A HEAD request is answered as GET; the HTTP server leaves out the body.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        bound, values = self._router.find(method, raw_path)
        scope[ENDPOINT_KEY] = bound.endpoint.name
        if bound.stream is not None:
            scope["path_params"] = values
            response = await bound.stream(self._services, Request(scope, receive))
            if scope["method"] == "HEAD" and isinstance(response, StreamingResponse):
                response.body_iterator = _nothing()
            await response(scope, receive, send)
            return
        body = await read_body(receive, headers_of(scope), self._max_body)
        request = received(scope, values, body)
        pack = _accepts_packed(scope, request, bound.endpoint)
        loop = asyncio.get_running_loop()
        answer, packed = await loop.run_in_executor(self._pool, self._work, bound, request, pack)
        await send_answer(send, answer, packed=packed)

    def _work(self, bound: _Bound, request: RawRequest, pack: bool) -> tuple[Answer, bool]:  # noqa: FBT001 - called through the pool
        assert bound.plain is not None  # noqa: S101 - tells mypy
        asked = bound.dialect.decode(bound.endpoint, request)
        services = self._services
        if bound.endpoint.permission in _RECORDED:
            services = services.acting_for(caller_of(request.headers))
        answer = bound.dialect.encode(bound.endpoint, bound.plain(services, asked), request)
        if pack and len(answer.body) >= _SMALLEST_PACKED:
            body = gzip.compress(answer.body, _PACK_LEVEL, mtime=0)
            return Answer(answer.status, answer.content_type, body), True
        return answer, False

    def _add(self, bound: _Bound) -> None:
        for path in (bound.endpoint.path, *bound.endpoint.aliases):
            self._router.add(bound.endpoint.method, path, bound)


async def send_answer(
    send: Send, answer: Answer, more: Sequence[tuple[bytes, bytes]] = (), *, packed: bool = False
) -> None:
    """Send `answer`, with further headers; answers of an API are not to be kept by browsers."""
    headers = [
        (b"content-type", answer.content_type.encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        *more,
    ]
    if packed:
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _nothing() -> AsyncIterator[bytes]:
    """The body of an answer that only its head is wanted of."""
    none: tuple[bytes, ...] = ()
    for chunk in none:
        yield chunk


def _accepts_packed(scope: Scope, request: RawRequest, endpoint: Endpoint[Any, Any]) -> bool:
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return False
    client = scope.get("client")
    return endpoint.packed or not (client and is_loopback(client[0]))
