"""Other people's products, each in a Python environment of its own that is built once and kept; the benchmarks use them, too."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "peers"


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


def ready(peer: Peer) -> Path:
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
    # The Makefile keeps one here where the machine has none.
    if uv := shutil.which("uv") or shutil.which("uv", path=ROOT / ".tools" / "bin"):
        _call(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        _call(uv, "pip", "install", "--quiet", "--python", str(peer.python), *peer.requirements)
    else:
        _call(sys.executable, "-m", "venv", str(folder))
        _call(str(peer.python), "-m", "pip", "install", "--quiet", *peer.requirements)


def _call(*command: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
