"""Where journals lie: a folder in the home, which only its user may read."""

from __future__ import annotations

from pathlib import Path

from treering.core.home import make_home

__all__ = ["make_folder"]


def make_folder(folder: Path) -> None:
    """Make the folder of journals, and the home around it, where they are missing. Raises OSError."""
    make_home(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
