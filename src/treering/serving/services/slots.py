"""What the workers of one service agree about without talking: which number each has, and what is done once.

Told by locks on files in a folder that belongs to the process that started them; the system gives a lock back
when its process ends, however it ends.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

__all__ = ["Slot", "once", "session_folder", "sweep"]

_MOST = 4096


class Slot:
    """A worker's number, from 1 on; the lowest that is free, so that a worker takes that of the one it replaces."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.number = 1
        self._file: IO[Any] | None = None
        for number in range(1, _MOST):
            file = (folder / f"worker-{number}").open("a")
            if _locked(file, wait=False):
                self.number, self._file = number, file
                return
            file.close()

    def close(self) -> None:
        """Give the number back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def once(folder: Path, name: str, action: Callable[[], None]) -> None:
    """Do something in the first process that comes; the others wait until it is done.

    An action that fails is tried again by the next.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder / f"{name}.lock"):
        done = folder / f"{name}.done"
        if not done.exists():
            action()
            done.touch()


def session_folder(session: str = "") -> Path:
    """Where the workers of one server meet.

    Args:
        session: A folder, or a name that they were given; else they go by the process that started them, and when
            that began.
    """
    if Path(session).is_absolute():
        return Path(session)
    parent = os.getppid()
    return _base() / f"{_prefix()}{session or f'{parent}-{_began(parent)}'}"


def sweep() -> None:
    """Remove what servers that are no more have left."""
    if not Path("/proc/self/stat").exists():
        return
    for folder in _base().glob(f"{_prefix()}*-*"):
        process, _, began = folder.name.removeprefix(_prefix()).partition("-")
        if process.isdecimal() and began.isdecimal() and _began(int(process)) != began:
            shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    return Path(tempfile.gettempdir())


def _prefix() -> str:
    return f"treering-service-{os.getuid()}-" if hasattr(os, "getuid") else "treering-service-"


def _began(process: int) -> str:
    """When a process began, in the system's ticks, so that its number is not taken for that of a later one."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        _locked(file, wait=True)
        yield


def _locked(file: IO[Any], *, wait: bool) -> bool:
    try:
        fcntl = import_module("fcntl")
    except ModuleNotFoundError:  # Windows, where there is one worker
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True
