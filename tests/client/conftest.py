from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treering.client import runs as runs_module
from treering.client import session as session_module
from treering.client.session import Session
from treering.core.settings import read_settings

PROGRAM = "import sys; from treering.cli.main import main; sys.exit(main())"


def clean_environment(**variables: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    return kept | variables


class Server:
    """A real `treering server` on one port and one home, which can be killed and started again."""

    def __init__(self, home: Path, database: str = "") -> None:
        self.home = home
        self._database = ["--backend-store-uri", database] if database else []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Server:
        log = (self.home.parent / f"{self.home.name}.log").open("a")
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "server", "--port", str(self.port), *self._database],
            env=clean_environment(TREERING_HOME=str(self.home)),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert re.search(r"https?://", said), Path(log.name).read_text()
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("server") / "home").start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def start_server() -> Iterator[Callable[..., Server]]:
    """Starts servers, on a home and, if given, a database elsewhere; they end with the module's tests."""
    started: list[Server] = []

    def start(home: Path, database: str = "") -> Server:
        started.append(Server(home, database).start())
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill."""
    one = Server(tmp_path / "served").start()
    yield one
    one.stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


Fresh = Callable[..., Session]


@pytest.fixture
def fresh(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fresh]:
    """Makes this process forget what it knew of tracking, as a new process would."""
    monkeypatch.setenv("TREERING_HOME", str(home))
    # What it adds to a run has tests of its own.
    monkeypatch.setenv("TREERING_CAPTURE", "off")
    for name in ("TRACKING_URI", "REGISTRY_URI", "ACTIVE_EXPERIMENT"):
        for product in ("TREERING", "MLFLOW"):
            # Set first, so that what a test makes of it is undone as well.
            monkeypatch.setenv(f"{product}_{name}", "")
            monkeypatch.delenv(f"{product}_{name}")
    made: list[Session] = []

    def begin(**variables: str) -> Session:
        for one in made:
            one.close()
        made.clear()
        for key, value in variables.items():
            monkeypatch.setenv(f"TREERING_{key.upper()}", value)
        os.environ.pop("TREERING_ACTIVE_EXPERIMENT", None)
        runs_module._active.set(())
        runs_module._Started.last = None
        runs_module._Started.open.clear()
        current = Session(read_settings(), home.parent)
        monkeypatch.setattr(session_module._Process, "session", current)
        made.append(current)
        return current

    yield begin
    for one in made:
        one.close()
    runs_module._active.set(())


@pytest.fixture(params=["near", "far"])
def fluent(request: pytest.FixtureRequest, fresh: Fresh) -> Session:
    """A fresh session on the embedded store, and again on a real server."""
    if request.param == "near":
        return fresh()
    return fresh(tracking_uri=request.getfixturevalue("server").url)
