"""One model over HTTP: `/invocations` and what an operator needs beside it.

    request ─▶ outer border: request id, counters ─▶ route ─▶ body, at most so long
                                                                  │ worker thread, bounded
                                                     answer ◀─ decode, predict, encode

Knows nothing of runs and registries: a server needs the model's folder only.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
import traceback
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treering import __version__
from treering.core.errors import (
    DeadlineExceeded,
    InvalidInput,
    MalformedRequest,
    TooLarge,
    TreeringError,
    Unavailable,
    UnknownEndpoint,
    WrongMethod,
)
from treering.core.log import logger
from treering.models import example
from treering.models.flavours.base import LoadOptions
from treering.models.loading import LoadedModel, load
from treering.serving.meter import CONTENT_TYPE, Meter
from treering.serving.models.decoding import Asked, decode
from treering.serving.models.describing import describe
from treering.serving.models.encoding import encode

__all__ = ["ModelServer", "ScoringOptions", "create_app"]

_ROUTES = frozenset({"/invocations", "/ping", "/health", "/version", "/metrics", "/openapi.json"})
_REQUEST_ID = re.compile(r"[\w\-.]{1,128}", re.ASCII)
_RETRY_AFTER = 1
_UNEXPECTED = (
    "Encountered an unexpected error while evaluating the model. Verify that the serialized input Dataframe"
    " is compatible with the model for inference."
)


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """How a model is served.

    Attributes:
        folder: Where the model is.
        timeout: Seconds until a prediction is given up; the answer is then 504.
        threads: How many predictions run at once.
        waiting: How many requests may wait for a thread; further ones are answered 503.
        show_traces: Whether errors tell the client where in the code they came from.
    """

    folder: Path
    timeout: float = 60.0
    max_body_bytes: int = 64 << 20
    threads: int = 4
    waiting: int = 256
    show_traces: bool = False
    loading: LoadOptions = LoadOptions()  # noqa: RUF009 -- frozen


def create_app(options: ScoringOptions) -> ASGIApp:
    """Load the model and make the ASGI application that serves it.

    Raises:
        TreeringError: If the model cannot be loaded; see `treering.models.loading.load`.
    """
    return ModelServer(load(options.folder, options.loading), options)


class ModelServer:
    """The ASGI application; requests are answered concurrently."""

    def __init__(self, model: LoadedModel, options: ScoringOptions) -> None:
        self._model = model
        self._options = options
        self._meter = Meter()
        self._threads = ThreadPoolExecutor(options.threads, thread_name_prefix="predict")
        self._running = 0
        self._version = __version__
        body = example.serving_body(options.folder, model.metadata)
        self._description = msgspec.json.encode(describe(model.metadata, body, self._version))
        self._inner = Starlette(
            routes=[
                Route("/invocations", self._invocations, methods=["POST"]),
                Route("/ping", self._alive),
                Route("/health", self._alive),
                Route("/version", self._tell_version),
                Route("/metrics", self._metrics),
                Route("/openapi.json", self._openapi),
            ],
            exception_handlers={TreeringError: self._refuse, HTTPException: self._refuse_http},
            lifespan=self._life,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: the border where it gets its id, is counted, and where nothing escapes."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        route = scope["path"] if scope["path"] in _ROUTES else "other"
        status = 500
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        begun = time.perf_counter()
        self._meter.in_flight.inc()
        try:
            await self._inner(scope, receive, send_with_id)
        except ClientDisconnect:
            status = 499
        except Exception as error:  # noqa: BLE001 -- the border of a request
            logger.exception("Request %s failed through a fault of the server.", request_id)
            if not started:
                answer = self._error(
                    500, "INTERNAL_ERROR", f"The server failed. Its log says more: {request_id}", error
                )
                await answer(scope, receive, send_with_id)
        finally:
            self._meter.in_flight.dec()
            self._meter.answered(route, status, time.perf_counter() - begun)

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _alive(self, _request: Request) -> Response:
        return PlainTextResponse("\n")

    async def _tell_version(self, _request: Request) -> Response:
        return PlainTextResponse(self._version)

    async def _metrics(self, _request: Request) -> Response:
        return Response(self._meter.text(), media_type=CONTENT_TYPE)

    async def _openapi(self, _request: Request) -> Response:
        return Response(self._description, media_type="application/json")

    async def _invocations(self, request: Request) -> Response:
        body = await _read(request, self._options.max_body_bytes)
        content_type = request.headers.get("content-type", "")
        answer = await self._in_thread(lambda: self._score(body, content_type, request.state.request_id))
        return answer if isinstance(answer, Response) else Response(answer, media_type="application/json")

    async def _in_thread(self, work: Callable[[], bytes | Response]) -> bytes | Response:
        if self._running >= self._options.threads + self._options.waiting:
            msg = "Too many requests are waiting for the model. Try again in a moment."
            raise Unavailable(msg)
        self._running += 1
        future = self._threads.submit(work)
        # A thread cannot be stopped, so a place is free when the work has ended, not when the client was answered.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _done: _from_thread(loop, self._release))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._options.timeout)
        except TimeoutError as error:
            msg = (
                f"The model did not answer within {self._options.timeout:g} seconds. Ask with fewer rows, or start"
                " the server with a longer --timeout."
            )
            raise DeadlineExceeded(msg) from error

    def _release(self) -> None:
        self._running -= 1

    def _score(self, body: bytes, content_type: str, request_id: str) -> bytes | Response:
        asked = decode(body, content_type, self._model.signature)
        try:
            predictions = self._predict(asked)
            return encode(predictions, bare=asked.bare)
        except InvalidInput as error:
            msg = f"Failed to predict. The input does not fit the model. Error: {error}"
            raise MalformedRequest(msg) from error
        except Exception as error:  # noqa: BLE001 -- the border to the model's own code
            logger.exception("Request %s made the model fail.", request_id)
            return self._error(400, "BAD_REQUEST", f"{_UNEXPECTED} The server's log says more: {request_id}", error)

    def _predict(self, asked: Asked) -> Any:
        begun = time.perf_counter()
        try:
            return self._model.predict(asked.data, asked.params)
        finally:
            self._meter.predicted(time.perf_counter() - begun)

    async def _refuse(self, _request: Request, error: Exception) -> Response:
        if not isinstance(error, TreeringError):  # pragma: no cover -- only registered for these
            raise error
        answer = self._error(error.status, error.code, error.message, error)
        if error.status == Unavailable.status:
            answer.headers["Retry-After"] = str(_RETRY_AFTER)
        return answer

    async def _refuse_http(self, request: Request, error: Exception) -> Response:
        wrong_method = isinstance(error, HTTPException) and error.status_code == WrongMethod.status
        if wrong_method:
            refused: TreeringError = WrongMethod(f"{request.url.path} does not answer to {request.method}.")
        else:
            refused = UnknownEndpoint(f"Nothing is at {request.url.path}. Try: {', '.join(sorted(_ROUTES))}.")
        answer = self._error(refused.status, refused.code, refused.message, refused)
        for name, value in (getattr(error, "headers", None) or {}).items():
            answer.headers[name] = value
        return answer

    def _error(self, status: int, code: str, message: str, error: Exception) -> Response:
        content = {"error_code": code, "message": message}
        if self._options.show_traces:
            content["stack_trace"] = "".join(traceback.format_exception(error))
        return Response(msgspec.json.encode(content), status, media_type="application/json")


def _request_id(scope: Scope) -> str:
    """What the client calls the request, if that is a name, else one made up."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return secrets.token_hex(8)


async def _read(request: Request, most: int) -> bytes:
    stated = request.headers.get("content-length", "")
    parts: list[bytes] = []
    size = 0
    if not stated.isdigit() or int(stated) <= most:
        async for part in request.stream():
            size += len(part)
            if size > most:
                break
            parts.append(part)
        else:
            return parts[0] if len(parts) == 1 else b"".join(parts)
    msg = f"The body is larger than {most} bytes. Send fewer rows at a time, or raise TREERING_MAX_BODY_BYTES."
    raise TooLarge(msg)


def _from_thread(loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(action)
    except RuntimeError:  # the loop was closed while the model still worked
        logger.debug("A prediction ended after the server.")
