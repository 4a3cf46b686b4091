"""The repository of data and pipelines that the server shows, in the native API; nothing here changes it."""

from __future__ import annotations

import msgspec

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
from treering.wire.endpoint import Empty, Endpoint, Permission, Stream

__all__ = [
    "CONTENT",
    "DATA",
    "DIFF",
    "EXPERIMENTS",
    "FILES",
    "GET",
    "LOG",
    "PIPELINE",
    "VERSIONS",
    "AskDiff",
    "AskFiles",
    "AskLog",
    "AskRevision",
    "AskVersions",
    "TrackedContent",
]

_READ = Permission.READ_EXPERIMENTS
_PATH = "/api/v1/repository"


class AskRevision(msgspec.Struct, frozen=True):
    """A commit, branch or tag; "" is the working tree."""

    rev: str = ""


class AskVersions(msgspec.Struct, frozen=True):
    """The path of something that is tracked."""

    path: str


class AskFiles(msgspec.Struct, frozen=True):
    """A folder in something that is tracked.

    Attributes:
        path: Of what is tracked.
        rev: As of which commit; "" for what the working tree's pointers and lock files say.
        under: The folder in it; "" for all of it.
        start: `next` of the page before.
    """

    path: str
    rev: str = ""
    under: str = ""
    start: str = ""


class AskDiff(msgspec.Struct, frozen=True):
    """Two revisions of something that is tracked; "" is the working tree."""

    path: str
    a: str
    b: str = ""


class TrackedContent(msgspec.Struct, frozen=True):
    """A file that is tracked, or lies in a folder that is.

    Attributes:
        under: The file in the folder; "" where `path` is the file.
        preview: Whether HTML and PDF, which are else downloads, are to be shown: HTML in a sandbox that runs nothing.
    """

    path: str
    rev: str = ""
    under: str = ""
    preview: bool = False


class AskLog(msgspec.Struct, frozen=True):
    """The address of a stage, and from which byte of its newest log on."""

    stage: str
    start: int = 0


GET = Endpoint("repository.get", "GET", _PATH, Empty, RepositoryInfo, _READ, "The repository that the server shows")
DATA = Endpoint(
    "repository.data", "GET", f"{_PATH}/data", AskRevision, TrackedList, _READ,
    "What the repository tracks, and how it differs from what lies there",
)  # fmt: skip
VERSIONS = Endpoint(
    "repository.versions", "GET", f"{_PATH}/versions", AskVersions, VersionList, _READ,
    "The contents that a tracked path had in Git's history",
)  # fmt: skip
FILES = Endpoint(
    "repository.files", "GET", f"{_PATH}/files", AskFiles, FileList, _READ,
    "What lies in a tracked folder, page by page",
)  # fmt: skip
DIFF = Endpoint(
    "repository.diff", "GET", f"{_PATH}/diff", AskDiff, DataDiff, _READ,
    "How a tracked path differs between two revisions",
)  # fmt: skip
CONTENT = Endpoint(
    "repository.content", "GET", f"{_PATH}/content", TrackedContent, Stream, _READ,
    "The bytes of a tracked file, from the cache",
)  # fmt: skip
PIPELINE = Endpoint(
    "repository.pipeline", "GET", f"{_PATH}/pipeline", AskRevision, PipelineView, _READ,
    "The stages of the pipelines, how they hang together, and which of them would run",
)  # fmt: skip
LOG = Endpoint(
    "repository.log", "GET", f"{_PATH}/log", AskLog, StageLogText, _READ,
    "What a stage printed when it ran last; again and again from where it ended, it follows one that runs",
)  # fmt: skip
EXPERIMENTS = Endpoint(
    "repository.experiments", "GET", f"{_PATH}/experiments", Empty, ExperimentTable, _READ,
    "Experiments with their metrics and parameters, beside the commits that they began at",
)  # fmt: skip
