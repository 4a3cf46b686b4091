"""The two sides that are compared, and the environment in which each of them lives."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MLFLOW", "ROOT", "TREERING", "Side", "install_peer"]

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".cache" / "peers" / "mlflow-3"
REQUIREMENT = "mlflow>=3,<4"


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
MLFLOW = Side("MLflow", "mlflow", PEER / "bin")


def install_peer() -> None:
    """Make the environment of MLflow where it is missing, with its bytecode compiled."""
    if not Path(MLFLOW.program).exists():
        print(f"Installing {REQUIREMENT} into {PEER.relative_to(ROOT)} (once) ...", file=sys.stderr)
        uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PEER)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", MLFLOW.python, REQUIREMENT], check=True)
    mark = PEER / ".compiled"
    if not mark.exists():
        subprocess.run([MLFLOW.python, "-m", "compileall", "-q", "-j", "0", str(PEER / "lib")], check=False)
        mark.touch()
    subprocess.run([TREERING.python, "-m", "compileall", "-q", str(ROOT / "src")], check=True)
