"""Taking the bytes of one artifact from HTTP into an object store, in pieces of bounded size."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Generator, Iterator

from starlette.requests import ClientDisconnect, Request

from treering.core.errors import InvalidInput, TooLarge
from treering.server.received import Disconnected
from treering.storage.objects.base import CHUNK_SIZE, ObjectStore, check_key

__all__ = ["body_chunks", "file_key", "receive_file"]


def file_key(path: str) -> str:
    """`path` as the key of a file. Raises InvalidInput if it climbs, or names the root itself."""
    key = check_key(path)
    if not key:
        msg = f"Invalid path: {path!r}. It must name a file or folder below the artifact root."
        raise InvalidInput(msg)
    return key


async def receive_file(store: ObjectStore, key: str, request: Request, most: int | None = None) -> int:
    """Store the body of a request, and return its CRC-32. What stood under the key stays until all has come.

    Args:
        most: Bytes beyond which the body is refused.

    Raises:
        TooLarge: If the body has more than `most` bytes.
        Disconnected: If the client goes away before the end.
    """
    checksum = 0

    def checked(chunks: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal checksum
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if most is not None and size > most:
                msg = f"The body is larger than the {most} bytes that may be sent here. Use the artifact API instead."
                raise TooLarge(msg)
            checksum = zlib.crc32(chunk, checksum)
            yield chunk

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(lambda: store.write(key, checked(body_chunks(request, loop))))
    return checksum


def body_chunks(request: Request, loop: asyncio.AbstractEventLoop) -> Generator[bytes]:
    """The body of a request in chunks of about `CHUNK_SIZE`, for a thread beside the event loop.

    The next chunk is gathered while the last is worked on, so that two are held at a time.

    Raises:
        Disconnected: If the client goes away before the end.
    """
    pieces = aiter(request.stream())
    coming = asyncio.run_coroutine_threadsafe(_gathered(pieces), loop)
    try:
        while chunk := coming.result():
            coming = asyncio.run_coroutine_threadsafe(_gathered(pieces), loop)
            yield chunk
    finally:
        coming.cancel()


async def _gathered(pieces: AsyncIterator[bytes]) -> bytes:
    """What comes next, up to about `CHUNK_SIZE`; nothing at the end. Handing over each small piece would cost more."""
    taken: list[bytes] = []
    size = 0
    try:
        while size < CHUNK_SIZE and (piece := await anext(pieces, None)) is not None:
            taken.append(piece)
            size += len(piece)
    except ClientDisconnect as error:
        msg = "The client went away before it had sent the whole body. Nothing was stored; send it again."
        raise Disconnected(msg) from error
    return taken[0] if len(taken) == 1 else b"".join(taken)
