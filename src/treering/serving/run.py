"""Running a model server: takes the port, loads the model, answers until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial

import uvicorn

from treering.models.loading import load
from treering.serving.app import ScoringOptions, create_app
from treering.serving.listening import Server, bind, url_of
from treering.serving.processes import Workers

__all__ = ["serve"]

_LAST_REQUESTS = 5
# Longer than the usual pools of clients keep a connection, so that they never write to a closed one.
_KEEP_ALIVE = 75


def serve(
    options: ScoringOptions,
    *,
    host: str = "127.0.0.1",
    port: int = 5000,
    workers: int = 1,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve a model until SIGINT or SIGTERM; then finish the requests that run, and return.

    Args:
        port: 0 takes a free one.
        workers: Processes, each with a copy of the model.
        announce: Called once with the server's URL, when it answers.

    Raises:
        Unavailable: If the port is in use.
        TreeringError: If the model cannot be loaded.
    """
    announce = announce or (lambda _url: None)
    with bind(host, port) as listener:
        url = url_of(host, listener.getsockname()[1])
        if workers == 1:
            _work(options, listener, lambda: announce(url))
            return
        load(options.folder, options.loading)  # so that a model that cannot be loaded ends here, not in every worker
        Workers(partial(_work, options), listener, workers).run(lambda: announce(url))


def _work(options: ScoringOptions, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    config = uvicorn.Config(
        create_app(options),
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_LAST_REQUESTS,
    )
    Server(config, on_ready).run(sockets=[listener])
