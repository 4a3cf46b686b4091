"""Running the programs that make environments, and saying why one failed: which package, and what next."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from treering.core.errors import NotSupported, Unavailable
from treering.core.variables import process_variables
from treering.environments.base import Specification

__all__ = ["lacks", "oldest_python", "run", "write_requirements"]

_OLDEST = (3, 11)
_SHOWN = 12
_BLAMED = (
    re.compile(r"No matching distribution found for ([^\s;]+)"),
    re.compile(r"Because there is no version of ([^\s,]+)"),
    re.compile(r"[Bb]ecause ([^\s,]+) was not found"),
    re.compile(r"Because (?:only )?([A-Za-z0-9._-]+[=<>!~]=?[^\s,]+)"),
    re.compile(r"Failed to (?:build|download|fetch)[:\s]+`?([^\s`]+)"),
    re.compile(r"Failed building wheel for (\S+)"),
    re.compile(r"Invalid requirement: '?([^'\s]+)"),
    re.compile(r"(?:PackagesNotFoundError|nothing provides|does not exist)[^\n]*?\n?\s*-?\s*([A-Za-z0-9._=<>-]+)"),
)


def run(manager: str, command: Sequence[str], folder: Path) -> None:
    """Run a program, whose output is shown only if it fails.

    Raises:
        Unavailable: If it fails. The message names the package that it failed on, if its output does.
    """
    variables = {
        name: value for name, value in process_variables().items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}
    }
    try:
        done = subprocess.run(  # noqa: S603 -- a program that the user chose
            list(command), cwd=folder, env=variables, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    except OSError as error:
        msg = f"{command[0]} cannot be run: {error.strerror}. Install it, or choose another --env-manager."
        raise NotSupported(msg) from error
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip()
        blamed = next((found[1].strip("`'\",.") for pattern in _BLAMED if (found := pattern.search(said))), "")
        what = f"{blamed} cannot be installed" if blamed else "a program failed"
        last = "\n".join(f"    {line}" for line in said.splitlines()[-_SHOWN:])
        msg = (
            f"{manager} cannot build the environment of the model: {what}. It said:\n{last}\nCorrect what the model"
            " requires with `treering models update-pip-requirements`, check the package index, or choose another"
            " --env-manager."
        )
        raise Unavailable(msg)


def lacks(program: str, how: str) -> NotSupported:
    """The error for a manager whose program is not there."""
    return NotSupported(f"--env-manager {program} needs the program {program!r}, which is not on the path. {how}")


def oldest_python(specification: Specification) -> str:
    """The version of Python without its patch.

    Raises:
        NotSupported: If Treering does not run with it.
    """
    numbers = re.match(r"(\d+)\.(\d+)", specification.python)
    if numbers is None:
        msg = (
            f"The model names the Python version {specification.python!r}, which is none. Correct its python_env.yaml."
        )
        raise NotSupported(msg)
    version = int(numbers[1]), int(numbers[2])
    if version < _OLDEST:
        msg = (
            f"The model was made with Python {specification.python}, and Treering runs with {_OLDEST[0]}.{_OLDEST[1]} and"
            " later, so it cannot load the model there. Save the model again with a newer Python, or try"
            " --env-manager local."
        )
        raise NotSupported(msg)
    return f"{version[0]}.{version[1]}"


def write_requirements(specification: Specification, folder: Path) -> list[str]:
    """Write what pip and uv read into `folder`; returns their arguments."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [*specification.requirements, *specification.ours]
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    arguments = ["-r", str(folder / "requirements.txt")]
    if specification.constraints:
        (folder / "constraints.txt").write_text("".join(f"{line}\n" for line in specification.constraints), "utf-8")
        arguments += ["-c", str(folder / "constraints.txt")]
    return arguments
