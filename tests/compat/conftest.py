"""A real server, and other people's clients, each in a Python environment of its own that is built once and kept."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENVIRON = os.environ

RunScript = Callable[..., str]
CACHE = HERE.parents[1] / ".cache" / "peers"


@dataclass(frozen=True)
class Peer:
    """An environment: its folder's name and what is installed into it."""

    name: str
    requirements: Sequence[str]

    @property
    def python(self) -> Path:
        return CACHE / self.name / "bin" / "python"


MLFLOW_3 = Peer("mlflow-3", ("mlflow>=3.5,<4", "scikit-learn", "skops", "pandas"))
MLFLOW_2 = Peer("mlflow-2", ("mlflow>=2.22,<3", "scikit-learn"))


def _ready(peer: Peer) -> Path:
    """The Python of the environment, which is built if it is not there yet.

    Raises:
        subprocess.CalledProcessError: If it cannot be built, for instance without a network.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = "\n".join(peer.requirements)
    done = CACHE / peer.name / "requirements.txt"
    with (CACHE / f"{peer.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not done.is_file() or done.read_text() != wanted:
            shutil.rmtree(done.parent, ignore_errors=True)
            _build(peer, done.parent)
            done.write_text(wanted)
    return peer.python


def _build(peer: Peer, folder: Path) -> None:
    if uv := shutil.which("uv"):
        _call(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        _call(uv, "pip", "install", "--quiet", "--python", str(peer.python), *peer.requirements)
    else:
        _call(sys.executable, "-m", "venv", str(folder))
        _call(str(peer.python), "-m", "pip", "install", "--quiet", *peer.requirements)


def _call(*command: str) -> None:
    environment = {key: value for key, value in ENVIRON.items() if key != "VIRTUAL_ENV"}
    subprocess.run(command, check=True, env=environment, capture_output=True, text=True)


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server") / "home") as address:
        yield address


def _python(peer: Peer) -> Path:
    try:
        return _ready(peer)
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
