"""The front's process: sockets, both lanes, and the crew of workers behind them."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from types import FrameType

import uvicorn

from treering.core.errors import InvalidInput, TreeringError
from treering.serving.front.app import FrontApp
from treering.serving.front.board import FrontBoard
from treering.serving.front.engine import Engine
from treering.serving.front.fastlane import FastLane
from treering.serving.front.options import ServingOptions
from treering.serving.front.rpc import Beside
from treering.serving.front.running import Where
from treering.serving.front.watching import watched
from treering.serving.front.websocket import WebSocket
from treering.serving.hosting import HOSTS
from treering.serving.listening import Server
from treering.serving.workers.crew import Crew
from treering.serving.workers.frames import Start
from treering.serving.workers.here import Here
from treering.serving.workers.spawning import Spawned

__all__ = ["Workers", "run"]

_TICKS = 10
_FILES = 1 << 16
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers that were started already, and how another one is."""

    spawn: Callable[[Start], Spawned]
    first: Start
    spawned: Sequence[Spawned]


def run(
    options: ServingOptions, where: Where, listener: socket.socket, workers: Workers, announce: Callable[[], None]
) -> None:
    """Answer at the socket until SIGINT or SIGTERM.

    Raises:
        TreeringError: If what is to be served cannot be opened.
    """
    engine = watched(Engine(options))
    life = _Life(engine, workers, announce, Beside(engine, where))
    life.app = app = FrontApp(engine, life.begin, life.end)
    config = uvicorn.Config(
        app,
        http=partial(FastLane, engine),  # type: ignore[arg-type]  # makes a protocol, as a class would
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws=WebSocket,
        backlog=_BACKLOG,
        timeout_keep_alive=int(options.patience.idle),
        timeout_graceful_shutdown=max(1, int(options.patience.drain)),
        ssl_certfile=where.tls_cert or None,
        ssl_keyfile=where.tls_key or None,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        msg = f"The certificate {where.tls_cert} or its key {where.tls_key} cannot be used: {error}."
        raise InvalidInput(msg) from error
    server = _Server(config, engine, life)
    life.server = server
    _allow_connections()
    gc.freeze()
    server.run(sockets=[listener])
    if life.error is not None:
        raise life.error


def _allow_connections() -> None:
    """A connection is a file, of which many systems allow a thousand unless a program asks for more."""
    if os.name == "posix":
        limits = importlib.import_module("resource")
        soft, hard = limits.getrlimit(limits.RLIMIT_NOFILE)
        wanted = min(_FILES, hard) if hard != limits.RLIM_INFINITY else _FILES
        if soft != limits.RLIM_INFINITY and soft < wanted:
            limits.setrlimit(limits.RLIMIT_NOFILE, (wanted, hard))


class _Life:
    """What happens beside requests: workers come up, are looked after, and end."""

    def __init__(self, engine: Engine, workers: Workers, announce: Callable[[], None], beside: Beside) -> None:
        options = engine.options
        self._beside = beside
        self._engine = engine
        self._workers = workers
        self._announce = announce
        self._crew: Crew | None = None
        self._here: Here | None = None
        # Opened before the server runs, so that an error comes out as it is.
        self._host = None if options.workers else HOSTS.load(options.kind)(dict(options.what))
        self._first: asyncio.Task[None] | None = None
        self.server: _Server | None = None
        self.app: FrontApp | None = None
        self.error: BaseException | None = None

    async def begin(self) -> None:
        """Take over the workers; the server answers from now on, if only that it is not ready."""
        engine, options = self._engine, self._engine.options
        board = FrontBoard(engine)
        if self._host is not None:
            self._here = Here(self._host, board)
            engine.change = self._here.change
            self._here.open()
            if self.app is not None and engine.offer is not None and engine.offer.tunnel:
                self.app.inner = self._host.application()
            if await self._listens_beside() and await self._opened():
                self._announce()
            return
        self._crew = crew = Crew(board, self._workers.spawn, self._workers.first, memory=options.memory)
        engine.change = crew.change
        await crew.open(self._workers.spawned)
        if await self._listens_beside():
            self._first = asyncio.create_task(self._wait(crew))

    async def _listens_beside(self) -> bool:
        try:
            await self._beside.begin()
        except TreeringError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: BaseException) -> None:
        """End the server, which then raises this."""
        self.error = error
        if self.server is not None:
            self.server.should_exit = True

    async def _wait(self, crew: Crew) -> None:
        try:
            await crew.up
        except Exception as error:  # noqa: BLE001 -- raised again where the server ends
            self._fail(error)
            return
        if await self._opened():
            self._announce()

    async def _opened(self) -> bool:
        """Whether those who watch the engine are ready; they began when the workers did."""
        try:
            await asyncio.to_thread(self._engine.open)
        except TreeringError as error:
            self._fail(error)
            return False
        return True

    def look(self) -> None:
        """Called about once a second."""
        if self._crew is not None:
            self._crew.look()
        self._engine.traffic.tick()

    async def end(self) -> None:
        """After the last answer."""
        if self._first is not None:
            self._first.cancel()
        await self._beside.end()
        if self._crew is not None:
            await self._crew.close()
        if self._here is not None:
            self._here.close()
        self._engine.close()


class _Server(Server):
    """uvicorn's server, which looks after connections and workers once a second, and may stay a while as lame."""

    def __init__(self, config: uvicorn.Config, engine: Engine, life: _Life) -> None:
        super().__init__(config, lambda: None)
        self._engine = engine
        self._life = life
        self._until = 0.0

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        leaving = await super().on_tick(counter)
        if counter % _TICKS == 0:
            self._engine.date = b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])
            now = monotonic()
            for connection in list(self.server_state.connections):
                connection.look(now)  # type: ignore[union-attr]  # ours
            self._life.look()
        return leaving and (monotonic() >= self._until or self.force_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Readiness says no at once."""
        if not self._engine.draining:
            self._engine.draining = True
            self._until = monotonic() + self._engine.options.patience.lame
        elif sig == signal.SIGINT:
            self._until = 0.0
        super().handle_exit(sig, frame)
