"""Running the server: takes the port, opens the services, says when it is ready, ends in order."""

from __future__ import annotations

import errno
import os
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from treering.assembly import open_services
from treering.core.errors import InvalidInput, NotSupported, PermissionDenied, TreeringError, Unavailable
from treering.core.settings import Settings, find_home
from treering.server.app import create_app
from treering.server.guard import guard_for

__all__ = ["ServerOptions", "bind", "serve"]

_LAST_PORT = 65535
_BACKLOG = 2048
_LAST_REQUESTS = 5
# Longer than the usual pools of clients keep a connection, so that they never write to a closed one.
_KEEP_ALIVE = 75
_WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What can be said about a server beside its settings.

    Attributes:
        allowed_hosts: Names by which it may be called; empty: see `guard_for`.
        allowed_origins: Sites whose pages may send changes.
        tls_cert: PEM file of the certificate chain; with `tls_key` the server speaks HTTPS.
    """

    allowed_hosts: Sequence[str] = ()
    allowed_origins: Sequence[str] = ()
    tls_cert: str = ""
    tls_key: str = ""
    workers: int = 1


def serve(settings: Settings, options: ServerOptions, announce: Callable[[str], None]) -> None:
    """Answer requests until SIGINT or SIGTERM; then finish those that run, and return.

    Args:
        announce: Called once with the server's URL, when it answers.

    Raises:
        Unavailable: If the port is taken, or the database cannot be reached.
        InvalidInput: If the address or a TLS file is wrong.
    """
    if options.workers > 1:
        msg = (
            f"--workers {options.workers}: this version serves from one process, with threads. Leave the"
            " option out, or start several servers on one PostgreSQL or MySQL database behind a proxy."
        )
        raise NotSupported(msg)
    if bool(options.tls_cert) != bool(options.tls_key):
        msg = "--tls-cert and --tls-key belong together. Give both, or none."
        raise InvalidInput(msg)
    listener = bind(settings.host, settings.port)
    with listener:
        services = open_services(settings, find_home(settings, Path.cwd()), proxied=settings.serve_artifacts)
        try:
            guard = guard_for(settings.host, options.allowed_hosts, options.allowed_origins)
            config = _config(create_app(services, guard), options)
            url = _url(settings.host, listener.getsockname()[1], secure=bool(options.tls_cert))
            _Server(config, lambda: announce(url)).run(sockets=[listener])
        finally:
            services.close()


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises:
        Unavailable: If another program listens there.
        PermissionDenied: If the system does not let this user take the port.
        InvalidInput: If `host` is no address of this machine.
    """
    if not 0 <= port <= _LAST_PORT:
        # Some systems would cut off the higher bits and take another port.
        msg = f"There is no port {port}: they go from 0, which takes a free one, to {_LAST_PORT}. Check --host and --port."
        raise InvalidInput(msg)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        msg = f"{host}:{port} is no address to listen on: {error}. Check --host and --port."
        raise InvalidInput(msg) from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # Elsewhere this would share the port with another program instead of taking it after one that ended.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _bind_error(host, port, error) from error
    return listener


def _bind_error(host: str, port: int, error: OSError) -> TreeringError:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} of {host} is in use by another program. Stop that one, or choose"
            f" another port with --port {port + 1}, or any free one with --port 0."
        )
    if error.errno == errno.EACCES:
        return PermissionDenied(f"Port {port} needs rights that you do not have. Choose one above 1023 with --port.")
    return InvalidInput(f"Cannot listen on {host}:{port}: {error.strerror}. Check --host and --port.")


def _config(app: object, options: ServerOptions) -> uvicorn.Config:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # uvicorn has its own names for the types of ASGI
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_LAST_REQUESTS,
        ssl_certfile=options.tls_cert or None,
        ssl_keyfile=options.tls_key or None,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        msg = f"The certificate {options.tls_cert} or its key {options.tls_key} cannot be used: {error}."
        raise InvalidInput(msg) from error
    return config


def _url(host: str, port: int, *, secure: bool) -> str:
    name = "localhost" if host in _WILDCARDS else host
    return f"{'https' if secure else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


class _Server(uvicorn.Server):
    """uvicorn's server; it says when it answers, and ends as a success when it is told to end."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a signal handler
        # Not remembered, so that it is not raised again before the services are closed.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
