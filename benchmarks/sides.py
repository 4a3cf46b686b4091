"""The two sides that are compared, and the environment in which each of them lives."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from peers import DVC, MLFLOW_3, Peer, ready

__all__ = ["DVC", "MLFLOW", "ROOT", "TREERING", "Side", "install_peer"]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Side:
    """A product in its environment.

    Attributes:
        module: What a script imports; the same calls work on both.
        bin: Folder of the environment's programs.
    """

    name: str
    module: str
    bin: Path

    @property
    def python(self) -> str:
        return str(self.bin / "python")

    @property
    def program(self) -> str:
        return str(self.bin / self.module)


TREERING = Side("Treering", "treering", Path(sys.executable).parent)
MLFLOW = Side("MLflow", "mlflow", MLFLOW_3.python.parent)


def install_peer(peer: Peer = MLFLOW_3) -> None:
    """Make the environment of a peer where it is missing: the one of the tests. The bytecode of both sides is compiled."""
    home = ready(peer).parent.parent
    print(f"The environment of {peer.name} is {home.relative_to(ROOT)}", file=sys.stderr)
    mark = home / ".compiled"
    if not mark.exists():
        # Some packages bring templates that are no valid Python; they are never imported.
        subprocess.run(
            [str(peer.python), "-m", "compileall", "-q", "-j", "0", str(home / "lib")],
            check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        mark.touch()
    subprocess.run([TREERING.python, "-m", "compileall", "-q", str(ROOT / "src")], check=True)
