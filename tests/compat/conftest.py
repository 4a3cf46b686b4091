"""A real server, and other people's clients that talk to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from peers import MLFLOW_2, MLFLOW_3, Peer, ready

HERE = Path(__file__).parent
ENVIRON = os.environ

RunScript = Callable[..., str]


@contextmanager
def serving(home: Path, **settings: str) -> Iterator[str]:
    """A Treering server on `home`; the value is its address."""
    environment = {key: value for key, value in ENVIRON.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    environment |= {"TREERING_HOME": str(home)} | {f"TREERING_{key.upper()}": value for key, value in settings.items()}
    command = [sys.executable, "-c", "from treering.cli.main import main; main()", "server", "--port", "0"]
    with (home.parent / f"{home.name}.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            ready_at = re.search(r"http://\S+", process.stdout.readline())
            assert ready_at, Path(log.name).read_text()
            yield ready_at[0]
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()


@pytest.fixture
def serve() -> Callable[..., AbstractContextManager[str]]:
    """`serving`, for tests that start a server with settings of their own."""
    return serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on the embedded store."""
    with serving(tmp_path_factory.mktemp("server") / "home") as address:
        yield address


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def new_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own on an empty database, once of each kind."""
    home = tmp_path_factory.mktemp("server") / "home"
    uri = f"sqlite:///{home.parent / 'treering.db'}"
    if request.param != "sqlite":
        uri = request.getfixturevalue(f"new_{request.param}")()
    with serving(home, backend_store_uri=uri) as address:
        yield address


@pytest.fixture(params=[3, 2], ids=["mlflow-3", "mlflow-2"])
def run_new(request: pytest.FixtureRequest, new_server: str, tmp_path: Path) -> RunScript:
    """Runs a script against such a server, once with each MLflow."""
    return _runner(request.getfixturevalue(f"python_{request.param}"), new_server, tmp_path)


def _python(peer: Peer) -> Path:
    try:
        return ready(peer)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = f"{peer.name} cannot be installed: {getattr(error, 'stderr', '') or error}"
        if ENVIRON.get("TREERING_TEST_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def _runner(python: Path, server: str, folder: Path) -> RunScript:
    def run(script: str, *arguments: str) -> str:
        # Nothing else is set: what a user has to do is to name the server.
        environment = {
            "HOME": str(folder), "PATH": ENVIRON["PATH"], "DO_NOT_TRACK": "1", "MLFLOW_TRACKING_URI": server,
        }  # fmt: skip
        done = subprocess.run(
            [str(python), str(HERE / "scripts" / script), *arguments],
            env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, f"{script} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def python_3() -> Path:
    return _python(MLFLOW_3)


@pytest.fixture(scope="session")
def python_2() -> Path:
    return _python(MLFLOW_2)


@pytest.fixture
def run_3(python_3: Path, server: str, tmp_path: Path) -> RunScript:
    """Runs a script with MLflow 3 against the server."""
    return _runner(python_3, server, tmp_path)


@pytest.fixture
def run_2(python_2: Path, server: str, tmp_path: Path) -> RunScript:
    """Runs a script with MLflow 2 against the server."""
    return _runner(python_2, server, tmp_path)
