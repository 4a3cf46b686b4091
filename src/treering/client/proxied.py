"""Artifacts that lie behind a tracking server: `mlflow-artifacts:` URIs.

Speaks MLflow's artifact proxy, so that it works against MLflow's server too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, check_key

__all__ = ["ProxiedStore", "Transport"]

_BASE = "/api/2.0/mlflow-artifacts/artifacts"


class Transport(Protocol):
    """The few ways of talking to a server that artifacts need; errors are raised as Treering's own."""

    def get_json(self, path: str, query: Mapping[str, str]) -> Any:
        """The decoded JSON answer to a GET."""
        ...

    def download(self, path: str) -> Iterator[bytes]:
        """The body of a GET in chunks of at most `CHUNK_SIZE`; raises before the first chunk."""
        ...

    def upload(self, path: str, chunks: Iterable[bytes]) -> None:
        """PUT a body of unknown length; a source that raises aborts the request."""
        ...

    def delete(self, path: str) -> None:
        """DELETE."""
        ...


class ProxiedStore:
    """What lies below one `mlflow-artifacts:` URI.

    Args:
        uri: `mlflow-artifacts:/<path>`, or with `//<host>` in front of the path.
        transport: A connection to the server that the URI stands for.
    """

    def __init__(self, uri: str, transport: Transport) -> None:
        self._uri = uri
        self._root = check_key(unquote(urlsplit(uri).path).strip("/"))
        self._transport = transport

    @property
    def uri(self) -> str:
        """As it was opened."""
        return self._uri

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`; bytes before `offset` travel too, for the protocol knows no ranges."""
        chunks = self._transport.download(self._path(key))
        return chunks if offset == 0 and length is None else _cut(chunks, offset, length)

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`."""
        if not check_key(key):
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                size += len(chunk)
                # An empty chunk would end a body of unknown length.
                if chunk:
                    yield chunk

        self._transport.upload(self._path(key), counted())
        return size

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`."""
        normal = check_key(key)
        if not normal:
            return FileInfo("", is_dir=True)
        for info in self.list(posixpath.dirname(normal)):
            if info.path == normal:
                return info
        msg = f"There is no artifact {key!r} in {self._uri}."
        raise NotFound(msg)

    def list(self, prefix: str = "") -> list[FileInfo]:
        """As `ObjectStore.list`."""
        normal = check_key(prefix)
        folder = "/".join(part for part in (self._root, normal) if part)
        answer = self._transport.get_json(_BASE, {"path": folder} if folder else {})
        found = [
            FileInfo(
                posixpath.join(normal, item["path"]),
                bool(item.get("is_dir", False)),
                None if item.get("is_dir") else int(item.get("file_size", 0)),
            )
            for item in answer.get("files", [])
        ]
        return sorted(found, key=lambda info: info.path)

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `ObjectStore.walk`; one request for each folder."""
        for info in self.list(prefix):
            if info.is_dir:
                yield from self.walk(info.path)
            else:
                yield info

    def delete(self, key: str) -> int:
        """As `ObjectStore.delete`."""
        info = self.stat(key)
        count = sum(1 for _ in self.walk(key)) if info.is_dir else 1
        self._transport.delete(self._path(key))
        return count

    def local_path(self, key: str) -> Path | None:
        """None: the bytes are on another machine, as far as this one knows."""
        check_key(key)
        return None

    def _path(self, key: str) -> str:
        full = "/".join(part for part in (self._root, check_key(key)) if part)
        if not full:
            msg = f"{self._uri} names the whole artifact store. Name a path below it."
            raise Conflict(msg)
        return f"{_BASE}/{quote(full)}"


def _cut(chunks: Iterator[bytes], offset: int, length: int | None) -> Iterator[bytes]:
    skip, left = offset, length
    for chunk in chunks:
        part = chunk[skip:]
        skip = max(0, skip - len(chunk))
        if left is not None:
            part = part[:left]
            left -= len(part)
        for start in range(0, len(part), CHUNK_SIZE):
            yield part[start : start + CHUNK_SIZE]
        if left == 0:
            return
