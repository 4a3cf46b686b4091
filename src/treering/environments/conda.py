"""Environments by conda, mamba or micromamba, from a model's conda.yaml."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import yaml

from treering.core.variables import process_variables
from treering.environments.base import Specification, Tell
from treering.environments.programs import lacks, oldest_python, run, write_requirements

__all__ = ["MANAGER", "CondaManager"]

_PROGRAMS = ("conda", "mamba", "micromamba")
_HOME = "MLFLOW_CONDA_HOME"
_CHANNEL = "conda-forge"


class CondaManager:
    """The manager `conda`."""

    isolated = True

    def check(self, specification: Specification) -> None:
        """See `EnvironmentManager`."""
        oldest_python(specification)
        _program()

    def build(self, specification: Specification, folder: Path, tell: Tell) -> None:
        """See `EnvironmentManager`."""
        version = oldest_python(specification)
        described = dict(specification.conda) or {
            "channels": [_CHANNEL],
            "dependencies": [f"python={version}", "pip", {"pip": list(specification.requirements)}],
        }
        described["name"] = folder.name
        file = folder.with_name(f"{folder.name}.yaml")
        file.write_text(yaml.safe_dump(described, sort_keys=False), encoding="utf-8")
        tell(f"Making an environment with Python {version}, by conda")
        try:
            run(
                "conda",
                [_program(), "env", "create", "--quiet", "--prefix", str(folder), "--file", str(file)],
                folder.parent,
            )
        finally:
            file.unlink(missing_ok=True)
        ours = Specification(specification.python, (), specification.constraints, ours=specification.ours)
        wanted = write_requirements(ours, folder / ".treering")
        pip = [str(self.python(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run("conda", [*pip, *wanted], folder)

    def python(self, folder: Path) -> Path:
        """See `EnvironmentManager`."""
        return folder / ("python.exe" if sys.platform == "win32" else "bin/python")


def _program() -> str:
    home = process_variables().get(_HOME, "")
    for name in _PROGRAMS:
        if home and (found := shutil.which(name, path=str(Path(home) / "bin"))):
            return found
        if found := shutil.which(name):
            return found
    how = "Install conda, mamba or micromamba, or choose another --env-manager."
    raise lacks(_PROGRAMS[0], how)


MANAGER = CondaManager()
