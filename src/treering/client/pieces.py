"""Sending a large file in pieces, so that an upload which broke off goes on where it stopped.

Nothing is written down for that. The store tells which pieces it has, with their
digests, and those that are not in the file as it is now are sent: also by another
process, after this one or the server was killed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from treering.core.errors import DamagedData, NotFound, NotSupported
from treering.storage.journal.files import FileChunks
from treering.storage.objects.base import ObjectStore, Resumable

__all__ = ["PIECE", "send_file"]

PIECE = 8 << 20
"""Bytes of a piece, of a file that has not too many of them."""

# A smaller file is sent again as a whole: to ask what has come would cost more.
_SMALLEST = 2 * PIECE
_MOST_PIECES = 9_000
_MIB = 1 << 20
_SAMPLES = 64
_SAMPLE = 1 << 16
# One is read while another travels; more would cost memory, and several files may be on their way.
_AT_A_TIME = 2


def send_file(store: ObjectStore, key: str, chunks: Iterable[bytes]) -> int:
    """As `ObjectStore.write`; a large file on this machine's disk goes in pieces to a store on another that takes them."""
    if isinstance(chunks, FileChunks) and isinstance(store, Resumable) and store.local_path("") is None:
        size = chunks.path.stat().st_size
        if size >= _SMALLEST:
            try:
                return _send(store, key, chunks, size)
            except NotFound:
                # Somebody else has sent the same file at the same time, and ended our upload with it.
                return _send(store, key, chunks, size)
            except NotSupported:
                pass
    return store.write(key, chunks)


def _send(store: Resumable, key: str, chunks: FileChunks, size: int) -> int:
    piece = max(PIECE, -(-size // _MOST_PIECES // _MIB) * _MIB)
    with chunks.path.open("rb") as file:
        identity = _identity(file, key, size)
        begun = store.resume(key, identity, piece)
        tags = {
            number: tag
            for number, tag in begun.tags.items()
            if number * piece < size and _is(tag, _read(file, number, piece, size))
        }
        if begun.tags and not tags:  # an upload of something else
            begun = store.resume(key, identity, piece, fresh=True)
        missing = [number for number in range(-(-size // piece)) if number not in tags]
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="treering-pieces") as pool:
            under_way: deque[tuple[int, int, Future[str]]] = deque()
            try:
                for number in missing:
                    if len(under_way) == _AT_A_TIME:
                        _take(under_way, tags, chunks)
                    data = _read(file, number, piece, size)
                    sent = pool.submit(store.put_piece, key, begun.upload, number, [data])
                    under_way.append((number, len(data), sent))
                    del data
                while under_way:
                    _take(under_way, tags, chunks)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    store.settle(key, begun.upload, size, [tags[number] for number in sorted(tags)])
    return size


def _take(under_way: deque[tuple[int, int, Future[str]]], tags: dict[int, str], chunks: FileChunks) -> None:
    number, size, sent = under_way.popleft()
    tags[number] = sent.result()
    chunks.sent(size)


def _read(file: BinaryIO, number: int, piece: int, size: int) -> bytes:
    file.seek(number * piece)
    data = file.read(piece)
    if len(data) != min(piece, size - number * piece):
        msg = f"{file.name} has become smaller while it was sent. Send it when it is whole."
        raise DamagedData(msg)
    return data


def _is(tag: str, data: bytes) -> bool:
    kind, _, digest = tag.partition(";")[0].partition(":")
    if kind == "crc32":
        return digest == f"{zlib.crc32(data):08x}"
    return kind == "md5" and digest == hashlib.md5(data, usedforsecurity=False).hexdigest()


def _identity(file: BinaryIO, key: str, size: int) -> str:
    """A digest of the name, the size and samples of the contents: the same in every process that sends the file."""
    digest = hashlib.sha256(f"{key}\0{size}\0".encode())
    for number in range(_SAMPLES):
        file.seek((size - _SAMPLE) * number // (_SAMPLES - 1))
        digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:32]
