"""The slow lane's application: what is no ordinary POST to a route, and what goes through to a host's own application.

    request ─▶ request id ─▶ front's own path? route of a host? the host's application? ─▶ 404

Plain ASGI: it stands under uvicorn beside the fast lane, and alone where a program embeds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from treering.core.errors import (
    MalformedRequest,
    TooLarge,
    TreeringError,
    UnknownEndpoint,
    UnsupportedMediaType,
    WrongMethod,
)
from treering.core.log import logger
from treering.serving.front.answers import named, plain_headers
from treering.serving.front.bodies import Gone, read_body
from treering.serving.front.engine import Engine
from treering.serving.front.heads import REQUEST_ID, keys_of
from treering.serving.front.ordering import Orders
from treering.serving.front.telling import OWN, Told, tell
from treering.serving.hosting import Answer
from treering.serving.refusing import refusal, refusal_of
from treering.serving.workers.messages import END, LOST

if TYPE_CHECKING:
    from treering.serving.front.lanes import Waiting
    from treering.serving.front.targets import Place

__all__ = ["Answering", "FrontApp"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Life = Callable[[], Awaitable[None]]


class FrontApp:
    """The ASGI application.

    Args:
        begin: Called before the first request, in the loop.
        end: Called after the last one.
    """

    def __init__(self, engine: Engine, begin: Life | None = None, end: Life | None = None) -> None:
        self._engine = engine
        self._orders = Orders(engine)
        self._begin = begin
        self._end = end
        self.inner: Callable[[Scope, Receive, Send], Awaitable[None]] | None = None
        """A host's own application, where it is in this process."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live one life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif await self._through(scope, receive, send) != END:
            await send({"type": "websocket.close", "code": 1013})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            if self._begin is not None:
                await self._begin()
        except TreeringError as error:
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._end is not None:
            await self._end()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = monotonic()
        request_id = _request_id(scope) or self._engine.new_id()
        label, status = "other", 500
        extra: list[tuple[bytes, bytes]] = []
        try:
            place = self._engine.places.get(scope.get("raw_path", b"").partition(b"?")[0])
            own = OWN.get(scope["path"])
            if place is not None and (place.method == scope["method"] or own is None):
                waiting, answer = await self._asked(place, scope, receive, request_id)
                if waiting is not None:
                    label, extra = "", named(waiting.target)
                    self._engine.finished(waiting, answer)
                else:
                    label = place.path
            else:
                told = await self._own(scope, receive, send, request_id)
                if told is None:
                    return
                label, answer = told
        except Gone:
            self._engine.told(label, 499, monotonic() - begun)
            return
        except TreeringError as error:
            answer = refusal_of(error)
        except Exception:  # noqa: BLE001 -- the border of a request
            name = request_id.decode("latin-1")
            logger.exception("Request %s failed through a fault of the server.", name)
            answer = refusal(500, "INTERNAL_ERROR", f"The server failed. Its log says more: {name}")
        status = answer.status
        if label:
            self._engine.told(label, status, monotonic() - begun)
        headers = [*plain_headers(answer), *extra, (b"x-request-id", request_id)]
        if self._engine.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _own(self, scope: Scope, receive: Receive, send: Send, request_id: bytes) -> Told | None:
        """What the front itself answers; `None` if a host's application did."""
        offer = self._engine.offer
        if offer is not None and offer.tunnel and any(scope["path"].startswith(path) for path in offer.below):
            return await self._carried(scope, receive, send, request_id)
        told = tell(self._engine, scope)
        if told is None and self._orders.about(scope["path"]):
            fields = _fields(scope)
            body = await read_body(fields, receive, _LONGEST_ORDER, self._engine.options.patience.body)
            told = await self._orders.take(scope, fields, body)
        if told is not None:
            return told
        if self._engine.offer is not None and self._engine.offer.tunnel:
            return await self._carried(scope, receive, send, request_id)
        if self._engine.offer is None and not self._engine.draining:
            return "other", _LOADING
        known = sorted({*OWN, *(place.path for place in self._engine.places.values())})
        msg = f"Nothing is at {scope['path']}. Try: {', '.join(known)}."
        raise UnknownEndpoint(msg)

    async def _carried(self, scope: Scope, receive: Receive, send: Send, request_id: bytes) -> Told | None:
        """What the host's own application answers."""
        begun = monotonic()
        status = 0

        async def say(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                if not any(name.lower() == b"x-request-id" for name, _ in headers):
                    headers.append((b"x-request-id", request_id))
                message = {**message, "headers": headers}
            await send(message)

        named_scope = {**scope, "headers": [*_without_id(scope), (b"x-request-id", request_id)]}
        try:
            done = await self._through(named_scope, receive, say)
        except ConnectionError:
            self._engine.told("application", status, monotonic() - begun)
            return None  # the server closes the connection, because the answer is not whole
        if done == END:
            self._engine.told("application", status or 500, monotonic() - begun)
            return None
        name = request_id.decode("latin-1")
        failed = refusal(500, "INTERNAL_ERROR", f"The application failed. The server's log says more: {name}")
        return "application", (_LOST if done == LOST else failed)

    async def _through(self, scope: Scope, receive: Receive, send: Send) -> str:
        """Let the host's own application answer; see `Tunnel.carry`."""
        if self.inner is not None:
            await self.inner(scope, receive, send)
            return END
        return await self._engine.tunnel.carry(scope, receive, send)

    async def _asked(
        self, place: Place, scope: Scope, receive: Receive, request_id: bytes
    ) -> tuple[Waiting | None, Answer]:
        """The answer of a host's route."""
        if place.method != scope["method"]:
            msg = f"{place.path} does not answer to {scope['method']}. Ask with {place.method}."
            return None, refusal_of(WrongMethod(msg), ((b"allow", place.method.encode()),))
        fields = _fields(scope)
        try:
            body = await read_body(fields, receive, place.body, self._engine.options.patience.body)
        except (TooLarge, UnsupportedMediaType, MalformedRequest) as error:
            return None, refusal_of(error, ((b"connection", b"close"),))
        except TimeoutError:
            return None, refusal(408, "REQUEST_TIMEOUT", _SLOW, ((b"connection", b"close"),))
        wanted = tuple((want, fields[want]) for want in place.wanted if want in fields)
        call = (request_id, fields.get(b"content-type", b""), body, wanted, scope["query_string"])
        reply = Answering(asyncio.get_running_loop())
        keys = keys_of(fields, self._engine.key_header)
        waiting = self._engine.begin(place, call, keys, reply)
        gone = asyncio.ensure_future(_gone(receive)) if waiting is not None else None
        try:
            if gone is not None:
                await asyncio.wait((reply.future, gone), return_when=asyncio.FIRST_COMPLETED)
                if not reply.future.done() and waiting is not None:
                    self._engine.dispatcher.drop(waiting)
                    raise Gone
            return await reply.future
        finally:
            if gone is not None:
                gone.cancel()


class Answering:
    """Lets a coroutine wait for an answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.future: asyncio.Future[tuple[Waiting, Answer]] = loop.create_future()

    def answered(self, waiting: Waiting, answer: Answer) -> None:
        """The answer is there."""
        if not self.future.done():
            self.future.set_result((waiting, answer))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _request_id(scope: Scope) -> bytes:
    """What the client calls the request, if that is a name."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return bytes(value)
    return b""


def _fields(scope: Scope) -> dict[bytes, bytes]:
    """Headers by name; several of one name are one with commas."""
    fields: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def _without_id(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in scope["headers"] if name != b"x-request-id"]


_LOST = refusal(
    503, "TEMPORARILY_UNAVAILABLE", "The process that was to answer is not there. Try again in a moment.",
    ((b"retry-after", b"1"),),
)  # fmt: skip
_LONGEST_ORDER = 1 << 20
_SLOW = "The body of the request did not come in time."
_LOADING = refusal(
    503, "TEMPORARILY_UNAVAILABLE", "What is served is being loaded. Try again in a moment.", ((b"retry-after", b"1"),)
)
