"""A server without processes and sockets: the ASGI application alone, with its host in this process."""

from __future__ import annotations

import asyncio

from treering.serving.front.app import FrontApp
from treering.serving.front.board import FrontBoard
from treering.serving.front.engine import Engine
from treering.serving.front.options import ServingOptions
from treering.serving.front.watching import watched
from treering.serving.hosting import HOSTS
from treering.serving.workers.here import Here

__all__ = ["create_app"]

_TICK = 1.0


def create_app(options: ServingOptions) -> FrontApp:
    """Open the host and make the ASGI application that serves it.

    The application wants its lifespan run. Its host is asked in a thread; `options.workers` says nothing here.

    Raises:
        TreeringError: If what is to be served cannot be opened.
    """
    engine = watched(Engine(options))
    host = HOSTS.load(options.kind)(dict(options.what))
    here = Here(host, FrontBoard(engine))
    engine.change = here.change

    timer: asyncio.TimerHandle | None = None

    def tick() -> None:
        nonlocal timer
        engine.traffic.tick()
        timer = asyncio.get_running_loop().call_later(_TICK, tick)

    async def begin() -> None:
        await asyncio.to_thread(engine.open)
        tick()
        here.open()

    async def end() -> None:
        if timer is not None:
            timer.cancel()
        here.close()
        engine.close()

    app = FrontApp(engine, begin, end)
    if host.offer().tunnel:
        app.inner = host.application()
    return app
