"""Giving Git the files that a command changed, where `core.autostage` says so."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from treering.versioning.repository import Repository

__all__ = ["autostage"]


def autostage(repo: Repository, files: Iterable[Path]) -> bool:
    """Stage files; those that are gone are staged as removed.

    Returns:
        Whether they were: not unless the config says so.
    """
    paths = [str(file) for file in files]
    if repo.git is None or not repo.config.get("core", "autostage"):
        return False
    if paths:
        repo.git.add(paths)
    return True
