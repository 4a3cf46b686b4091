"""Services to start, and real servers on loopback to ask."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
import uvicorn

from treering.serving.ports import bind
from treering.serving.services.service import Service

Serve = Callable[..., str]
HERE = Path(__file__).parent


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """An application behind a real socket."""
    with bind("127.0.0.1", 0) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serve a service by its ASGI application; the arguments are what its host is opened with."""
    with ExitStack() as stack:

        def start(service: Service[Any], **options: Any) -> str:
            options.setdefault("tasks", str(tmp_path / "tasks.db"))
            return stack.enter_context(listening(service.to_asgi(**options)))

        yield start


class Asker:
    """Asks one server in plain HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = urllib3.PoolManager(retries=False, timeout=30.0)

    def __call__(self, way: str, path: str, **more: Any) -> urllib3.BaseHTTPResponse:
        return self._http.request(way, self.url + path, **more)

    def close(self) -> None:
        self._http.clear()


@pytest.fixture
def ask() -> Iterator[Callable[[str], Asker]]:
    askers: list[Asker] = []

    def make(url: str) -> Asker:
        askers.append(Asker(url))
        return askers[-1]

    yield make
    for one in askers:
        one.close()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Path]]:
    """Write a module that a server can import; it is forgotten behind the test."""
    written: list[str] = []

    def write(name: str, text: str) -> Path:
        written.append(name)
        (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    monkeypatch.setattr(sys, "path", [*sys.path])
    yield write
    for name in written:
        sys.modules.pop(name, None)
