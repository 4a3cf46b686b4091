"""A real server on a free port, over services that keep everything in memory and in a temporary folder."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from server_process import PATIENCE, Launch, Server
from treering.assembly import Services, open_services
from treering.core.settings import Settings
from treering.server.app import create_app
from treering.serving.ports import bind


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A running server. `ask` sends the path as it is written, without tidying it up."""

    port: int
    services: Services
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        sent = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Reply(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=str(tmp_path / "home"), backend_store_uri="memory://", max_body_bytes=1 << 20)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    opened = open_services(settings, Path(settings.home), proxied=True)
    yield opened
    opened.close()


@pytest.fixture
def start(services: Services) -> Iterator[Callable[..., Site]]:
    """Start a server with arguments of `create_app`, over `services` or others."""
    with contextlib.ExitStack() as stack:

        def run(own: Services = services, **options: Any) -> Site:
            app = create_app(own, **options)
            listener = stack.enter_context(bind("127.0.0.1", 0))
            config = uvicorn.Config(app, log_config=None, lifespan="on", server_header=False, ws="none")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            port = listener.getsockname()[1]
            thread.start()

            def stop() -> None:
                server.should_exit = True
                thread.join(30)
                assert not thread.is_alive()

            stack.callback(stop)
            return Site(port, own)

        yield run


@pytest.fixture
def site(start: Callable[..., Site]) -> Site:
    return start()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Start `treering server` with these arguments; what still runs is killed at the end."""
    started: list[Server] = []

    def run(*arguments: str, home: str = "home") -> Server:
        server = Server(arguments, tmp_path / home)
        started.append(server)
        return server

    yield run
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate(timeout=PATIENCE)
