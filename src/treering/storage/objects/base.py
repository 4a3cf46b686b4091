"""What an artifact store promises: bytes by key, below one root.

A key is a relative path with `/` between its parts; `check_key` refuses those
that climb. Stores are shared between threads and hold no open files between calls.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from treering.core.errors import InvalidInput
from treering.entities.artifact import FileInfo

__all__ = ["CHUNK_SIZE", "ObjectStore", "check_key"]

CHUNK_SIZE = 1 << 20


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
