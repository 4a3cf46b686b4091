"""Environments by uv, which finds or fetches the Python that a model names, and installs from its cache."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from treering.environments.base import Specification, Tell
from treering.environments.programs import lacks, oldest_python, run, write_requirements
from treering.environments.virtualenv import program_of

__all__ = ["MANAGER", "UvManager"]

_PROGRAM = "uv"


class UvManager:
    """The manager `uv`."""

    isolated = True

    def check(self, specification: Specification) -> None:
        """See `EnvironmentManager`."""
        oldest_python(specification)
        _program()

    def build(self, specification: Specification, folder: Path, tell: Tell) -> None:
        """See `EnvironmentManager`."""
        uv = _program()
        version = oldest_python(specification)
        tell(f"Making an environment with Python {version}, by uv")
        run("uv", [*uv, "venv", "--quiet", "--python", version, str(folder)], folder.parent)
        wanted = write_requirements(specification, folder / ".treering")
        tell(f"Installing {len(specification.requirements)} packages that the model requires, and what Treering needs")
        run("uv", [*uv, "pip", "install", "--quiet", "--python", str(self.python(folder)), *wanted], folder)

    def python(self, folder: Path) -> Path:
        """See `EnvironmentManager`."""
        return program_of(folder)


def _program() -> list[str]:
    found = shutil.which(_PROGRAM)
    if found:
        return [found]
    if importlib.util.find_spec(_PROGRAM) is not None:
        return [sys.executable, "-m", _PROGRAM]
    how = "Install it with: pip install uv"
    raise lacks(_PROGRAM, how)


MANAGER = UvManager()
