"""Artifacts that lie behind a tracking server: `mlflow-artifacts:` URIs.

Speaks MLflow's artifact proxy, so that it works against MLflow's server too, and
with a server of Treering's moves many small files in one request.
"""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit

import msgspec

from treering.core.errors import Conflict, DamagedData, InvalidInput, NotFound, NotSupported, OutOfRange, Unavailable
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, SMALL, Begun, check_key
from treering.wire.native import artifacts, server
from treering.wire.native.frames import CHECKSUM, END, frame, frames

__all__ = ["ProxiedStore", "Transport"]

_BASE = "/api/2.0/mlflow-artifacts/artifacts"


class Transport(Protocol):
    """The few ways of talking to a server that artifacts need; errors are raised as Treering's own."""

    def get_json(self, path: str, query: Mapping[str, str]) -> Any:
        """The decoded JSON answer to a GET."""
        ...

    def download(self, path: str, offset: int = 0, body: bytes | None = None) -> tuple[int, Iterator[bytes]]:
        """The body of a GET, or of a POST, from `offset` where the server can: where it begins, and its chunks."""
        ...

    def upload(self, path: str, chunks: Iterable[bytes] | bytes) -> tuple[Mapping[str, str], bytes]:
        """PUT a body of unknown length, or one that may be sent again; the answer's headers and body.

        A source that raises aborts the request.
        """
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
        self._more: bool | None = None

    @property
    def uri(self) -> str:
        """As it was opened."""
        return self._uri

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`; from servers that know no ranges the bytes before `offset` travel, too."""
        try:
            begin, chunks = self._transport.download(self._path(key), offset)
        except OutOfRange:
            return iter(())
        return chunks if offset == begin and length is None else _cut(chunks, offset - begin, length)

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`. Raises DamagedData if the server has stored something else than was sent."""
        if not check_key(key):
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)
        size = checksum = 0

        def counted() -> Iterator[bytes]:
            nonlocal size, checksum
            for chunk in chunks:
                size += len(chunk)
                checksum = zlib.crc32(chunk, checksum)
                # An empty chunk would end a body of unknown length.
                if chunk:
                    yield chunk

        headers, _ = self._transport.upload(self._path(key), counted())
        stored = headers.get(CHECKSUM)
        if stored is not None and int(stored, 16) != checksum:
            msg = f"The server has stored {key!r} otherwise than it was sent. Send it again, and check the network."
            raise DamagedData(msg)
        return size

    def write_many(self, files: Iterable[tuple[str, bytes]]) -> int:
        """As `Bulk.write_many`: one request where the server is Treering's, else one for each file."""
        if not self._is_treering():
            return sum(1 for key, data in files if self.write(key, [data]) >= 0)
        count = 0

        def framed() -> Iterator[bytes]:
            nonlocal count
            held, size = [], 0
            for key, data in files:
                count += 1
                held.append(frame(self._full(check_key(key)), data))
                size += len(held[-1])
                if size >= CHUNK_SIZE:
                    yield b"".join(held)
                    held, size = [], 0
            yield b"".join([*held, END])

        self._transport.upload(artifacts.SEND.path, framed())
        return count

    def read_many(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """As `Bulk.read_many`: one request where the server is Treering's, else one for each file."""
        if not self._is_treering():
            return ((key, b"".join(self.read(key))) for key in keys)
        body = msgspec.json.encode(artifacts.KeptFiles(self._root, [check_key(key) for key in keys]))
        _, chunks = self._transport.download(artifacts.FETCH.path, 0, body)
        return frames(chunks, SMALL)

    def resume(self, key: str, identity: str, piece: int, *, fresh: bool = False) -> Begun:
        """As `Resumable.resume`. Raises NotSupported if the server is not Treering's, or its own store cannot."""
        if not self._is_treering():
            msg = f"The server of {self._uri} takes files in one go. Send the file so."
            raise NotSupported(msg)
        asked = artifacts.Resume(self._full(check_key(key)), identity, piece, fresh)
        answer = msgspec.json.decode(self._posted(artifacts.RESUME.path, asked), type=artifacts.BegunUpload)
        return Begun(answer.upload, {item.number: item.tag for item in answer.pieces})

    def put_piece(self, key: str, upload: str, number: int, chunks: Iterable[bytes]) -> str:
        """As `Resumable.put_piece`; tried again after faults that may pass. Raises DamagedData as `write`."""
        data = b"".join(chunks)
        query = urlencode({"path": self._full(check_key(key)), "upload": upload, "number": number})
        headers, body = self._transport.upload(f"{artifacts.PIECE.path}?{query}", data)
        stored = headers.get(CHECKSUM)
        if stored is None or int(stored, 16) != zlib.crc32(data):
            msg = f"A piece of {key!r} has come to the server otherwise than it was sent. Send it again, and check the network."
            raise DamagedData(msg)
        return msgspec.json.decode(body, type=artifacts.Piece).tag

    def settle(self, key: str, upload: str, size: int, tags: Sequence[str]) -> None:
        """As `Resumable.settle`."""
        self._posted(artifacts.SETTLE.path, artifacts.Settle(self._full(check_key(key)), upload, size, tags))

    def checksum(self, key: str) -> int | None:
        """As `Checked.checksum`."""
        if not self._is_treering():
            self.stat(key)
            return None
        answer = self._transport.get_json(artifacts.CHECKSUM.path, {"path": self._full(check_key(key))})
        return msgspec.convert(answer, artifacts.Checksum).crc32

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
        folder = self._full(normal)
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
        """As `ObjectStore.walk`; one request for each folder where the server is not Treering's."""
        if self._is_treering():
            normal = check_key(prefix)
            query = {"path": self._full(normal)}
            answer = msgspec.convert(self._transport.get_json(artifacts.TREE.path, query), artifacts.ArtifactList)
            return iter([FileInfo(posixpath.join(normal, info.path), False, info.size) for info in answer.files])
        return self._walked(prefix)

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

    def _walked(self, prefix: str) -> Iterator[FileInfo]:
        for info in self.list(prefix):
            if info.is_dir:
                yield from self._walked(info.path)
            else:
                yield info

    def _is_treering(self) -> bool:
        """Whether the server has more than MLflow's proxy; asked once."""
        if self._more is None:
            try:
                found = self._transport.get_json(server.INFO.path, {})
                self._more = isinstance(found, dict) and "serves_artifacts" in found
            except (InvalidInput, NotFound):
                self._more = False
            except Unavailable as error:
                if not isinstance(error.__cause__, ValueError):  # nobody answered at all
                    raise
                self._more = False
        return self._more

    def _posted(self, path: str, asked: object) -> bytes:
        _, chunks = self._transport.download(path, 0, msgspec.json.encode(asked))
        return b"".join(chunks)

    def _full(self, normal: str) -> str:
        return "/".join(part for part in (self._root, normal) if part)

    def _path(self, key: str) -> str:
        full = self._full(check_key(key))
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
