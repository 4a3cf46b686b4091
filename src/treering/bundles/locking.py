"""The environment of a bundle: what its parts require, and every package of that by version and hash."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from treering.core.errors import InvalidInput, NotSupported, Unavailable
from treering.core.variables import process_variables
from treering.environments.specification import name_of

__all__ = ["LockOptions", "Locked", "Package", "lock", "merged", "needs_of_server", "packages_of", "uv_program"]

# What a server imports of what Treering depends on; databases and the pages' server are not among it.
_SERVER = frozenset(
    {
        *("click", "httptools", "msgspec", "numpy", "prometheus-client", "pyyaml", "starlette", "urllib3"),
        *("uvicorn", "uvloop", "zstandard"),
    }
)
_SHOWN = 15
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=(\w+):([0-9a-f]+)")
_TIMEOUT = 600


class Package(NamedTuple):
    """A package of a lock."""

    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]


class LockOptions(NamedTuple):
    """How packages are chosen.

    Attributes:
        platform: As uv calls systems, such as x86_64-manylinux_2_28; empty: this machine's.
        arguments: Further ones of pip, such as --index-url and its address.
    """

    python: str
    platform: str = ""
    arguments: tuple[str, ...] = ()


class Locked(NamedTuple):
    """The lines of a requirements file, and whether they pin everything by hash."""

    text: str
    whole: bool


def needs_of_server() -> list[str]:
    """What serving takes, as Treering itself requires it; in any version, where this Treering was never installed."""
    try:
        found = metadata.requires("treering") or []
    except metadata.PackageNotFoundError:
        return sorted(_SERVER)
    return sorted(one for one in found if "extra ==" not in one and name_of(one) in _SERVER)


def merged(*lists: Iterable[str]) -> list[str]:
    """Requirements without repetitions, in their order; what contradicts is left for the one who locks to say."""
    return list(dict.fromkeys(line.strip() for lines in lists for line in lines if line.strip()))


def lock(requirements: Sequence[str], options: LockOptions) -> Locked:
    """Choose a version of every package that is needed, and note its hashes; by uv.

    Raises:
        NotSupported: If uv is not there.
        InvalidInput: If the requirements contradict each other, or name what is not there.
        Unavailable: If the index cannot be reached.
    """
    command = [*uv_program(), "pip", "compile", "-", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    command += ["--python-version", options.python, *options.arguments]
    if options.platform:
        command += ["--python-platform", options.platform]
    variables = {key: value for key, value in process_variables().items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own uv
            command, input="".join(f"{line}\n" for line in requirements), env=variables,
            capture_output=True, text=True, check=False, timeout=_TIMEOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        msg = f"uv has not found versions of all packages within {_TIMEOUT} seconds. Check the package index, or use --no-lock."
        raise Unavailable(msg) from error
    if done.returncode:
        raise _failed(done.stderr.strip())
    return Locked(done.stdout, whole=True)


def packages_of(text: str) -> list[Package]:
    """The packages that the lines of a requirements file pin, by name."""
    found = {}
    starts = [*_PINNED.finditer(text)]
    for at, one in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        hashes = tuple((kind, value) for kind, value in _HASH.findall(text[one.end() : end]))
        found[one[1].lower()] = Package(one[1], one[2], hashes)
    return [found[name] for name in sorted(found)]


def uv_program() -> list[str]:
    """How uv is called. Raises NotSupported if it is not there."""
    if found := shutil.which("uv"):
        return [found]
    beside = Path(sys.executable).with_name("uv")
    if beside.is_file():
        return [str(beside)]
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    msg = "Choosing and installing packages needs the program 'uv', which is not on the path. Install it with: pip install uv. A bundle is built without by --no-lock."
    raise NotSupported(msg)


def _failed(said: str) -> InvalidInput | Unavailable:
    last = "\n".join(f"    {line}" for line in said.splitlines()[-_SHOWN:])
    if "No solution found" in said or "Couldn't parse" in said or "Failed to parse" in said:
        msg = f"The packages that the bundle needs do not go together. uv said:\n{last}\nCorrect what it requires, or use --no-lock."
        return InvalidInput(msg)
    msg = f"The environment cannot be locked. uv said:\n{last}\nCheck the package index, or use --no-lock."
    return Unavailable(msg)
