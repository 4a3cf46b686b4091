"""An artifact store on a bucket: the folders that keys seem to lie in, conflicts between them and files, and bounded memory.

A driver says how one object is put, got, listed and removed (`Bucket`); all that
is the same for S3, Google Cloud Storage and Azure stands here, once.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, check_key

__all__ = ["PART_SIZE", "Bucket", "FlatStore", "Head", "place_of", "rechunked", "refilled"]

PART_SIZE = 8 << 20
"""Bytes that are sent at a time; a smaller file goes in one request."""


_MOST_FOLDERS = 10_000


class Head(NamedTuple):
    """What a bucket tells of an object; `version` changes when the object is written again."""

    size: int
    version: str


class Bucket(Protocol):
    """Objects by their full name. Errors are raised as Treering's own."""

    def head(self, name: str) -> Head | None:
        """An object's size and version; None where there is none."""
        ...

    def get(self, name: str, offset: int, length: int | None) -> Iterator[bytes] | None:
        """The bytes from `offset`, at most `length`, in chunks of any size; None where there is no object."""
        ...

    def put(self, name: str, first: bytes, rest: Iterator[bytes]) -> None:
        """Store an object whole or not at all: `first`, then pieces of `PART_SIZE`, the last of which may be shorter.

        Its checksum is verified by the service.
        """
        ...

    def entries(self, prefix: str, *, deep: bool, limit: int | None = None) -> Iterator[tuple[str, int | None]]:
        """Objects below `prefix` with their sizes; unless `deep`, what lies behind the next `/` as one name and None."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects, those that are not there included."""
        ...


class FlatStore:
    """What lies below one prefix of a bucket. Subclasses open the bucket and add what only their service can.

    Args:
        uri: As the user wrote it.
        base: The prefix, without slashes around it.
    """

    def __init__(self, uri: str, base: str, bucket: Bucket) -> None:
        self._uri = uri
        self._base = check_key(base)
        self._bucket = bucket
        self._folders: set[str] = set()

    @property
    def uri(self) -> str:
        """As it was opened."""
        return self._uri

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`."""
        name = self._full(key)
        head = self._bucket.head(name)
        if head is None or name == self._base:
            raise self._missing(key)
        end = head.size if length is None else min(offset + length, head.size)
        if offset >= end:
            return iter(())
        found = self._bucket.get(name, offset, end - offset)
        if found is None:
            raise self._missing(key)
        return rechunked(found)

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`; large files go in parts."""
        self._refuse_both(key, self._named(key))
        return self.put(key, chunks)

    def put(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `Direct.put`."""
        name = self._named(key)
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                size += len(chunk)
                yield chunk

        parts = refilled(counted(), PART_SIZE)
        self._bucket.put(name, next(parts, b""), parts)
        return size

    def exists(self, key: str) -> bool:
        """As `Direct.exists`."""
        return self._bucket.head(self._named(key)) is not None

    def remove(self, keys: Sequence[str]) -> None:
        """As `Direct.remove`."""
        self._folders.clear()
        self._bucket.remove([self._named(key) for key in keys])

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        normal = check_key(key)
        if not normal:
            return FileInfo("", is_dir=True)
        head = self._bucket.head(self._full(key))
        if head is not None:
            return FileInfo(normal, False, head.size)
        if self._is_folder(self._full(key)):
            return FileInfo(normal, is_dir=True)
        raise self._missing(key)

    def list(self, prefix: str = "") -> list[FileInfo]:
        """As `ObjectStore.list`."""
        return sorted(self._found(prefix, deep=False), key=lambda info: info.path)

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `ObjectStore.walk`."""
        return self._found(prefix, deep=True)

    def delete(self, key: str) -> int:
        """As `ObjectStore.delete`."""
        name = self._full(key)
        gone = [self._full(info.path) for info in self.walk(key)]
        if check_key(key) and self._bucket.head(name) is not None:
            gone.append(name)
        if not gone and check_key(key):
            raise self._missing(key)
        self._folders.clear()
        self._bucket.remove(gone)
        return len(gone)

    def version(self, key: str) -> str:
        """As `Versioned.version`."""
        head = self._bucket.head(self._full(key))
        if head is None:
            raise self._missing(key)
        return head.version

    def local_path(self, key: str) -> Path | None:
        """None: the bytes are not on this machine's disk."""
        check_key(key)
        return None

    def _full(self, key: str) -> str:
        return "/".join(part for part in (self._base, check_key(key)) if part)

    def _named(self, key: str) -> str:
        name = self._full(key)
        if name == self._base:
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        return name

    def _found(self, prefix: str, *, deep: bool) -> Iterator[FileInfo]:
        folder = self._full(prefix)
        cut = len(self._base) + 1 if self._base else 0
        for name, size in self._bucket.entries(f"{folder}/" if folder else "", deep=deep):
            # Consoles make empty objects whose names end with a slash, to show a folder.
            if size is None or not name.endswith("/"):
                yield FileInfo(name[cut:].rstrip("/"), size is None, size)

    def _is_folder(self, name: str) -> bool:
        return any(True for _ in self._bucket.entries(f"{name}/", deep=True, limit=1))

    def _refuse_both(self, key: str, name: str) -> None:
        """A bucket would take a file and a folder of one name; nobody could fetch both to a disk."""
        parents = []
        folder = posixpath.dirname(name)
        while len(folder) > len(self._base) and folder not in self._folders:
            parents.append(folder)
            folder = posixpath.dirname(folder)
        if self._is_folder(name) or any(self._bucket.head(parent) is not None for parent in parents):
            msg = f"Cannot write {key!r} in {self._uri}: a file stands where a folder is needed, or the reverse."
            raise Conflict(msg)
        if len(self._folders) > _MOST_FOLDERS:
            self._folders.clear()
        self._folders.discard(name)
        self._folders.update(parents)

    def _missing(self, key: str) -> NotFound:
        return NotFound(f"There is no artifact {key!r} in {self._uri}.")


def place_of(uri: str) -> tuple[str, str]:
    """The bucket and the prefix that `scheme://bucket/prefix` names. Raises InvalidInput if there is no bucket."""
    parts = urlsplit(uri)
    if not parts.netloc:
        msg = f"{uri!r} names no bucket. Write {parts.scheme}://<bucket>/<path>."
        raise InvalidInput(msg)
    return parts.netloc, unquote(parts.path).strip("/")


def refilled(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of exactly `size`, but for the last; nothing for nothing."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def rechunked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, no chunk of them larger than `CHUNK_SIZE`."""
    for chunk in chunks:
        if len(chunk) <= CHUNK_SIZE:
            yield chunk
        else:
            for start in range(0, len(chunk), CHUNK_SIZE):
                yield chunk[start : start + CHUNK_SIZE]
