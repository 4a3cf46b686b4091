"""Running a model server: takes the port, starts the workers, and only then loads what the front itself needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.serving.front.options import ServingOptions
from treering.serving.ports import bind, url_of
from treering.serving.workers.frames import Start
from treering.serving.workers.spawning import spawn

__all__ = ["Where", "serve"]


@dataclass(frozen=True, slots=True)
class Where:
    """Where a server listens.

    Attributes:
        port: 0 takes a free one.
        grpc_port: Where it listens for gRPC as well; `None`: it does not.
        tls_cert: PEM file of the certificate chain; with `tls_key` the server speaks HTTPS.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    tls_cert: str = ""
    tls_key: str = ""
    grpc_port: int | None = None


def serve(options: ServingOptions, where: Where | None = None, announce: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; then finish the requests that run, and return.

    Args:
        announce: Called once with the server's URL, when it is ready.

    Raises:
        Unavailable: If the port is in use.
        InvalidInput: If the address or a TLS file is wrong.
        TreeringError: If what is to be served cannot be opened.
    """
    where = where or Where()
    if bool(where.tls_cert) != bool(where.tls_key):
        msg = "--tls-cert and --tls-key belong together. Give both, or none."
        raise InvalidInput(msg)
    with bind(where.host, where.port) as listener:
        url = url_of(where.host, listener.getsockname()[1], secure=bool(where.tls_cert))
        start = partial(spawn, log_level=_level(), workers=max(1, options.workers))
        first = Start(options.kind, dict(options.what), [])
        spawned = [start(first) for _ in range(options.workers)]
        # Loads while the workers load.
        process = import_module("treering.serving.front.process")
        process.run(options, where, listener, process.Workers(start, first, spawned), partial(announce or _quiet, url))


def _level() -> str:
    for name in ("DEBUG", "INFO", "WARNING", "ERROR"):
        if logger.isEnabledFor(_LEVELS[name]):
            return name
    return "CRITICAL"


_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


def _quiet(_url: str) -> None:
    """Nobody wants to know."""
