"""A web server that says when it answers and ends as it is told, for the inference server and the tracking server alike."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

__all__ = ["Server"]


class Server(uvicorn.Server):
    """uvicorn's server; it says when it answers, and ends as a success when it is told to end.

    Args:
        on_ready: Called when it answers.
        on_end: Called before it waits for the requests that run.
    """

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and wait for those that run."""
        # Only then, because uvicorn tells the application itself when they have ended.
        self._on_end()
        await super().shutdown(sockets)
        # Who did not read what was left is cut off: an event loop does not close over connections.
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a signal handler
        """End when running requests are done; a second SIGINT does not wait for them."""
        # Not remembered, so that it is not raised again before the services are closed.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
