"""Where repositories begin, by a look at folders alone: for those who need nothing else to be loaded."""

from __future__ import annotations

import os
from pathlib import Path

from treering.versioning.errors import NotARepository

__all__ = ["DVC_DIR", "find_git_root", "find_root"]

DVC_DIR = ".dvc"
"""The folder that makes a folder a repository."""


def find_root(start: str | os.PathLike[str]) -> str:
    """The root of the repository that a folder lies in, as text.

    Raises:
        NotARepository: As `find_repository`.
    """
    folder = os.path.abspath(start)
    if not os.path.isdir(folder):
        msg = f"The folder {str(start)!r} does not exist."
        raise NotARepository(msg)
    while True:
        if os.path.isdir(os.path.join(folder, DVC_DIR)):
            return folder
        above = os.path.dirname(folder)
        if above == folder or os.path.ismount(folder):
            msg = (
                f"You are not inside of a DVC repository (checked up to mount point {folder!r})."
                " Go to one, or make one here with `treering data init`."
            )
            raise NotARepository(msg)
        folder = above


def find_git_root(start: Path) -> Path | None:
    """The root of the Git working tree that a folder lies in; None if it lies in none."""
    folder = str(start)
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return Path(folder)
