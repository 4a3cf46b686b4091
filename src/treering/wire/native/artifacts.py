"""Artifacts of runs, logged models and versions in the native API, for people who look at them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.artifact import FileInfo
from treering.wire.endpoint import Endpoint, Permission, Stream

__all__ = ["LIST", "READ", "ArtifactList", "ArtifactPath"]


class ArtifactPath(msgspec.Struct, frozen=True):
    """A file or folder below an artifact URI: `runs:/<id>`, `models:/<name>/<version>`, `models:/m-<id>`."""

    uri: str
    path: str = ""


class ArtifactList(msgspec.Struct, frozen=True):
    """What lies in a folder; paths are relative to the URI."""

    files: Sequence[FileInfo]


LIST = Endpoint(
    "artifacts.list", "GET", "/api/v1/artifacts", ArtifactPath, ArtifactList, Permission.READ_EXPERIMENTS,
    "What lies in a folder of artifacts",
)  # fmt: skip
READ = Endpoint(
    "artifacts.read", "GET", "/api/v1/artifacts/content", ArtifactPath, Stream, Permission.READ_EXPERIMENTS,
    "The bytes of an artifact",
)  # fmt: skip
