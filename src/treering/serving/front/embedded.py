"""A server without processes and sockets: the ASGI application alone, with its host in this process."""

from __future__ import annotations

from treering.serving.front.app import FrontApp
from treering.serving.front.board import FrontBoard
from treering.serving.front.engine import Engine
from treering.serving.front.options import ServingOptions
from treering.serving.hosting import HOSTS
from treering.serving.workers.here import Here

__all__ = ["create_app"]


def create_app(options: ServingOptions) -> FrontApp:
    """Open the host and make the ASGI application that serves it.

    The application wants its lifespan run. Its host is asked in a thread; `options.workers` says nothing here.

    Raises:
        TreeringError: If what is to be served cannot be opened.
    """
    engine = Engine(options)
    host = HOSTS.load(options.kind)(dict(options.what))
    here = Here(host, FrontBoard(engine))
    engine.change = here.change

    async def begin() -> None:
        here.open()

    async def end() -> None:
        here.close()

    app = FrontApp(engine, begin, end)
    if host.offer().tunnel:
        app.through = host.application()
    return app
