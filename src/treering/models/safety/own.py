"""Which files this user has saved: what they wrote themselves they may read, whatever it holds.

The list is a file of the user's own, with one SHA-256 a line; whoever can write to
it can do anything in the user's name already.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["has_own_environment", "is_own", "remember"]

# Files of a model that can hold code; weights alone are not worth hashing.
_SUFFIXES = {
    *(".bin", ".cloudpickle", ".dill", ".h5", ".joblib", ".keras", ".pb", ".pickle", ".pkl", ".pt", ".pt2", ".pth"),
    *(".py", ".skops", ".so", ".statsmodels"),
}
# Folders of files that the user had, and that others may have made: no flavour reads them.
_OF_OTHERS = {"artifacts", "extra_files"}
# What a model needs stands in these, and counts as a whole.
_NEEDS = ("conda.yaml", "constraints.txt", "python_env.yaml", "requirements.txt")


def remember(folder: Path, register: Path) -> None:
    """Note all files in `folder` that can hold code as this user's, and what it says that it needs."""
    code = folder / "code"
    chosen = [
        path
        for path in _files(folder)
        if path.is_relative_to(code)
        or (path.suffix.lower() in _SUFFIXES and path.relative_to(folder).parts[0] not in _OF_OTHERS)
    ]
    lines = "".join(f"{one}\n" for one in (*map(_digest, chosen), _digest_of_needs(folder)))
    register.parent.mkdir(parents=True, exist_ok=True)
    # Short appends do not mix with those of other processes.
    handle = os.open(register, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, lines.encode())
    finally:
        os.close(handle)


def has_own_environment(folder: Path, register: Path | None) -> bool:
    """Whether this user has saved a model that says of its environment just what the one in `folder` does."""
    return register is not None and register.is_file() and _digest_of_needs(folder) in _known(register)


def is_own(path: Path, register: Path | None) -> bool:
    """Whether a file, or each file in a folder, is as this user has saved it before; not if nothing is there."""
    if register is None or not register.is_file() or not path.exists():
        return False
    known = _known(register)
    if not path.is_dir():
        return _digest(path) in known
    # Python imports through links to folders, into which nobody has looked here.
    if any(Path(top, name).is_symlink() for top, names, _ in os.walk(path) for name in names):
        return False
    files = list(_files(path))
    return bool(files) and all(file.is_file() and _digest(file) in known for file in files)


def _files(folder: Path) -> Iterator[Path]:
    for top, _, names in os.walk(folder):
        for name in sorted(names):
            yield Path(top, name)


def _known(register: Path) -> set[str]:
    return set(register.read_text("ascii", errors="replace").split())


def _digest_of_needs(folder: Path) -> str:
    parts = [f"{name} {_digest(folder / name)}" for name in _NEEDS if (folder / name).is_file()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
