"""Taking the bytes of one artifact from HTTP into an object store, in pieces of bounded size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from starlette.requests import ClientDisconnect, Request

from treering.core.errors import InvalidInput, TooLarge
from treering.server.received import Disconnected
from treering.storage.objects.base import ObjectStore, check_key

__all__ = ["file_key", "receive_file"]


def file_key(path: str) -> str:
    """`path` as the key of a file. Raises InvalidInput if it climbs, or names the root itself."""
    key = check_key(path)
    if not key:
        msg = f"Invalid path: {path!r}. It must name a file or folder below the artifact root."
        raise InvalidInput(msg)
    return key


async def receive_file(store: ObjectStore, key: str, request: Request, most: int | None = None) -> None:
    """Store the body of a request. What stood under the key stays until all has come.

    Args:
        most: Bytes beyond which the body is refused.

    Raises:
        TooLarge: If the body has more than `most` bytes.
        Disconnected: If the client goes away before the end.
    """
    loop = asyncio.get_running_loop()
    pieces = aiter(request.stream())

    def chunks() -> Iterator[bytes]:
        # The store reads in a thread; each piece is fetched only when the store wants it.
        size = 0
        while (piece := asyncio.run_coroutine_threadsafe(_next(pieces), loop).result()) is not None:
            size += len(piece)
            if most is not None and size > most:
                msg = f"The body is larger than the {most} bytes that may be sent here. Use the artifact API instead."
                raise TooLarge(msg)
            if piece:
                yield piece

    await asyncio.to_thread(store.write, key, chunks())


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(pieces, None)
    except ClientDisconnect as error:
        msg = "The client went away before it had sent the whole body. Nothing was stored; send it again."
        raise Disconnected(msg) from error
