"""Where the config files are that a call reads or changes: those of a repository, or outside of one the user's."""

from __future__ import annotations

import os
from pathlib import Path

from treering.cli.dvc.call import Call
from treering.core.variables import process_variables
from treering.versioning.config_edit import ConfigPlace
from treering.versioning.errors import NotARepository
from treering.versioning.repository import find_root

__all__ = ["config_place", "shown_file"]


def config_place(call: Call, *, anywhere: bool = False) -> ConfigPlace:
    """The place for the working directory.

    Args:
        call: The call.
        anywhere: Whether it may be outside of a repository.

    Raises:
        NotARepository: If it is, and may not be.
    """
    try:
        root = find_root(call.here)
    except NotARepository:
        if not anywhere:
            raise
        return ConfigPlace(None, process_variables())
    return ConfigPlace(Path(root, ".dvc"), process_variables())


def shown_file(place: ConfigPlace, level: str) -> str:
    """A config file as it is shown: relative to the repository where it lies in it."""
    file = place.file(level)
    if place.dvc_dir is not None and file.is_relative_to(place.dvc_dir):
        return os.path.relpath(file, place.dvc_dir.parent)
    return str(file)
