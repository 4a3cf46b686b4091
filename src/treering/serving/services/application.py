"""A service as an ASGI application: everything of it, for what needs more than a body in and a body out.

request ─▶ middlewares ─▶ method · probe · document · task ─▶ mounted application ─▶ 404
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treering.core.errors import DeadlineExceeded, TooLarge, TreeringError
from treering.core.log import logger
from treering.serving.hosting import Answer
from treering.serving.services.answers import answered, chunk, refused, refused_with
from treering.serving.services.batches import answers_of
from treering.serving.services.bodies import Reader
from treering.serving.services.contexts import Exchange
from treering.serving.services.method import ApiMethod
from treering.serving.services.mounts import Mount
from treering.serving.services.running import Running
from treering.serving.services.task_routes import TaskRoutes

__all__ = ["Application"]

_Handler = Callable[[Request, Receive, Send], Awaitable[None]]
_END = object()
_RETRY = ((b"retry-after", b"1"),)


class Application:
    """Answers on any loop; what is the service's runs on the service's own.

    Args:
        documents: What can be had with GET, by path.
        tasks: The file in which tasks are kept.
        what: What the host was opened with, for tasks in processes of their own.

    Attributes:
        sees_all: Whether requests must not go past it, since a middleware wants to see them.
    """

    def __init__(
        self,
        running: Running,
        readers: Mapping[str, Reader],
        documents: Mapping[str, tuple[str, bytes]],
        tasks: Path,
        what: Mapping[str, Any],
    ) -> None:
        self._running = running
        self._readers = readers
        self._service = running.service
        self._documents = documents
        self._busy: dict[str, int] = {}
        self._mounts = sorted(self._service.mounts, key=lambda one: -len(one.path.rstrip("/")))
        self._lifespans: list[_Lifespan] = []
        prefix = self._service.path_prefix
        self._methods = {prefix + one.route: one for one in self._service.apis.values()}
        self._tasks = (
            TaskRoutes(running, readers, tasks, what) if any(m.is_task for m in self._methods.values()) else None
        )
        cors = self._service.config.http.cors
        self.sees_all = bool(self._service.middlewares) or cors.enabled
        app: ASGIApp = self._answer
        for middleware, options in self._service.middlewares:
            app = middleware(app, **options)
        if cors.enabled:
            app = CORSMiddleware(app, **_cors(cors))
        self._inner = running.loop.bridged(app)
        running.loop.wait(self._start())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one connection of a web socket."""
        if scope["type"] == "lifespan":
            await _no_lifespan(receive, send)
            return
        await self._inner(scope, receive, send)

    def close(self) -> None:
        """End what is mounted, and the tasks."""
        if self._tasks is not None:
            self._tasks.close()
        for one in reversed(self._lifespans):
            self._running.loop.wait(one.end())

    async def _start(self) -> None:
        for mount in self._mounts:
            lifespan = _Lifespan(mount.app)
            await lifespan.begin()
            self._lifespans.append(lifespan)
        if self._tasks is not None:
            self._tasks.start()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["type"] == "http":
            handler = self._handler(scope["method"], path)
            if handler is not None:
                await handler(Request(scope, receive), receive, send)
                return
        mount = self._mount(path)
        if mount is not None:
            await mount.app(mount.scope(scope), receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": "Nothing answers here."})
        elif path in self._methods or path in self._documents:
            await _say(send, refused_with(405, f"{scope['method']} is not answered at {path}."))
        else:
            await _say(send, refused_with(404, f"Nothing answers at {path}."))

    def _handler(self, way: str, path: str) -> _Handler | None:
        if way == "POST" and (method := self._methods.get(path)) is not None:
            return self._endpoint(method)
        if way in ("GET", "HEAD"):
            if path in self._documents:
                kind, body = self._documents[path]
                return _whole(Answer(200, body, kind.encode()))
            endpoints = self._service.config.endpoints
            prefix = self._service.path_prefix
            if path in (prefix + endpoints.livez, endpoints.livez, prefix + "/healthz"):
                return self._probe("__is_alive__")
            if path in (prefix + endpoints.readyz, endpoints.readyz):
                return self._probe("__is_ready__")
        if self._tasks is not None and (route := self._tasks.route(way, path)) is not None:
            return self._of_task(*route)
        return None

    def _mount(self, path: str) -> Mount | None:
        return next((one for one in self._mounts if one.reaches(path)), None)

    def _probe(self, question: str) -> _Handler:
        async def answer(request: Request, receive: Receive, send: Send) -> None:  # noqa: ARG001 -- a handler's
            well = await self._running.is_well(question)
            await _say(send, Answer(200 if well else 503, b"", b"text/plain"))

        return answer

    def _of_task(self, method: ApiMethod, action: str) -> _Handler:
        async def answer(request: Request, receive: Receive, send: Send) -> None:  # noqa: ARG001 -- a handler's
            try:
                body = await self._body(request)
                query: QueryParams = request.query_params
                found = await self._tasks.answer(method, action, query.get("task_id"), _kind(request), body)  # type: ignore[union-attr]  # there is a route
            except Exception as error:  # noqa: BLE001 -- the border of a request
                found = refused(error, self._where(method))
            await _say(send, found)

        return answer

    def _endpoint(self, method: ApiMethod) -> _Handler:
        async def answer(request: Request, receive: Receive, send: Send) -> None:
            limit = self._service.config.traffic.max_concurrency
            busy = self._busy.get(method.name, 0)
            if limit is not None and busy >= limit:
                await _say(send, refused_with(429, "Too many requests"), _RETRY)
                return
            self._busy[method.name] = busy + 1
            try:
                with Exchange(request) as exchange:
                    await self._answered(method, exchange, receive, send)
            finally:
                self._busy[method.name] -= 1

        return answer

    async def _answered(self, method: ApiMethod, exchange: Exchange, receive: Receive, send: Send) -> None:
        request, response = exchange.request, exchange.response
        assert request is not None  # noqa: S101 -- as it was made
        assert response is not None  # noqa: S101 -- as it was made
        seconds = method.timeout or self._service.config.traffic.timeout
        try:
            async with asyncio.timeout(seconds):
                body = await self._body(request)
                arguments = self._readers[method.name].arguments(_kind(request), body, exchange.folder)
                if method.is_stream:
                    pieces = self._running.pieces(method, arguments, exchange)
                    first = await anext(pieces, _END)
                else:
                    value = await self._value(method, arguments, exchange, receive)
                    answer = value if isinstance(value, Answer) else answered(method.output, value, _kind(request))
        except _Gone:
            return
        except TimeoutError:
            late = DeadlineExceeded(f"{self._where(method)} was not done within {seconds:g} seconds.")
            await _say(send, refused(late, self._where(method)))
            return
        except Exception as error:  # noqa: BLE001 -- the border of a request
            await _say(send, refused(error, self._where(method)))
            return
        headers = tuple(response.pairs())
        if method.is_stream:
            async with aclosing(pieces):
                await _stream(method, first, pieces, (response.status_code, headers), (receive, send))
        else:
            status = response.status_code if answer.status < 300 and response.status_code != 200 else answer.status  # noqa: PLR2004 -- HTTP's
            await _say(send, answer._replace(status=status), headers)
        await response.background()

    async def _value(
        self, method: ApiMethod, arguments: Mapping[str, Any], exchange: Exchange, receive: Receive
    ) -> Any:
        if method.batchable and not method.is_async:
            # The checks of a batch hold for a single request too.
            (found,) = await self._running.in_thread(
                answers_of, method, [arguments], lambda one: self._running.call(method, one, exchange)
            )
            if isinstance(found, Exception):
                raise found
            return found
        result = self._running.result(method, arguments, exchange)
        # A plain method in its thread cannot be stopped; a coroutine whose client has gone is.
        value = await (_while_wanted(result, receive) if method.is_async else result)
        return await _drained(value) if hasattr(value, "body_iterator") else value

    async def _body(self, request: Request) -> bytes:
        limit = self._service.config.traffic.max_body
        found = bytearray()
        async for piece in request.stream():
            found += piece
            if len(found) > limit:
                msg = f"The body is longer than the {limit} bytes that the service takes."
                raise TooLarge(msg)
        request._body = bytes(found)  # noqa: SLF001 -- so that a method that asks its context for the body has it
        return request._body  # noqa: SLF001 -- as above

    def _where(self, method: ApiMethod) -> str:
        return f"{self._service.name}.{method.name}"


class _Gone(Exception):
    """Nobody waits for the answer any more."""


class _Lifespan:
    """The start and end of a mounted application, if it knows of such."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._orders: asyncio.Queue[Message] = asyncio.Queue()
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start it; one that fails ends the start of the service.

        Raises:
            TreeringError: If it says that it cannot start.
        """
        self._task = asyncio.create_task(self._run())
        await self._orders.put({"type": "lifespan.startup"})
        told = await self._told.get()
        if told["type"] == "lifespan.startup.failed":
            msg = f"A mounted application does not start: {told.get('message', '')}"
            raise TreeringError(msg)

    async def end(self) -> None:
        """End it."""
        if self._task is None or self._task.done():
            return
        await self._orders.put({"type": "lifespan.shutdown"})
        await self._told.get()
        await self._task

    async def _run(self) -> None:
        try:
            await self._app(
                {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, self._orders.get, self._told.put
            )
        except Exception as error:  # noqa: BLE001 -- of somebody else's application, which may know no lifespan at all
            logger.debug("A mounted application has no lifespan: %s", error)
        await self._told.put({"type": "lifespan.ended"})


async def _stream(
    method: ApiMethod,
    first: Any,
    pieces: AsyncIterator[Any],
    head: tuple[int, tuple[tuple[bytes, bytes], ...]],
    line: tuple[Receive, Send],
) -> None:
    receive, send = line
    status, headers = head
    kind = method.output.told_type
    told = f"{kind}; charset=utf-8" if kind.startswith("text/") and "charset" not in kind else kind
    start = [(b"content-type", told.encode()), (b"cache-control", b"no-cache"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    gone = asyncio.create_task(_gone(receive))
    try:
        if first is not _END:
            await send({"type": "http.response.body", "body": chunk(method.output, first), "more_body": True})
        async for one in pieces:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": chunk(method.output, one), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone


async def _while_wanted(result: Coroutine[Any, Any, Any], receive: Receive) -> Any:
    """The result, unless the client goes before it is there."""
    wanted = asyncio.ensure_future(result)
    gone = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({wanted, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not wanted.done():
            raise _Gone
        return wanted.result()
    finally:
        for one in (wanted, gone):
            one.cancel()
        await asyncio.gather(wanted, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    """Ends when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drained(value: Any) -> Answer:
    """A streaming response of Starlette's, read to its end."""
    found = bytearray()
    async for piece in value.body_iterator:
        found += piece.encode() if isinstance(piece, str) else piece
    kind = value.headers.get("content-type", "application/octet-stream").encode()
    rest = tuple((key, one) for key, one in value.raw_headers if key not in (b"content-type", b"content-length"))
    return Answer(value.status_code, bytes(found), kind, rest)


def _whole(answer: Answer) -> _Handler:
    async def say(request: Request, receive: Receive, send: Send) -> None:  # noqa: ARG001 -- a handler's
        await _say(send, answer)

    return say


async def _say(send: Send, answer: Answer, more: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    length = str(len(answer.body)).encode()
    headers = [(b"content-type", answer.content_type), (b"content-length", length), *answer.headers, *more]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _no_lifespan(receive: Receive, send: Send) -> None:
    """The service is started already, by whoever made this."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "")


def _cors(found: Any) -> dict[str, Any]:
    def listed(value: list[str] | str) -> list[str]:
        return [value] if isinstance(value, str) else value

    return {
        "allow_origins": listed(found.access_control_allow_origin or found.access_control_allow_origins),
        "allow_credentials": found.access_control_allow_credentials,
        "allow_methods": listed(found.access_control_allow_methods),
        "allow_headers": listed(found.access_control_allow_headers),
        "allow_origin_regex": found.access_control_allow_origin_regex,
        "max_age": found.access_control_max_age,
        "expose_headers": listed(found.access_control_expose_headers),
    }
