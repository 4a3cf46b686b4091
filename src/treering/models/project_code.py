"""The modules of the user's project that are imported now, as files to go along with a model."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from treering.models.requirements import is_installed

__all__ = ["copy_project_code"]


def copy_project_code(target: Path) -> tuple[str, ...]:
    """Copy each imported module that lies below the working folder and in no package; returns their first names.

    The script that runs is not among them: what it defines goes along in the model itself.
    """
    here = Path.cwd().resolve()
    found: set[str] = set()
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name == "__main__" or not file or not str(file).endswith(".py") or is_installed(name):
            continue
        path = Path(file).resolve()
        if not path.is_relative_to(here) or "site-packages" in path.parts:
            continue
        parts = name.split(".")
        inner = Path(*parts, "__init__.py") if path.name == "__init__.py" else Path(*parts).with_suffix(".py")
        (target / inner).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / inner)
        found.add(parts[0])
    return tuple(sorted(found))
