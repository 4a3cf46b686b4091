"""The slow lane: uvicorn's own protocol, for what the fast lane leaves, with the same patience.

When a request is answered and nothing of another one has come, the connection goes back.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

    import uvicorn
    from uvicorn.server import ServerState

    from treering.serving.front.fastlane import FastLane

__all__ = ["SlowLane", "Unread"]


class Unread:
    """How long a client has read nothing of what waits for it."""

    __slots__ = ("_left", "_since")

    def __init__(self) -> None:
        self._since = 0.0
        self._left = 0

    def begin(self, now: float) -> None:
        """It stopped to read, or cannot keep up."""
        self._since = now
        self._left = 0

    def look(self, transport: asyncio.Transport, now: float, patience: float) -> None:
        """Cut it off when it has read nothing for so many seconds; one that is slow goes on."""
        left = transport.get_write_buffer_size()
        if left != self._left:
            self._left, self._since = left, now
        elif now - self._since > patience:
            transport.abort()


_LONGEST_HEAD = 256 << 10


class SlowLane(HttpToolsProtocol):
    """One connection, while what comes on it is not for the fast lane."""

    def __init__(
        self, fast: FastLane, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None,
    ) -> None:  # fmt: skip
        super().__init__(config, server_state, app_state, _loop)
        self._fast = fast
        self._between = True
        self._answering = False
        self._taken = False
        self._in_head = False
        self._head_size = 0
        self._unread = Unread()
        self.since = monotonic()

    def take(self, transport: asyncio.Transport, data: bytes) -> None:
        """Go on with a connection, and what came on it."""
        transport.set_protocol(self)
        self.server_state.connections.discard(self._fast)
        if self._taken:
            self.server_state.connections.add(self)
        else:
            self._taken = True
            self.connection_made(transport)
        self.data_received(data)

    def look(self, now: float) -> None:
        """End what takes too long; called about once a second."""
        patience = self._fast.patience
        if self.flow.write_paused:
            self._unread.look(self.transport, now, patience.reader)
        elif not self._between and now - self.since > (patience.body if self._answering else patience.head):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        in_head = self._in_head
        if not in_head:  # a head has one time for all of it
            self.since = monotonic()
        super().data_received(data)
        self._head_size = self._head_size + len(data) if in_head and self._in_head else 0
        if self._head_size > _LONGEST_HEAD:
            self.transport.abort()

    def pause_writing(self) -> None:
        """The client does not read."""
        self._unread.begin(monotonic())
        super().pause_writing()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._between = False
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._answering = True
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of a request is there."""
        self._between = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered."""
        self._answering = bool(self.pipeline)
        super().on_response_complete()
        if self._between and not self.pipeline and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self.server_state.connections.discard(self)
            self._fast.take_back(paused=self.flow.write_paused)

    def flow_on(self) -> None:
        """The client reads again, which the fast lane was told."""
        if self._taken:
            self.flow.resume_writing()
