"""Running the server: takes the port, opens the services, says when it is ready, ends in order."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn

from treering.assembly import Services, open_services
from treering.core.errors import InvalidInput, NotSupported
from treering.core.settings import Settings, find_home
from treering.server.app import create_app
from treering.server.guard import guard_for
from treering.server.outbox import delivering, watching
from treering.serving.listening import Server
from treering.serving.ports import bind, url_of
from treering.serving.processes import Workers

__all__ = ["ServerOptions", "serve"]

_LAST_REQUESTS = 5
# Longer than the usual pools of clients keep a connection, so that they never write to a closed one.
_KEEP_ALIVE = 75


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What can be said about a server beside its settings.

    Attributes:
        allowed_hosts: Names by which it may be called; empty: see `guard_for`.
        allowed_origins: Sites whose pages may send changes.
        tls_cert: PEM file of the certificate chain; with `tls_key` the server speaks HTTPS.
        workers: Processes that answer at the one port.
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
        NotSupported: If several workers cannot share the database.
    """
    if bool(options.tls_cert) != bool(options.tls_key):
        msg = "--tls-cert and --tls-key belong together. Give both, or none."
        raise InvalidInput(msg)
    with bind(settings.host, settings.port) as listener:
        url = url_of(settings.host, listener.getsockname()[1], secure=bool(options.tls_cert))
        if options.workers == 1:
            _work(settings, options, listener, lambda: announce(url))
            return
        # What cannot work ends here and not in every worker, and only one of them makes the tables.
        services = _open(settings)
        try:
            _config(create_app(services), options)
        finally:
            services.close()
        if not services.shared:
            msg = (
                f"--workers {options.workers}: the database {settings.backend_store_uri} lives in the memory of one"
                " process. Leave the option out, or give a database that several can use with --backend-store-uri."
            )
            raise NotSupported(msg)
        Workers(partial(_work, settings, options), listener, options.workers).run(lambda: announce(url))


def _open(settings: Settings) -> Services:
    return open_services(settings, find_home(settings, Path.cwd()), proxied=settings.serve_artifacts)


def _work(settings: Settings, options: ServerOptions, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    services = _open(settings)
    try:
        guard = guard_for(settings.host, options.allowed_hosts, options.allowed_origins)
        app = create_app(services, guard)
        with delivering(services.keep_delivering), watching(services.deployments):
            Server(_config(app, options), on_ready, app.end_streams).run(sockets=[listener])
    finally:
        services.close()


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
