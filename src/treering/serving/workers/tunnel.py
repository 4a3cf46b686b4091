"""A worker's end of the tunnel: runs the host's own ASGI application in a loop of its own, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from treering.core.log import logger
from treering.serving.workers import frames
from treering.serving.workers.messages import ACK, END, FAILED, GONE, OPEN, WINDOW, scope_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from treering.serving.workers.frames import Event

__all__ = ["Tunnel"]

_LAST = 5.0
_ABNORMAL = 1006


class Tunnel:
    """All connections of one worker.

    Args:
        send: Writes a frame; safe to call from any thread.
    """

    def __init__(self, application: ASGIApp, send: Callable[[int, object], None]) -> None:
        self._application = application
        self._send = send
        self._streams: dict[int, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="treering-tunnel", daemon=True)
        self._thread.start()

    def take(self, event: Event) -> None:
        """The front says something."""
        self._loop.call_soon_threadsafe(self._took, event.stream, event.message)

    def close(self) -> None:
        """Let what runs end, for a while."""
        ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        with suppress(TimeoutError):
            ending.result(2 * _LAST)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LAST)

    async def _end(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST)
        for task in self._tasks:
            task.cancel()

    def _took(self, number: int, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == OPEN:
            scope = message["scope"]
            stream = _Stream(scope["type"], lambda said: self._send(frames.EVENT, (number, said)))
            self._streams[number] = stream
            task = self._loop.create_task(self._run(number, stream, scope))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif (known := self._streams.get(number)) is not None:
            known.take(message)

    async def _run(self, number: int, stream: _Stream, scope: Mapping[str, Any]) -> None:
        kind = END
        try:
            await self._application(scope_of(scope), stream.receive, stream.send)
        except asyncio.CancelledError:
            kind = FAILED
        except Exception:  # noqa: BLE001 -- the border of a worker
            logger.exception("The application failed at %s.", scope.get("path"))
            kind = FAILED
        finally:
            self._streams.pop(number, None)
            with suppress(OSError):
                self._send(frames.EVENT, (number, {"type": kind}))


class _Stream:
    """One connection."""

    def __init__(self, kind: str, say: Callable[[Mapping[str, Any]], None]) -> None:
        self._kind = kind
        self._say = say
        self._come: deque[Mapping[str, Any]] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Semaphore(WINDOW)
        self._last: dict[str, Any] | None = None
        self._gone = False

    def take(self, message: Mapping[str, Any]) -> None:
        """The client says something, or has taken something."""
        kind = message["type"]
        if kind == ACK:
            self._room.release()
            return
        if kind == GONE:
            self._gone = True
            self._room.release()
        self._come.append(message)
        self._some.set()

    async def receive(self) -> dict[str, Any]:
        """As ASGI has it."""
        if self._last is not None:
            return self._last
        while not self._come:
            self._some.clear()
            await self._some.wait()
        message = dict(self._come.popleft())
        kind = message["type"]
        if kind == GONE:
            self._last = {"type": f"{self._kind}.disconnect", "code": _ABNORMAL}
            return self._last
        if kind in {"http.disconnect", "websocket.disconnect"}:
            self._last = message
            self._gone = True
            self._room.release()
        else:
            self._say({"type": ACK})
        return message

    async def send(self, message: Mapping[str, Any]) -> None:
        """As ASGI has it; waits while the client does not read."""
        if not self._gone:
            await self._room.acquire()
        if self._gone:
            return
        plain = dict(message)
        if "headers" in plain:
            plain["headers"] = [(bytes(name), bytes(value)) for name, value in plain["headers"] or ()]
        self._say(plain)
