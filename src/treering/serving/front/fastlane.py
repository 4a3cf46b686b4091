"""The fast lane: POSTs of known routes on a connection, read and answered without a framework.

Anything else that comes on the connection is handed to uvicorn's own protocol with the bytes
it came in, and the connection comes back when that is answered. One request at a time is
worked on; what a client sends ahead waits, so that answers keep its order.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from treering.core.errors import TreeringError
from treering.serving.front.answers import beginning
from treering.serving.front.engine import Engine
from treering.serving.front.heads import Head
from treering.serving.front.lanes import Waiting
from treering.serving.front.options import Patience
from treering.serving.front.slowlane import SlowLane, Unread
from treering.serving.hosting import Answer
from treering.serving.refusing import refusal, refusal_of

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.server import ServerState

__all__ = ["FastLane"]

_LONGEST_HEAD = 64 << 10
_AHEAD = 64 << 10
_LINGER = 8 << 20
# Bytes of a body in a second, for all of it: who sends a byte now and then keeps a place for nothing.
_SLOWEST = 4096

_FREE, _HEAD, _BODY, _ASKED, _ENDING = range(5)


class FastLane(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_engine", "_head", "_heads", "_held", "_last", "_left", "_paused", "_reading", "_state", "_unread", "_until", "_waiting", "config",
        "server_state", "since", "slow", "transport",
    )  # fmt: skip

    def __init__(
        self, engine: Engine, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._heads = engine.heads
        self.config = config
        self.server_state = server_state
        self.slow = SlowLane(self, config, server_state, app_state, _loop)
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # until connection_made
        self._state = _FREE
        self._head: Head = None  # type: ignore[assignment]  # while there is no request
        self._held: list[bytes] = []
        self._left = 0
        self._until = 0.0
        self._waiting: Waiting | None = None
        self._paused = False
        self._last = False
        self._unread = Unread()
        self._reading = True
        self.since = monotonic()

    @property
    def patience(self) -> Patience:
        """How long others are waited for."""
        return self._engine.options.patience

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self.transport = transport  # type: ignore[assignment]  # of a socket
        self.server_state.connections.add(self)  # type: ignore[arg-type]  # as uvicorn's own

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's shape
        """The client has gone; nobody waits for an answer."""
        self.server_state.connections.discard(self)
        if self._waiting is not None:
            self._engine.dispatcher.drop(self._waiting)
            self._waiting = None
        self._state = _ENDING
        self._held = []

    def data_received(self, data: bytes) -> None:
        """The way of nearly all requests: a known head with its whole body, and nothing behind it."""
        if self._state == _FREE and not self._paused:
            end = data.find(b"\r\n\r\n") + 4
            if end > 3:  # noqa: PLR2004 -- found
                head = self._heads.get(data[:end])
                if head is not None and len(data) == end + head.length:
                    self._head = head
                    self._ask(data[end:])
                    return
            self._begin(data)
        else:
            self._more(data)

    def eof_received(self) -> bool:
        """The client sends no more. It may still read, but most that end here have gone and only the system says so.

        So an answer that is being made is still written, and one that nobody has begun is not made.
        """
        waiting = self._waiting
        self._last = True
        return self._state == _ASKED and (waiting is None or self._engine.dispatcher.begun(waiting))

    def pause_writing(self) -> None:
        """The client does not read."""
        self._paused = True
        self._unread.begin(monotonic())

    def resume_writing(self) -> None:
        """It reads again."""
        self._paused = False
        self.since = monotonic()
        self.slow.flow_on()
        if self._state == _FREE and self._held:
            self._next()
        elif self._state == _FREE and self._engine.draining:
            self.transport.close()

    # What the server calls

    def shutdown(self) -> None:
        """End when the request that runs is answered."""
        if self._state == _FREE and not self._paused:
            self.transport.close()

    def look(self, now: float) -> None:
        """End what takes too long; called about once a second."""
        patience = self.patience
        idle = now - self.since
        if self._paused:
            self._unread.look(self.transport, now, patience.reader)
        elif self._state == _FREE:
            if idle > patience.idle:
                self.transport.close()
        elif self._state == _HEAD:
            if idle > patience.head:
                self._refuse(_SLOW_HEAD)
        elif self._state == _BODY:
            if idle > patience.body or now > self._until:
                self._refuse(_SLOW_BODY)
        elif self._state == _ENDING and self.transport.get_write_buffer_size():
            self._unread.look(self.transport, now, patience.reader)
        elif self._state == _ENDING and idle > _LAST:
            self.transport.abort()

    # Reading

    def _begin(self, data: bytes) -> None:
        """A request of which not all is there, or more than all, or a head that is not known yet."""
        self.since = monotonic()
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:  # noqa: PLR2004 -- not found
            if len(data) > _LONGEST_HEAD:
                self._refuse(_LONG_HEAD)
                return
            self._state = _HEAD
            self._held = [data]
            return
        raw = data[:end]
        if end > _LONGEST_HEAD:
            self._refuse(_LONG_HEAD)
            return
        head = self._heads.get(raw) or self._heads.read(raw)
        if head is None:
            self._hand_over(data)
            return
        self._head = head
        if head.length > head.place.body:
            self._refuse(_too_large(head.place.body))
            return
        have = len(data) - end
        if have < head.length:
            self._state = _BODY
            self._until = self.since + self.patience.body + head.length / _SLOWEST
            self._held = [data[end:]] if have else []
            self._left = head.length - have
        else:
            self._held = [data[end + head.length :]] if have > head.length else []
            self._ask(data[end : end + head.length])

    def _more(self, data: bytes) -> None:
        state = self._state
        if state == _BODY:
            self.since = monotonic()
            self._left -= len(data)
            if self._left > 0:
                self._held.append(data)
                return
            held, self._held = self._held, []
            if self._left < 0:
                self._held = [data[self._left :]]
                data = data[: self._left]
            held.append(data)
            self._ask(b"".join(held))
        elif state == _HEAD:
            begun = self.since
            self._state = _FREE
            self._begin(b"".join((*self._held, data)))
            if self._state == _HEAD:
                self.since = begun  # a head has one time for all of it
        elif state in {_ASKED, _FREE}:  # it sends ahead, or does not read what it was answered
            self._held.append(data)
            if self._reading and sum(map(len, self._held)) > _AHEAD:
                self._reading = False
                self.transport.pause_reading()
        else:
            self._left += len(data)
            if self._left > _LINGER:
                self.transport.abort()

    def _ask(self, body: bytes) -> None:
        head = self._head
        engine = self._engine
        self._state = _ASKED
        call = (head.request_id or engine.new_id(), head.content_type, body, head.headers, head.query)
        try:
            self._waiting = engine.begin(head.place, call, head.keys, self)
        except TreeringError as error:
            engine.told(head.place.path, error.status, 0.0)
            self._write(refusal_of(error), call[0], None)

    def _hand_over(self, data: bytes) -> None:
        self._state = _FREE
        self._held = []
        self.slow.take(self.transport, data)

    def take_back(self, *, paused: bool) -> None:
        """The slow lane is done, and nothing that came is left; the client may not have read all of the answer."""
        self._state = _FREE
        self._paused = paused
        self.since = monotonic()
        self.server_state.connections.add(self)  # type: ignore[arg-type]  # as uvicorn's own
        self.transport.set_protocol(self)

    # Writing

    def answered(self, waiting: Waiting, answer: Answer) -> None:
        """Write what a worker answered."""
        self._waiting = None
        self._engine.finished(waiting, answer)
        self._write(answer, waiting.call[0], waiting)

    def _write(self, answer: Answer, request_id: bytes, waiting: Waiting | None) -> None:
        status, body, content_type, headers, _ = answer
        if waiting is not None:
            target = waiting.target
            kind = (status, content_type)
            first = target.heads.get(kind)
            if first is None:
                first = beginning(status, content_type, target)
                if len(target.heads) < _KINDS:
                    target.heads[kind] = first
        else:
            first = beginning(status, content_type, None)
        more = b"".join([b"%b: %b\r\n" % header for header in headers]) if headers else b""
        engine = self._engine
        keep = self._head.keep and not engine.draining and not self._last
        if not keep:
            more += b"connection: close\r\n"
        self.transport.write(
            b"%b%b%bcontent-length: %d\r\nx-request-id: %b\r\n\r\n%b"
            % (first, engine.date, more, len(body), request_id, body)
        )
        if not keep:
            self._state = _ENDING
            self.since = monotonic()
            self.transport.close()
            return
        self._state = _FREE
        if self._held:
            if not self._paused:
                self._next()
        else:
            self.since = monotonic()

    def _next(self) -> None:
        """Go on with what the client sent ahead."""
        held, self._held = self._held, []
        if not self._reading:
            self._reading = True
            self.transport.resume_reading()
        self._begin(b"".join(held))

    def _refuse(self, answer: Answer) -> None:
        """Say why, read no further, and close when the client has had time to read it."""
        head = self._head if self._state == _BODY or answer.status == _TOO_LARGE else None
        body = answer.body
        request_id = (head.request_id if head is not None else b"") or self._engine.new_id()
        self.transport.write(
            b"%b%bconnection: close\r\ncontent-length: %d\r\nx-request-id: %b\r\n\r\n%b"
            % (beginning(answer.status, answer.content_type, None), self._engine.date, len(body), request_id, body)
        )
        self._engine.told(head.place.path if head is not None else "other", answer.status, monotonic() - self.since)
        self._state = _ENDING
        self._held = []
        self._left = 0
        self.since = monotonic()
        if self.transport.can_write_eof():
            self.transport.write_eof()


_KINDS = 64
_LAST = 2.0
_TOO_LARGE = 413
_SLOW_HEAD = refusal(408, "REQUEST_TIMEOUT", "The head of the request did not come in time.")
_SLOW_BODY = refusal(408, "REQUEST_TIMEOUT", "The body of the request did not come in time.")
_LONG_HEAD = refusal(431, "REQUEST_TOO_LARGE", "The head of the request is longer than 64 KiB.")


def _too_large(most: int) -> Answer:
    text = f"The body is larger than {most} bytes. Send fewer rows at a time, or raise TREERING_MAX_BODY_BYTES."
    return refusal(413, "REQUEST_TOO_LARGE", text)
