"""Running a model server: takes the port, loads the model, answers until it is told to stop."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType

import uvicorn

from treering.core.errors import InvalidInput, PermissionDenied, TreeringError, Unavailable
from treering.models.loading import load
from treering.serving.app import ScoringOptions, create_app
from treering.serving.workers import Workers

__all__ = ["bind", "serve"]

_BACKLOG = 2048
_LAST_REQUESTS = 5
# Longer than the usual pools of clients keep a connection, so that they never write to a closed one.
_KEEP_ALIVE = 75
_WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104 -- compared with, not bound to


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
        announce: Called once with the server's URL, when it answers; with several workers, when they start.

    Raises:
        Unavailable: If the port is in use.
        TreeringError: If the model cannot be loaded.
    """
    announce = announce or (lambda _url: None)
    with bind(host, port) as listener:
        url = _url(host, listener.getsockname()[1])
        if workers == 1:
            _work(options, lambda: announce(url), listener)
            return
        load(options.folder, options.loading)  # so that a model that cannot be loaded ends here, not in every worker
        announce(url)
        Workers(partial(_work, options, None), listener, workers).run()


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        Unavailable: If another program listens there.
        PermissionDenied: If the system does not let this user take the port.
        InvalidInput: If `host` is no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, OverflowError, UnicodeError) as error:
        msg = f"{host}:{port} is no address to listen on: {error}. Check --host and --port."
        raise InvalidInput(msg) from error
    # A socket that does not name TCP as its protocol makes asyncio leave Nagle's algorithm on: 40 ms a request.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _bind_error(host, port, error) from error
    return listener


def _bind_error(host: str, port: int, error: OSError) -> TreeringError:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} of {host} is in use by another program. Stop that one, or choose another port with --port,"
            " or any free one with --port 0."
        )
    if error.errno == errno.EACCES:
        return PermissionDenied(f"Port {port} needs rights that you do not have. Choose one above 1023 with --port.")
    return InvalidInput(f"Cannot listen on {host}:{port}: {error.strerror}. Check --host and --port.")


def _work(options: ScoringOptions, on_ready: Callable[[], None] | None, listener: socket.socket) -> None:
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
    _Server(config, on_ready or (lambda: None)).run(sockets=[listener])


def _url(host: str, port: int) -> str:
    name = "localhost" if host in _WILDCARDS else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


class _Server(uvicorn.Server):
    """uvicorn's server; it says when it answers, and ends as a success when it is told to end."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- the shape of a signal handler
        # Not remembered, so that it is not raised again when the server has ended.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
