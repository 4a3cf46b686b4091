"""Web sockets (RFC 6455) for uvicorn, so that none of the packages that it would want is needed.

No extensions: messages are not compressed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections import deque
from collections.abc import MutableMapping
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from treering.core.log import logger
from treering.serving.front.wsframes import BINARY, CLOSE, PING, PONG, TEXT, Frames, Wrong, close_body, frame

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.server import ServerState

__all__ = ["WebSocket"]

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = 16
_AHEAD = 32
_QUIET = 20.0
_SILENT = 50.0
_GOING_AWAY = 1001
_ABNORMAL = 1006

Message = MutableMapping[str, Any]


class WebSocket(asyncio.Protocol):
    """One connection, from the request that asks for it."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._config = config
        self._state = server_state
        self._app_state = app_state
        self._frames = Frames(config.ws_max_size)
        self._come: deque[Message] = deque()
        self._some = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._key = b""
        self._accepted = self._closed = self._told_to_close = self._reading = False
        self._asked = False
        self._early: list[bytes] = []
        self._heard = monotonic()
        self._pinged = False
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # until connection_made

    # What asyncio and uvicorn call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection was handed over."""
        self.transport = transport  # type: ignore[assignment]  # of a socket
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn names its own

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's shape
        """The client has gone."""
        self._state.connections.discard(self)
        self._writable.set()
        self._end(_ABNORMAL)

    def data_received(self, data: bytes) -> None:
        """First the request's head, then frames."""
        self._heard = monotonic()
        self._pinged = False
        if not self._asked:
            self._asked = True
            self._begin(data)
        elif not self._accepted:
            self._early.append(data)
        else:
            self._read(data)

    def pause_writing(self) -> None:
        """The client does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It reads again."""
        self._writable.set()

    def shutdown(self) -> None:
        """The server ends."""
        self._close(_GOING_AWAY, "")
        self._end(_GOING_AWAY)

    def look(self, now: float) -> None:
        """Ask a silent client whether it lives; called about once a second."""
        silent = now - self._heard
        if silent > _SILENT and not self._reading:
            self.transport.abort()
        elif silent > _QUIET and self._accepted and not self._pinged:
            self._pinged = True
            self._write(frame(PING, b""))

    # Reading

    def _begin(self, data: bytes) -> None:
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        method, target, _ = first.split(b" ", 2)
        headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
        fields = dict(headers)
        self._key = fields.get(b"sec-websocket-key", b"")
        if method != b"GET" or fields.get(b"sec-websocket-version") != b"13" or not _is_key(self._key):
            self._refuse(b"400 Bad Request", b"sec-websocket-version: 13\r\n")
            return
        if rest:
            self._early.append(rest)
        path, _, query = target.partition(b"?")
        offered = fields.get(b"sec-websocket-protocol", b"").decode("latin-1")
        secure = self.transport.get_extra_info("sslcontext") is not None
        scope = {
            "type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
            "scheme": "wss" if secure else "ws", "path": unquote(path.decode("ascii")), "raw_path": path,
            "query_string": query, "root_path": self._config.root_path, "headers": headers,
            "client": _address(self.transport.get_extra_info("peername")),
            "server": _address(self.transport.get_extra_info("sockname")),
            "subprotocols": [one.strip() for one in offered.split(",") if one.strip()],
            "state": self._app_state.copy(),
        }  # fmt: skip
        self._put({"type": "websocket.connect"})
        task = asyncio.get_running_loop().create_task(self._run(scope))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    def _read(self, data: bytes) -> None:
        try:
            for kind, body in self._frames.feed(data):
                self._message(kind, body)
        except Wrong as wrong:
            self._close(wrong.code, str(wrong))
            self._end(wrong.code)

    def _message(self, kind: int, body: bytes) -> None:
        if kind == PING:
            self._write(frame(PONG, body))
        elif kind == TEXT:
            self._put({"type": "websocket.receive", "text": body.decode()})
        elif kind == BINARY:
            self._put({"type": "websocket.receive", "bytes": body})
        elif kind == CLOSE:
            code = int.from_bytes(body[:2], "big") if body else 1005
            self._close(code if body else 1000, "")
            self._end(code)

    def _put(self, message: Message) -> None:
        if self._closed:
            return
        self._come.append(message)
        self._some.set()
        if len(self._come) >= _AHEAD and not self._reading:
            self._reading = True
            self.transport.pause_reading()

    def _end(self, code: int) -> None:
        self._put({"type": "websocket.disconnect", "code": code, "reason": ""})
        self._closed = True

    # The application

    async def _run(self, scope: Message) -> None:
        try:
            await self._config.loaded_app(scope, self._receive, self._send)
        except ConnectionError as error:
            logger.debug("A web socket was cut: %s", error)
        except Exception:  # noqa: BLE001 -- the border of a request
            logger.exception("The application failed at the web socket %s.", scope["path"])
        if not self._accepted:
            self._refuse(b"500 Internal Server Error", b"")
        else:
            self._close(1011 if not self._closed else 1000, "")

    async def _receive(self) -> Message:
        while not self._come:
            self._some.clear()
            await self._some.wait()
        # The last one is said again to whoever asks again.
        message = self._come[0] if self._closed and len(self._come) == 1 else self._come.popleft()
        if self._reading and len(self._come) < _AHEAD // 2:
            self._reading = False
            self.transport.resume_reading()
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close" and not self._accepted:
            self._refuse(b"403 Forbidden", b"")
        elif kind == "websocket.close":
            self._close(message.get("code", 1000) or 1000, message.get("reason") or "")
        elif kind == "websocket.send":
            await self._writable.wait()
            text = message.get("text")
            self._write(frame(BINARY, message["bytes"]) if text is None else frame(TEXT, text.encode()))

    # Writing

    def _accept(self, message: Message) -> None:
        if self._accepted or self._closed:
            return
        self._accepted = True
        proof = base64.b64encode(hashlib.sha1(self._key + _MAGIC).digest())  # noqa: S324 -- as the protocol has it
        lines = [b"HTTP/1.1 101 Switching Protocols", b"upgrade: websocket", b"connection: upgrade"]
        lines.append(b"sec-websocket-accept: " + proof)
        if message.get("subprotocol"):
            lines.append(b"sec-websocket-protocol: " + message["subprotocol"].encode("latin-1"))
        for name, value in message.get("headers") or ():
            lines.append(b"%b: %b" % (_clean(bytes(name)), _clean(bytes(value))))
        self._write(b"\r\n".join(lines) + b"\r\n\r\n")
        early, self._early = self._early, []
        for data in early:
            self._read(data)

    def _refuse(self, status: bytes, more: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 %b\r\n%bcontent-length: 0\r\nconnection: close\r\n\r\n" % (status, more))
            self.transport.close()
        self._closed = self._told_to_close = self._accepted = True

    def _close(self, code: int, reason: str) -> None:
        if self._told_to_close:
            return
        self._told_to_close = True
        if self._accepted and not self.transport.is_closing():
            self.transport.write(frame(CLOSE, close_body(code, reason)))
        self.transport.close()

    def _write(self, data: bytes) -> None:
        if not self._told_to_close and not self.transport.is_closing():
            self.transport.write(data)


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY
    except (binascii.Error, ValueError):
        return False


def _clean(value: bytes) -> bytes:
    return value.replace(b"\r", b"").replace(b"\n", b"")


def _address(found: Any) -> tuple[str, int] | None:
    return (str(found[0]), int(found[1])) if isinstance(found, tuple | list) and len(found) > 1 else None
