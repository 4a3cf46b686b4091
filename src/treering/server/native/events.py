"""Changes as they happen, told to pages as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from treering.assembly import Services
from treering.server.handling import Handlers
from treering.server.received import received
from treering.server.watcher import WATCHER_KEY, Listener, Watcher
from treering.wire.native import events as wire
from treering.wire.native.codec import NATIVE

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MEDIA_TYPE = "text/event-stream"
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
# Proxies cut connections on which nothing was said for half a minute or more.
_SILENCE = 15.0
# Seconds in which the end of a stream must be said.
_LAST_WORDS = 0.5
# Milliseconds after which a browser connects again.
_RETRY = b"retry: 3000\n"
_COMMENT = b": still here\n\n"


@HANDLERS.streams(wire.WATCH)
async def _watch(services: Services, request: Request) -> Response:  # noqa: ARG001 - the watcher asks them
    asked: wire.WatchExperiments = NATIVE.decode(wire.WATCH, received(request.scope, request.path_params, b""))
    words = [word.strip() for given in asked.experiment_ids for word in given.split(",")]
    return _Stream(request.scope[WATCHER_KEY], [word for word in words if word])


class _Stream(Response):
    """A response that goes on until the page or the server ends it."""

    media_type = _MEDIA_TYPE

    def __init__(self, watcher: Watcher, experiment_ids: list[str]) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._watcher = watcher
        self._experiment_ids = experiment_ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events. Raises, before anything was sent, as `Watcher.listen`."""
        with self._watcher.listen(self._experiment_ids) as listener:
            versions = await self._watcher.versions(listener)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                hello = _RETRY + _event("hello", wire.Hello(versions, self._watcher.live))
                await _until_one(listener.until_end(), _gone(receive), _tell(listener, send, hello))
        with suppress(TimeoutError):  # a page that reads nothing does not read the end either
            async with asyncio.timeout(_LAST_WORDS):
                await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _tell(listener: Listener, send: Send, first: bytes) -> None:
    body = first
    while True:
        # Waits while a slow page has not read what was sent; changes gather in the listener, each experiment once.
        await send({"type": "http.response.body", "body": body, "more_body": True})
        changes = await listener.changes(_SILENCE)
        body = b"".join(_event("changed", wire.Changed(*change)) for change in changes.items()) or _COMMENT


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _until_one(*waits: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def _event(name: str, data: msgspec.Struct) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
