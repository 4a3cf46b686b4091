"""The folder of the embedded store, made when something is kept there for the first time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

__all__ = ["HOME", "make_home"]

HOME = ".treering"
"""What the folder is called unless somebody says otherwise."""

_EVERYTHING = "*\n"


def make_home(home: Path) -> None:
    """Make the folder with those above it; one of the usual name keeps itself out of Git.

    Raises:
        OSError: If it cannot be made.
    """
    fresh = not home.is_dir()
    home.mkdir(parents=True, exist_ok=True)
    # A folder that somebody chose may be meant for Git; this one would be committed by accident.
    if fresh and home.name == HOME:
        with suppress(FileExistsError), (home / ".gitignore").open("x", encoding="utf-8") as file:
            file.write(_EVERYTHING)
