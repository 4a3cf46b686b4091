"""Artifacts in this process's memory: for tests, and for trying things out.

Stores opened with one URI share their bytes for as long as one of them lives.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.core.uri import scheme_of
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, check_key
from treering.storage.objects.options import NoOptions, Options, told

__all__ = ["MemoryStore"]


class _Shelf:
    """The files behind one authority of `memory://authority/...`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.lock = threading.Lock()


_shelves: weakref.WeakValueDictionary[str, _Shelf] = weakref.WeakValueDictionary()


class MemoryStore:
    """Bytes in a dictionary.

    Args:
        uri: `memory://<name>/<path>`.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        told(NoOptions, options, uri)
        if scheme_of(uri) != "memory":
            msg = f"{uri!r} is no memory: URI. Write memory://<name>/<path>."
            raise InvalidInput(msg)
        name, _, base = uri.partition(":")[2].lstrip("/").partition("/")
        self._uri = uri
        self._base = check_key(unquote(base).strip("/"))
        self._shelf = _shelves.setdefault(name, _Shelf())

    @property
    def uri(self) -> str:
        """As it was opened."""
        return self._uri

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`."""
        data = self._get(key)
        data = data[offset:] if length is None else data[offset : offset + length]
        return (data[start : start + CHUNK_SIZE] for start in range(0, len(data), CHUNK_SIZE))

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`."""
        full = self._full(key)
        if full == self._base:
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        data = b"".join(chunks)
        with self._shelf.lock:
            parents = {full[:index] for index, char in enumerate(full) if char == "/"}
            is_folder = any(name.startswith(f"{full}/") for name in self._shelf.files)
            if is_folder or not parents.isdisjoint(self._shelf.files):
                msg = f"Cannot write {key!r} in {self._uri}: a file stands where a folder is needed, or the reverse."
                raise Conflict(msg)
            self._shelf.files[full] = data
        return len(data)

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        normal = check_key(key)
        if not normal or any(True for _ in self.walk(key)):
            return FileInfo(normal, is_dir=True)
        return FileInfo(normal, is_dir=False, size=len(self._get(key)))

    def list(self, prefix: str = "") -> list[FileInfo]:
        """As `ObjectStore.list`."""
        depth = len(check_key(prefix).split("/")) if check_key(prefix) else 0
        found: dict[str, FileInfo] = {}
        for info in self.walk(prefix):
            parts = info.path.split("/")
            path = "/".join(parts[: depth + 1])
            found[path] = FileInfo(path, is_dir=True) if len(parts) > depth + 1 else info
        return [found[path] for path in sorted(found)]

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `ObjectStore.walk`."""
        folder = self._full(prefix)
        start = f"{folder}/" if folder else ""
        cut = len(self._base) + 1 if self._base else 0
        with self._shelf.lock:
            files = sorted((name, len(data)) for name, data in self._shelf.files.items() if name.startswith(start))
        return (FileInfo(name[cut:], is_dir=False, size=size) for name, size in files)

    def delete(self, key: str) -> int:
        """As `ObjectStore.delete`."""
        full = self._full(key)
        with self._shelf.lock:
            gone = [name for name in self._shelf.files if name == full or name.startswith(f"{full}/" if full else "")]
            for name in gone:
                del self._shelf.files[name]
        if not gone and full != self._base:
            raise self._missing(key)
        return len(gone)

    def local_path(self, key: str) -> Path | None:
        """None: the bytes are not on a disk."""
        check_key(key)
        return None

    def _full(self, key: str) -> str:
        return "/".join(part for part in (self._base, check_key(key)) if part)

    def _get(self, key: str) -> bytes:
        with self._shelf.lock:
            data = self._shelf.files.get(self._full(key))
        if data is None:
            raise self._missing(key)
        return data

    def _missing(self, key: str) -> NotFound:
        return NotFound(f"There is no artifact {key!r} in {self._uri}.")
