"""Sending a large object in pieces, so that a transfer which was killed goes on where it stopped.

Nothing is written down for that: the store tells which pieces it has, with their
digests, and those that fit the file are not sent again. The object appears when all
have come and the whole has the digest that its name says.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from treering.core.errors import DamagedData, NotFound
from treering.storage.content.hashing import BLOCK, Hasher
from treering.storage.objects.base import Resumable
from treering.versioning.run_many import Stop

__all__ = ["SMALLEST", "send_in_pieces"]

_PIECE = 16 << 20
SMALLEST = 4 * _PIECE
"""A smaller object is sent again as a whole: asking what has come would cost more."""

_MOST_PIECES = 9_000
_AT_A_TIME = 3


def send_in_pieces(store: Resumable, key: str, name: str, value: str, stop: Stop, *, legacy: bool) -> int:
    """Send the object in the file `name`, and return its size in bytes.

    Args:
        value: What the object is called: nothing else is ever sent under that key.

    Raises:
        NotSupported: If the place behind the store takes no pieces.
        DamagedData: If the file is not what the object's name says; then nothing appears.
    """
    try:
        return _send(store, key, name, value, stop, legacy)
    except NotFound:
        # Somebody else has sent the same object at the same time, and ended this upload with it.
        return _send(store, key, name, value, stop, legacy)


def _send(store: Resumable, key: str, name: str, value: str, stop: Stop, legacy: bool) -> int:  # noqa: FBT001 - passed on
    size = os.stat(name).st_size
    piece = max(_PIECE, -(-size // _MOST_PIECES // BLOCK) * BLOCK)
    begun = store.resume(key, value[:32], piece)
    tags: dict[int, str] = {}
    hasher = Hasher(legacy=legacy)
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="treering-pieces") as pool:
        under_way: deque[tuple[int, Future[str]]] = deque()
        try:
            for number, data in enumerate(_pieces(name, piece)):
                stop.check()
                for start in range(0, len(data), BLOCK):
                    hasher.update(data[start : start + BLOCK])
                if (known := begun.tags.get(number)) is not None and _is(known, data):
                    tags[number] = known
                    continue
                if len(under_way) == _AT_A_TIME:
                    first, sent = under_way.popleft()
                    tags[first] = sent.result()
                under_way.append((number, pool.submit(store.put_piece, key, begun.upload, number, [data])))
            tags.update((number, sent.result()) for number, sent in under_way)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if hasher.hexdigest() != value[:32]:
        raise DamagedData(value)
    store.settle(key, begun.upload, size, [tags[number] for number in sorted(tags)])
    return size


def _pieces(name: str, piece: int) -> Iterator[bytes]:
    with open(name, "rb") as file:
        while data := file.read(piece):
            yield data


def _is(tag: str, data: bytes) -> bool:
    kind, _, digest = tag.partition(";")[0].partition(":")
    if kind == "crc32":
        return digest == f"{zlib.crc32(data):08x}"
    return kind == "md5" and digest == hashlib.md5(data, usedforsecurity=False).hexdigest()
