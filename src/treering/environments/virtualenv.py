"""Environments by Python's own `venv` and pip, with a Python of this machine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from treering.core.errors import NotSupported
from treering.environments.base import Specification, Tell
from treering.environments.programs import oldest_python, run, write_requirements

__all__ = ["MANAGER", "VirtualenvManager", "program_of"]


class VirtualenvManager:
    """The manager `virtualenv`."""

    isolated = True

    def check(self, specification: Specification) -> None:
        """See `EnvironmentManager`."""
        _interpreter(oldest_python(specification))

    def build(self, specification: Specification, folder: Path, tell: Tell) -> None:
        """See `EnvironmentManager`."""
        version = oldest_python(specification)
        tell(f"Making an environment with Python {version}, by venv")
        run("virtualenv", [_interpreter(version), "-m", "venv", str(folder)], folder.parent)
        wanted = write_requirements(specification, folder / ".treering")
        pip = [str(self.python(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if specification.build:
            run("virtualenv", [*pip, *specification.build], folder)
        tell(f"Installing {len(specification.requirements)} packages that the model requires, and what Treering needs")
        run("virtualenv", [*pip, *wanted], folder)

    def python(self, folder: Path) -> Path:
        """See `EnvironmentManager`."""
        return program_of(folder)


def program_of(folder: Path) -> Path:
    """The program `python` of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _interpreter(version: str) -> str:
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return getattr(sys, "_base_executable", "") or sys.executable
    if found := shutil.which(f"python{version}"):
        return found
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    if kept:
        return str(kept[-1])
    msg = (
        f"The model was made with Python {version}, which is not on this machine. Install it, for instance with"
        f" `pyenv install {version}`, or take --env-manager uv, which fetches it."
    )
    raise NotSupported(msg)


MANAGER = VirtualenvManager()
