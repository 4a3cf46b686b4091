"""Artifacts of runs, logged models and versions in the native API, for people who look at them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.artifact import FileInfo
from treering.wire.endpoint import Endpoint, Permission, Stream

__all__ = [
    "CHECKSUM",
    "FETCH",
    "LIST",
    "PIECE",
    "READ",
    "RESUME",
    "SEND",
    "SETTLE",
    "TREE",
    "ArtifactContent",
    "ArtifactList",
    "ArtifactPath",
    "BegunUpload",
    "Checksum",
    "KeptFiles",
    "KeptPath",
    "Piece",
    "Resume",
    "Settle",
    "Stored",
]


class ArtifactPath(msgspec.Struct, frozen=True):
    """A file or folder below an artifact URI: `runs:/<id>`, `models:/<name>/<version>`, `models:/m-<id>`."""

    uri: str
    path: str = ""


class ArtifactContent(ArtifactPath, frozen=True):
    """A file below an artifact URI.

    Attributes:
        preview: Whether HTML and PDF, which are else downloads, are to be shown: HTML in a sandbox that runs nothing.
    """

    preview: bool = False


class ArtifactList(msgspec.Struct, frozen=True):
    """What lies in a folder; paths are relative to the URI."""

    files: Sequence[FileInfo]


class KeptPath(msgspec.Struct, frozen=True):
    """A file or folder among those that the server keeps itself: what follows `mlflow-artifacts:/`."""

    path: str = ""


class KeptFiles(msgspec.Struct, frozen=True):
    """Several files below a folder of those that the server keeps itself."""

    folder: str
    keys: Sequence[str]


class Stored(msgspec.Struct, frozen=True):
    """How many files were stored."""

    files: int


class Resume(msgspec.Struct, frozen=True):
    """An upload in pieces of `piece` bytes that is to begin, or to go on.

    Attributes:
        path: The file, among those that the server keeps itself.
        identity: 32 hexadecimal digits that no other contents of the file have.
        fresh: Whether what has come is of no use.
    """

    path: str
    identity: str
    piece: int
    fresh: bool = False


class Piece(msgspec.Struct, frozen=True):
    """A piece that has come; numbers begin with 0. The tag holds a digest of its bytes."""

    number: int
    tag: str


class BegunUpload(msgspec.Struct, frozen=True):
    """An upload's name, and the pieces that have come already."""

    upload: str
    pieces: Sequence[Piece]


class Settle(msgspec.Struct, frozen=True):
    """All pieces have come: their tags in order, and the bytes that they have together."""

    path: str
    upload: str
    size: int
    tags: Sequence[str]


class Checksum(msgspec.Struct, frozen=True):
    """The size in bytes and the CRC-32 of a file."""

    size: int
    crc32: int


LIST = Endpoint(
    "artifacts.list", "GET", "/api/v1/artifacts", ArtifactPath, ArtifactList, Permission.READ_EXPERIMENTS,
    "What lies in a folder of artifacts",
)  # fmt: skip
READ = Endpoint(
    "artifacts.read", "GET", "/api/v1/artifacts/content", ArtifactContent, Stream, Permission.READ_EXPERIMENTS,
    "The bytes of an artifact",
)  # fmt: skip
_KEPT = "/api/v1/artifacts/kept"
TREE = Endpoint(
    "artifacts.tree", "GET", f"{_KEPT}/tree", KeptPath, ArtifactList, Permission.READ_EXPERIMENTS,
    "All files below a folder of those that the server keeps, with paths relative to the folder",
)  # fmt: skip
CHECKSUM = Endpoint(
    "artifacts.checksum", "GET", f"{_KEPT}/checksum", KeptPath, Checksum, Permission.READ_EXPERIMENTS,
    "The CRC-32 of a file that the server keeps",
)  # fmt: skip
SEND = Endpoint(
    "artifacts.send", "PUT", f"{_KEPT}/files", Stream, Stored, Permission.EDIT_EXPERIMENTS,
    "Many small files in one body, as frames; each is stored whole or not at all",
)  # fmt: skip
FETCH = Endpoint(
    "artifacts.bulk_get", "POST", f"{_KEPT}/files/fetch", KeptFiles, Stream, Permission.READ_EXPERIMENTS,
    "Many small files in one answer, as frames",
)  # fmt: skip
RESUME = Endpoint(
    "artifacts.resume", "POST", f"{_KEPT}/uploads", Resume, BegunUpload, Permission.EDIT_EXPERIMENTS,
    "Begin to send a file in pieces, or find out which pieces have come",
)  # fmt: skip
PIECE = Endpoint(
    "artifacts.piece", "PUT", f"{_KEPT}/uploads/piece", Stream, Piece, Permission.EDIT_EXPERIMENTS,
    "One piece of a file, over one of that number; `path`, `upload` and `number` in the query",
)  # fmt: skip
SETTLE = Endpoint(
    "artifacts.settle", "POST", f"{_KEPT}/uploads/settle", Settle, Stored, Permission.EDIT_EXPERIMENTS,
    "Make a file of the pieces that have come",
)  # fmt: skip
