"""The files that tell of stages and parameters, of one tree: read once, and parsed only when they have changed.

What was parsed in a working tree is remembered beside it. So a command that finds
nothing to do has no YAML to parse, and need not even load the parser.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from treering.versioning.document_cache import MISSING, DocumentCache, Stamp, stamp_of
from treering.versioning.repository import Repository

__all__ = ["Files", "WorkingFiles", "read_file"]

_CACHE = "pipelines.json"


class Files:
    """Files of a revision, or wherever they come from: read and parsed whenever they are asked for.

    Args:
        read: Gives a file's bytes by its absolute path; raises FileNotFoundError or IsADirectoryError.
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self.read = read

    def load(self, path: str, parse: Callable[[bytes], Any]) -> Any:
        """What a file means. Raises as `read` and `parse` do."""
        return parse(self.read(path))

    def stamp(self, path: str) -> Stamp | None:  # noqa: ARG002 - what comes from elsewhere does not change
        """What changes when a file is written; None where there is none."""
        return None

    def save(self) -> None:
        """Remember what was parsed; for when all is read. Never fails."""


class WorkingFiles(Files):
    """Files of a working tree. Not for several threads at a time.

    Args:
        repo: The repository.
    """

    def __init__(self, repo: Repository) -> None:
        super().__init__(read_file)
        self._prefix = str(repo.root).rstrip(os.sep) + os.sep
        self._cache = DocumentCache(os.path.join(repo.our_tmp, _CACHE))

    def load(self, path: str, parse: Callable[[bytes], Any]) -> Any:
        """As `Files.load`."""
        stamp = self.stamp(path)
        name = path.removeprefix(self._prefix)
        found = MISSING if stamp is None else self._cache.get(name, stamp)
        if found is MISSING:
            found = parse(self.read(path))
            if stamp is not None:
                self._cache.put(name, stamp, found)
        return found

    def stamp(self, path: str) -> Stamp | None:
        """As `Files.stamp`."""
        try:
            return stamp_of(os.stat(path))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def save(self) -> None:
        """As `Files.save`."""
        self._cache.save(whole=False)


def read_file(path: str) -> bytes:
    """What stands in a file of this machine. Raises FileNotFoundError or IsADirectoryError."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except NotADirectoryError as error:
        raise FileNotFoundError(path) from error
