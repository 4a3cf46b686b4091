"""What an artifact store promises: bytes by key, below one root.

A key is a relative path with `/` between its parts; `check_key` refuses those
that climb. Stores are shared between threads and hold no open files between calls.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from treering.core.errors import InvalidInput
from treering.entities.artifact import FileInfo

__all__ = [
    "CHUNK_SIZE",
    "SMALL",
    "Address",
    "Begun",
    "Bulk",
    "Checked",
    "Dated",
    "Direct",
    "Historic",
    "Multipart",
    "ObjectStore",
    "Part",
    "Presigning",
    "Resumable",
    "Versioned",
    "check_key",
]

CHUNK_SIZE = 1 << 20
SMALL = 1 << 20
"""Up to this size, in bytes, a file may travel with others in one request."""


class ObjectStore(Protocol):
    """Bytes by key, below the root that the store was opened with."""

    @property
    def uri(self) -> str:
        """The root."""
        ...

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a file in chunks of at most `CHUNK_SIZE`. Raises NotFound before the first chunk."""
        ...

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """Store a file and return its size in bytes.

        The file appears whole or not at all: when `chunks` raises, or the disk is
        full (StorageFull), what stood under the key before stands there still.
        """
        ...

    def stat(self, key: str) -> FileInfo:
        """A file or folder; "" is the root, which always exists. Raises NotFound."""
        ...

    def list(self, prefix: str = "") -> Sequence[FileInfo]:
        """What lies directly in a folder, sorted, with paths relative to the root.

        Empty for a folder that does not exist, and for a file.
        """
        ...

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """All files below a folder, at any depth, sorted, with paths relative to the root."""
        ...

    def delete(self, key: str) -> int:
        """Remove a file, or all files below a folder, and return how many. Raises NotFound if there is nothing."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Where the file or folder lies on this machine's own disk, or None where it does not."""
        ...


@runtime_checkable
class Bulk(Protocol):
    """A store that takes and gives many small files at a time; beside `ObjectStore`."""

    def write_many(self, files: Iterable[tuple[str, bytes]]) -> int:
        """Store files of at most `SMALL` bytes each, and return how many.

        Each appears whole or not at all. What was stored before an error stays.
        """
        ...

    def read_many(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Files of at most `SMALL` bytes each, with their keys, in any order. Raises NotFound."""
        ...


@runtime_checkable
class Direct(Protocol):
    """A store with shorter ways for names that tell their contents, of which none is a file's and a folder's; beside `ObjectStore`."""

    def exists(self, key: str) -> bool:
        """Whether there is a file of that name, with one request."""
        ...

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`, but nobody looks whether a file stands where a folder is needed, or the reverse."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Remove files, many with one request where that can be; those that are not there included."""
        ...


@runtime_checkable
class Dated(Protocol):
    """A store that tells when files were written; beside `ObjectStore`."""

    def dated(self, prefix: str = "") -> Iterator[tuple[FileInfo, float]]:
        """All files below a folder, each with the time of its last change in seconds since 1970."""
        ...


@runtime_checkable
class Checked(Protocol):
    """A store that can tell a file's checksum without giving its bytes; beside `ObjectStore`."""

    def checksum(self, key: str) -> int | None:
        """The CRC-32 of a file as it is stored now; None where it is not known. Raises NotFound."""
        ...


@runtime_checkable
class Versioned(Protocol):
    """A store that can tell one version of a file from the next; beside `ObjectStore`."""

    def version(self, key: str) -> str:
        """A text that is another one when the file is written again. Raises NotFound."""
        ...


@runtime_checkable
class Historic(Protocol):
    """A store of a place that keeps the earlier versions of files; beside `ObjectStore`."""

    def read_version(self, key: str, version: str) -> Iterator[bytes]:
        """The bytes of one version of a file, as `ObjectStore.read` gives them. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where the bytes of a file, or of a part of it, can be fetched from or put without credentials.

    Attributes:
        headers: To be sent with the request.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Presigning(Protocol):
    """A store that gives out addresses of files, valid for a while; beside `ObjectStore`."""

    def download_address(self, key: str, seconds: int) -> Address:
        """Where to GET a file. Raises InvalidInput if no such address can be made with the store's credentials."""
        ...

    def upload_address(self, key: str, seconds: int) -> Address:
        """Where to PUT a file. Raises as `download_address`."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file that was put to its address; numbers begin with 1."""

    number: int
    etag: str
    url: str = ""


@runtime_checkable
class Multipart(Protocol):
    """A store that puts a file together from parts which others send to it; beside `ObjectStore`."""

    def begin(self, key: str, parts: int, seconds: int) -> tuple[str, Sequence[Address]]:
        """Begin an upload in `parts` parts; its id, and where to PUT each of them."""
        ...

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Put the parts together; the file appears now. Raises NotFound if there is no such upload."""
        ...

    def abort(self, key: str, upload: str) -> None:
        """Forget an upload and its parts. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that was begun, now or by somebody who did not end it.

    Attributes:
        upload: The store's name for it.
        tags: What the store calls the pieces that have come, by their number from 0: `crc32:` or `md5:`,
            the digest of a piece in hexadecimal digits, and after a semicolon what only the store understands.
    """

    upload: str
    tags: Mapping[int, str] = field(default_factory=dict)


@runtime_checkable
class Resumable(Protocol):
    """A store that takes a file piece by piece, from several processes if need be; beside `ObjectStore`.

    Pieces that have come stay when a sender dies, or the server that stands between.
    """

    def resume(self, key: str, identity: str, piece: int, *, fresh: bool = False) -> Begun:
        """Begin an upload, or find it begun.

        Args:
            identity: 32 hexadecimal digits that no other contents of the file have.
            piece: Bytes of each piece but the last.
            fresh: Whether what may be there is of no use.

        Raises:
            NotSupported: If the place behind the store cannot do it.
        """
        ...

    def put_piece(self, key: str, upload: str, number: int, chunks: Iterable[bytes]) -> str:
        """Store a piece, over one of that number, and return its tag. Raises NotFound if there is no such upload."""
        ...

    def settle(self, key: str, upload: str, size: int, tags: Sequence[str]) -> None:
        """Make a file of the pieces with these tags; it appears now.

        Raises:
            NotFound: If there is no such upload.
            DamagedData: If the pieces do not have `size` bytes together.
        """
        ...


def check_key(key: str) -> str:
    """`key` in normal form; "" for the root.

    Raises:
        InvalidInput: If it is absolute, climbs with `..`, or holds a NUL, a backslash or a drive letter.
    """
    parts = key.split("/")
    if (
        key.startswith("/")
        or "\\" in key
        or "\0" in key
        or ".." in parts
        or (len(key) > 1 and key[1] == ":" and key[0].isalpha())
    ):
        msg = f"Invalid path: {key!r}. It must be relative to the artifact root and must not climb out of it."
        raise InvalidInput(msg)
    normal = posixpath.normpath(key) if key else ""
    return "" if normal == "." else normal
