"""What a server can be asked of the one repository that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from treering.entities.artifact import FileInfo
from treering.entities.repository import (
    DataDiff,
    ExperimentTable,
    FileList,
    PipelineView,
    RepositoryInfo,
    StageLogText,
    TrackedList,
    VersionList,
)

__all__ = ["RepositoryView", "ShownFile"]


class ShownFile(Protocol):
    """A file that can be read in parts; the key, which a store of many files needs, makes no difference."""

    @property
    def name(self) -> str:
        """Its name, with its ending."""
        ...

    def stat(self, key: str) -> FileInfo:
        """Its name and size."""
        ...

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Its bytes in chunks. Raises NotFound before the first one, if it is gone meanwhile."""
        ...


class RepositoryView(Protocol):
    """Reads one repository, as it is at the moment. Several threads may ask at a time.

    Paths are relative to the root of the repository. All but `info` raise NotFound where no
    repository is shown, and UnknownRevision, which is NotFound, for what Git does not know.
    """

    def info(self) -> RepositoryInfo:
        """Which one it is, or why there is none."""
        ...

    def data(self, rev: str = "") -> TrackedList:
        """All that is tracked; `rev` "" is the working tree."""
        ...

    def versions(self, path: str) -> VersionList:
        """The contents that a tracked path had. Raises NotFound if it never was tracked."""
        ...

    def files(self, path: str, rev: str = "", under: str = "", start: str = "") -> FileList:
        """A page of a folder in a tracked path. Raises NotFound; InvalidInput for a path that climbs."""
        ...

    def diff(self, path: str, a: str, b: str = "") -> DataDiff:
        """How a tracked path differs between two revisions. Raises as `files`."""
        ...

    def content(self, path: str, rev: str = "", under: str = "") -> ShownFile:
        """A tracked file. Raises as `files`, and NotFound if it is not in the cache."""
        ...

    def pipeline(self, rev: str = "") -> PipelineView:
        """All stages."""
        ...

    def log(self, stage: str, start: int = 0) -> StageLogText:
        """The newest log of a stage. Raises NotFound if it has none."""
        ...

    def experiments(self) -> ExperimentTable:
        """Experiments beside their baselines."""
        ...
