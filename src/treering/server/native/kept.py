"""The files that the server keeps itself, many at a time: what MLflow's proxy does one by one."""

from __future__ import annotations

import asyncio
import posixpath
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from treering.assembly import Services
from treering.core.errors import InvalidInput, NotFound, NotSupported, TooLarge, TreeringError
from treering.entities.artifact import FileInfo
from treering.server.handling import Handlers
from treering.server.mlflow.proxy import kept_store
from treering.server.mlflow.transfer import body_chunks, file_key
from treering.server.received import received
from treering.storage.objects.base import CHUNK_SIZE, SMALL, Checked, ObjectStore, Resumable, check_key
from treering.wire.native import artifacts as wire
from treering.wire.native.codec import NATIVE
from treering.wire.native.frames import CHECKSUM, END, FRAMES, failure, frame, frames

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

# Stores on other machines answer late, so that several requests run at a time.
_AT_A_TIME = 8
# Some stores hold a piece in memory.
_LARGEST_PIECE = 256 << 20
_IDENTITY = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,4}")


@HANDLERS.handles(wire.TREE)
def _tree(services: Services, asked: wire.KeptPath) -> wire.ArtifactList:
    folder = check_key(asked.path)
    cut = len(folder) + 1 if folder else 0
    found = kept_store(services).walk(folder)
    return wire.ArtifactList([FileInfo(info.path[cut:], info.is_dir, info.size) for info in found])


@HANDLERS.handles(wire.CHECKSUM)
def _checksum(services: Services, asked: wire.KeptPath) -> wire.Checksum:
    store, key = kept_store(services), file_key(asked.path)
    info = store.stat(key)
    known = store.checksum(key) if isinstance(store, Checked) else None
    if known is None:
        known = 0
        for chunk in store.read(key):
            known = zlib.crc32(chunk, known)
    return wire.Checksum(info.size or 0, known)


@HANDLERS.streams(wire.SEND)
async def _send(services: Services, request: Request) -> Response:
    chunks = body_chunks(request, asyncio.get_running_loop())
    count = await asyncio.to_thread(lambda: _store_all(kept_store(services), frames(chunks, SMALL)))
    answer = NATIVE.encode(wire.SEND, wire.Stored(count), received(request.scope, request.path_params, b""))
    return Response(answer.body, answer.status, media_type=answer.content_type)


@HANDLERS.streams(wire.FETCH)
async def _fetch(services: Services, request: Request) -> Response:
    raw = received(request.scope, request.path_params, await request.body())
    asked: wire.KeptFiles = NATIVE.decode(wire.FETCH, raw)
    keys = [file_key(posixpath.join(asked.folder, check_key(key))) for key in asked.keys]
    store = await asyncio.to_thread(kept_store, services)
    body = _gathered(_framed(store, list(zip(asked.keys, keys, strict=True))))
    return StreamingResponse(iterate_in_threadpool(body), media_type=FRAMES)


@HANDLERS.handles(wire.RESUME)
def _resume(services: Services, asked: wire.Resume) -> wire.BegunUpload:
    if not _IDENTITY.fullmatch(asked.identity) or not 0 < asked.piece <= _LARGEST_PIECE:
        msg = f"An upload needs an identity of 32 hexadecimal digits, and pieces of 1 to {_LARGEST_PIECE} bytes."
        raise InvalidInput(msg)
    found = _resumable(kept_store(services)).resume(
        file_key(asked.path), asked.identity, asked.piece, fresh=asked.fresh
    )
    return wire.BegunUpload(found.upload, [wire.Piece(number, tag) for number, tag in sorted(found.tags.items())])


@HANDLERS.streams(wire.PIECE)
async def _piece(services: Services, request: Request) -> Response:
    asked = request.query_params
    key, upload, number = file_key(asked.get("path", "")), asked.get("upload", ""), asked.get("number", "")
    if not upload or not _NUMBER.fullmatch(number):
        msg = "A piece needs the name of its upload, and a number up to 9999. Begin the upload first."
        raise InvalidInput(msg)
    body = _Checked(body_chunks(request, asyncio.get_running_loop()))
    tag = await asyncio.to_thread(
        lambda: _resumable(kept_store(services)).put_piece(key, upload, int(number), iter(body))
    )
    raw = received(request.scope, request.path_params, b"")
    answer = NATIVE.encode(wire.PIECE, wire.Piece(int(number), tag), raw)
    return Response(answer.body, answer.status, {CHECKSUM: f"{body.checksum:08x}"}, answer.content_type)


@HANDLERS.handles(wire.SETTLE)
def _settle(services: Services, asked: wire.Settle) -> wire.Stored:
    _resumable(kept_store(services)).settle(file_key(asked.path), asked.upload, asked.size, asked.tags)
    return wire.Stored(1)


class _Checked:
    """The chunks of a piece, and the CRC-32 of what has come of it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.checksum = 0
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._chunks:
            size += len(chunk)
            if size > _LARGEST_PIECE:
                msg = f"A piece has at most {_LARGEST_PIECE} bytes. Send smaller ones."
                raise TooLarge(msg)
            self.checksum = zlib.crc32(chunk, self.checksum)
            yield chunk


def _resumable(store: ObjectStore) -> Resumable:
    if not isinstance(store, Resumable):
        msg = "The server's artifact store takes files in one go. Send the file so."
        raise NotSupported(msg)
    return store


def _store_all(store: ObjectStore, files: Iterable[tuple[str, bytes]]) -> int:
    count = 0
    if store.local_path("") is not None:  # a disk gains nothing from several at a time
        for path, data in files:
            store.write(file_key(path), [data])
            count += 1
        return count
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        under_way: deque[Future[int]] = deque()
        for path, data in files:
            if len(under_way) == _AT_A_TIME:
                under_way.popleft().result()
            under_way.append(pool.submit(store.write, file_key(path), [data]))
            count += 1
        for write in under_way:
            write.result()
    return count


def _framed(store: ObjectStore, files: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    def read(name: str, key: str) -> bytes:
        try:
            data = b"".join(store.read(key, 0, SMALL + 1))
            if len(data) > SMALL:
                msg = f"{name!r} has more than {SMALL} bytes. Fetch it by itself."
                raise NotFound(msg)
        except TreeringError as error:
            return failure(name, error.code, str(error))
        return frame(name, data)

    if store.local_path("") is not None:
        for name, key in files:
            yield read(name, key)
    else:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            for start in range(0, len(files), _AT_A_TIME):
                yield from pool.map(lambda file: read(*file), files[start : start + _AT_A_TIME])
    yield END


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of about `CHUNK_SIZE`."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= CHUNK_SIZE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)
