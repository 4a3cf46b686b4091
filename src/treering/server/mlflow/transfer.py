"""Moving the bytes of one artifact between an object store and HTTP, in pieces of bounded size."""

from __future__ import annotations

import asyncio
import mimetypes
import posixpath
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from treering.core.errors import InvalidInput, MalformedRequest, NotFound, TooLarge
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import ObjectStore, check_key

__all__ = ["file_key", "receive_file", "send_file"]

_TEXT_ENDINGS = frozenset(
    {"cf", "cfg", "cnf", "conf", "csv", "err", "hocon", "ini", "js", "json", "log", "md", "mlmodel", "mlproject"}
    | {"prop", "properties", "py", "rst", "sh", "sql", "toml", "tsv", "txt", "xml", "yaml", "yml"}
)


def file_key(path: str) -> str:
    """`path` as the key of a file. Raises InvalidInput if it climbs, or names the root itself."""
    key = check_key(path)
    if not key:
        msg = f"Invalid path: {path!r}. It must name a file or folder below the artifact root."
        raise InvalidInput(msg)
    return key


async def send_file(store: ObjectStore, key: str) -> Response:
    """An answer with the bytes of a file, to be saved rather than shown by a browser.

    Raises:
        NotFound: If there is no such file.
    """
    info, path = await asyncio.to_thread(_find, store, key)
    name = posixpath.basename(key)
    headers = {"X-Content-Type-Options": "nosniff"}
    media_type = _media_type(name)
    if path is not None:
        return FileResponse(path, headers=headers, media_type=media_type, filename=name)
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    if info.size is not None:
        headers["Content-Length"] = str(info.size)
    return StreamingResponse(store.read(key), headers=headers, media_type=media_type)


async def receive_file(store: ObjectStore, key: str, request: Request, most: int | None = None) -> None:
    """Store the body of a request. What stood under the key stays until all has come.

    Args:
        most: Bytes beyond which the body is refused.

    Raises:
        TooLarge: If the body has more than `most` bytes.
        MalformedRequest: If the client goes away before the end.
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
            yield piece

    await asyncio.to_thread(store.write, key, chunks())


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(pieces, None)
    except ClientDisconnect as error:
        msg = "The client went away before it had sent the whole body. Nothing was stored; send it again."
        raise MalformedRequest(msg) from error


def _find(store: ObjectStore, key: str) -> tuple[FileInfo, Path | None]:
    info = store.stat(key)
    if info.is_dir:
        msg = f"{key!r} is a folder, not a file. List it, and ask for the files inside."
        raise NotFound(msg)
    return info, store.local_path(key)


def _media_type(name: str) -> str:
    if name.rpartition(".")[2].lower() in _TEXT_ENDINGS:
        return "text/plain"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
