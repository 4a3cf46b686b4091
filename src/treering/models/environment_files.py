"""The files of a model that tell of its environment: requirements.txt, constraints.txt, conda.yaml, python_env.yaml.

Users give requirements as a list or as a file, or a whole conda environment; a
project of uv is copied as it is.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import InvalidInput, NotFound
from treering.models.requirements import pin

__all__ = ["Requirements", "conda_environment", "copy_uv_project", "from_conda", "given_requirements", "write"]

Requirements = Sequence[str] | str
"""As users give them: lines, or the path of a file with them."""

_UV_FILES = ("uv.lock", "pyproject.toml", ".python-version")


def given_requirements(given: Requirements, folder: Path) -> list[str]:
    """The lines that a user means; constraints that they name are written into the model's `folder`.

    Raises:
        NotFound: If a file that is named is not there.
        InvalidInput: If a line is no requirement.
    """
    lines: list[str] = []
    constraints: list[str] = []
    for line in _lines(given, Path.cwd()):
        if line.startswith(("-c ", "--constraint")):
            constraints += _file_lines(Path(_named(line)))
        else:
            lines.append(line)
    if constraints:
        (folder / "constraints.txt").write_text("".join(f"{one}\n" for one in constraints), encoding="utf-8")
        lines.append("-c constraints.txt")
    return lines


def from_conda(given: Mapping[str, Any] | str) -> tuple[dict[str, Any], list[str]]:
    """A conda environment as a user gives it, and the packages of pip in it.

    Raises:
        NotFound: If the file is not there.
        InvalidInput: If it is no environment.
    """
    if isinstance(given, str | Path):
        try:
            found = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
        except OSError as error:
            msg = f"The conda environment {given} cannot be read: {error.strerror}. Correct conda_env."
            raise NotFound(msg) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            msg = f"The conda environment {given} is not YAML: {error}"
            raise InvalidInput(msg) from error
    else:
        found = dict(given)
    if not isinstance(found, dict) or not isinstance(found.get("dependencies", []), list):
        msg = "A conda environment is a dictionary with a list of dependencies. Correct conda_env."
        raise InvalidInput(msg)
    pip = [one["pip"] for one in found.get("dependencies", []) if isinstance(one, dict) and "pip" in one]
    return found, [str(line) for lines in pip for line in lines]


def conda_environment(requirements: Sequence[str]) -> dict[str, Any]:
    """An environment of conda with this Python, in which pip installs the requirements."""
    return {
        "channels": ["conda-forge"],
        "dependencies": [f"python={platform.python_version()}", "pip", {"pip": list(requirements)}],
        "name": "mlflow-env",
    }


def write(folder: Path, requirements: Iterable[str], conda: Mapping[str, Any] | None = None) -> None:
    """Write the files into `folder`.

    Args:
        conda: A conda environment of the user's; one is made of the requirements unless given.

    Raises:
        InvalidInput: If a requirement is empty or holds a line break.
    """
    lines = list(requirements)
    for line in lines:
        if not line.strip() or "\n" in line:
            msg = f"{line!r} is no requirement. Write one such as scikit-learn==1.5.0 a string."
            raise InvalidInput(msg)
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    environment = {
        "python": platform.python_version(),
        "build_dependencies": [pin(name) for name in ("pip", "setuptools", "wheel")],
        "dependencies": ["-r requirements.txt"],
    }
    made = conda or conda_environment(lines)
    (folder / "conda.yaml").write_text(yaml.safe_dump(dict(made), sort_keys=False), encoding="utf-8")
    (folder / "python_env.yaml").write_text(yaml.safe_dump(environment, sort_keys=False), encoding="utf-8")


def copy_uv_project(source: Path, folder: Path) -> None:
    """Copy the files of a project of uv into the model.

    Raises:
        NotFound: If `source` is no such project.
    """
    missing = [name for name in _UV_FILES[:2] if not (source / name).is_file()]
    if missing:
        msg = f"{source} is no project of uv: it has no {' and no '.join(missing)}. Correct uv_project_path."
        raise NotFound(msg)
    for name in _UV_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def _lines(given: Requirements, base: Path) -> list[str]:
    if isinstance(given, str | Path):
        return _file_lines(Path(given))
    found: list[str] = []
    for line in given:
        text = str(line)
        if text.startswith(("-r ", "--requirement")):
            found += _file_lines(base / _named(text))
        else:
            found.append(text)
    return found


def _file_lines(path: Path, within: tuple[Path, ...] = ()) -> list[str]:
    """The requirements in a file and in those that it refers to, without comments."""
    if path.resolve() in within:
        msg = f"The requirements {path} refer to themselves. Correct the lines with -r."
        raise InvalidInput(msg)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"The requirements {path} cannot be read: {error.strerror}. Correct the path."
        raise NotFound(msg) from error
    found: list[str] = []
    for raw in text.replace("\\\n", "").splitlines():
        line = raw.partition(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith(("-r ", "--requirement")):
            found += _file_lines(path.parent / _named(line), (*within, path.resolve()))
        elif line.startswith(("-c ", "--constraint")):
            found.append(f"-c {path.parent / _named(line)}")
        else:
            found.append(line)
    return found


def _named(line: str) -> str:
    """The file that an option such as `-r more.txt` names."""
    return line.partition("=" if line.startswith("--") and "=" in line else " ")[2].strip()
