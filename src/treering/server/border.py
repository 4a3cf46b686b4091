"""The border of a request: the one place in the server that catches every error.

What went wrong on purpose is answered in the dialect of the path. What nobody
foresaw is logged with the request's id, and the caller learns only that id.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.server.adapter import ENDPOINT_KEY, send_answer
from treering.server.guard import Guard
from treering.server.meter import Meter
from treering.server.received import Disconnected, headers_of
from treering.server.routing import MethodRefused
from treering.wire.dialect import Dialect, RawRequest

__all__ = ["RequestBorder"]

_GIVEN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_HARMLESS = b"default-src 'none'; frame-ancestors 'none'"
_SERVER_FAILED = 500


class RequestBorder:
    """Wraps the application: request id, security headers, guard, counts, log and errors.

    Args:
        dialect_for: In which dialect errors at a path are answered.
    """

    def __init__(self, app: ASGIApp, dialect_for: Callable[[str], Dialect], guard: Guard, meter: Meter) -> None:
        self._app = app
        self._dialect_for = dialect_for
        self._guard = guard
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request, whatever happens."""
        started = time.perf_counter()
        headers = headers_of(scope)
        given = headers.get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        status = 0

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_added(message, request_id)]
            await send(message)

        try:
            self._guard.check(scope["method"], scope["path"], headers)
            await self._app(scope, receive, sending)
        except (Disconnected, ClientDisconnect):
            status = status or Disconnected.status
        except Exception as error:
            if not isinstance(error, TreeringError):
                logger.exception("Request %s (%s %s) failed.", request_id, scope["method"], scope["path"])
            elif error.status >= _SERVER_FAILED:
                logger.error("Request %s (%s %s): %s", request_id, scope["method"], scope["path"], error)
            if status:
                # The answer is half sent; only breaking the connection tells the caller so.
                raise
            await self._refuse(scope, headers, sending, _told(error, request_id))
        finally:
            seconds = time.perf_counter() - started
            self._meter.answered(scope.get(ENDPOINT_KEY, "other"), status, seconds)
            logger.debug("%s %s %d %.1f ms %s", scope["method"], scope["path"], status, seconds * 1000, request_id)

    async def _refuse(self, scope: Scope, headers: dict[str, str], send: Send, error: TreeringError) -> None:
        answer = self._dialect_for(scope["path"]).encode_error(error, RawRequest({}, {}, headers, b""))
        more: list[tuple[bytes, bytes]] = []
        if isinstance(error, MethodRefused):
            more.append((b"allow", ", ".join(error.allowed).encode()))
        await send_answer(send, answer, more)


def _told(error: Exception, request_id: str) -> TreeringError:
    if isinstance(error, TreeringError):
        return error
    return TreeringError(
        f"The server failed to answer, through a fault of its own. Its log says more under the request id {request_id}."
    )


def _added(message: MutableMapping[str, Any], request_id: str) -> list[tuple[bytes, bytes]]:
    added = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
    if all(name != b"content-security-policy" for name, _ in message.get("headers", ())):
        added.append((b"content-security-policy", _HARMLESS))
    return added
