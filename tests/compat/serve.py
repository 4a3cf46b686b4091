"""Runs a Treering server in a process of its own, on a free port that it prints."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from treering.assembly import open_services
from treering.core.settings import read_settings
from treering.server.app import create_app


def main() -> None:
    settings = read_settings()
    services = open_services(settings, Path(settings.home), proxied=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - the test reads it
        config = uvicorn.Config(create_app(services), log_level="warning", lifespan="on")
        uvicorn.Server(config).run(sockets=[listener])
    services.close()


if __name__ == "__main__":
    sys.exit(main())
