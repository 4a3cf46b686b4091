"""ASGI through to a host's own application in a worker: streams, tasks, mounted applications, web sockets.

Each side may send so many messages of a connection before the other has taken them, so that neither
a client that does not read nor an application that does not listen makes the front grow.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from treering.serving.workers.messages import ACK, END, FAILED, GONE, LOST, OPEN, WINDOW, plain_scope

if TYPE_CHECKING:
    from treering.serving.workers.board import Member

__all__ = ["Tunnel"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Tunnel:
    """The front's end; one for all workers."""

    def __init__(self) -> None:
        self._members: dict[object, Member] = {}
        self._streams: dict[tuple[object, int], _Stream] = {}
        self._number = 0

    def up(self, desk: object, member: Member) -> None:
        """A worker is ready."""
        self._members[desk] = member

    def down(self, desk: object) -> None:
        """A worker has gone, and its connections with it."""
        self._members.pop(desk, None)
        for (place, _), stream in list(self._streams.items()):
            if place is desk:
                stream.take({"type": LOST})

    def closing(self, desk: object) -> None:
        """A worker shall get no new connections."""
        self._members.pop(desk, None)

    def busy(self, desk: object) -> bool:
        """Whether a worker still has connections."""
        return any(place is desk for place, _ in self._streams)

    def take(self, desk: object, number: int, message: Mapping[str, Any]) -> None:
        """A worker says something on a connection."""
        stream = self._streams.get((desk, number))
        if stream is not None:
            stream.take(message)

    async def carry(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> str:
        """One connection, until both sides are done.

        Returns:
            `END`, or `FAILED` or `LOST` if nothing was answered because of that.

        Raises:
            ConnectionError: If the answer was begun, and there is no more of it.
        """
        if not self._members:
            return LOST
        loads = dict.fromkeys(self._members, 0)
        for place, _ in self._streams:
            if place in loads:
                loads[place] += 1
        desk = min(loads, key=lambda one: loads[one])
        self._number += 1
        number = self._number
        member = self._members[desk]
        stream = self._streams[desk, number] = _Stream(lambda message: member.pass_on(number, message))
        try:
            return await stream.run(scope, receive, send)
        finally:
            del self._streams[desk, number]


class _Stream:
    """One connection."""

    def __init__(self, pass_on: Callable[[Mapping[str, Any]], None]) -> None:
        self._pass_on = pass_on
        self._come: deque[Mapping[str, Any]] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Semaphore(WINDOW)

    def take(self, message: Mapping[str, Any]) -> None:
        """The application says something."""
        if message["type"] == ACK:
            self._room.release()
            return
        self._come.append(message)
        self._some.set()

    async def run(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> str:
        """Carry messages both ways until the application is done."""
        self._pass_on({"type": OPEN, "scope": plain_scope(scope)})
        said = False
        up = asyncio.create_task(self._upwards(receive))
        try:
            while True:
                while not self._come:
                    self._some.clear()
                    await self._some.wait()
                message = self._come.popleft()
                kind = message["type"]
                if said and kind in {FAILED, LOST}:
                    # The client must not take half an answer for a whole one: an error closes its connection.
                    msg = "What answered has failed or gone."
                    raise ConnectionError(msg)
                if kind in {END, FAILED, LOST}:
                    return str(kind)
                said = True
                await send(dict(message))
                self._pass_on({"type": ACK})
        finally:
            up.cancel()
            with suppress(asyncio.CancelledError):
                await up
            self._pass_on({"type": GONE})

    async def _upwards(self, receive: Receive) -> None:
        while True:
            await self._room.acquire()
            message = await receive()
            self._pass_on(message)
            if message["type"] in {"http.disconnect", "websocket.disconnect"}:
                return
