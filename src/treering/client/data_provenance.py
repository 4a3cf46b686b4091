"""Where a path of tracked data stands: its pointer or stage, its digest, and the commit that is checked out.

This module is light; a repository is looked for by its folders, and opened only where there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.client.file_digests import FileDigest

__all__ = ["TrackedPath", "tracked_at"]

_FINDER = "treering.client.tracked_paths"


@dataclass(frozen=True, slots=True)
class TrackedPath:
    """A path that a repository tracks.

    Attributes:
        address: The pointer, or `dir/dvc.yaml:stage`, relative to the root of the repository.
        path: Relative to the root of the repository.
        root: Of the repository.
        revision: The commit that is checked out; "" without one.
        committed: Whether the pointer or lock file is just as in that commit.
        content: What the pointer or lock file says that the path holds; None if it says nothing.
        remote_url: Where Git pushes to; "" where nothing is configured.
        content_now: What it does hold; None if nothing is there.
    """

    address: str
    path: str
    root: Path
    revision: str
    committed: bool
    content: FileDigest | None
    remote_url: str
    content_now: Callable[[], FileDigest | None] = field(repr=False)

    def fields(self, content: FileDigest) -> dict[str, Any]:
        """What is kept of it with a dataset whose content this is: where this content can be had again."""
        told: dict[str, Any] = {
            "dvc_file": self.address,
            "path": self.path,
            "md5": content.digest,
            "repository": self.remote_url or str(self.root),
        }
        if self.revision and self._is_committed(content):
            told["revision"] = self.revision
        return told

    def tags(self, content: FileDigest) -> dict[str, str]:
        """What is kept of it with the run that uses it: one content can be used at many commits."""
        told = {"treering.data.pointer": self.address}
        if self.revision:
            told["treering.data.revision"] = self.revision
        if not self._is_committed(content):
            told["treering.data.modified"] = "true"
        return told

    def _is_committed(self, content: FileDigest) -> bool:
        return self.committed and content == self.content


def tracked_at(path: Path) -> TrackedPath | None:
    """What tracks a path; None if it lies in no repository, or nothing does."""
    absolute = path.absolute()
    if not any((folder / ".dvc").is_dir() for folder in absolute.parents):
        return None
    found: TrackedPath | None = import_module(_FINDER).find(absolute)
    return found
