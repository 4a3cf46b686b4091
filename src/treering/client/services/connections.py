"""HTTP/1.1 over asyncio's streams: what the asynchronous client needs of it, and no more.

Connections are kept and used again. One request at a time goes over a connection; an answer is read
whole, or piece by piece as its chunks come.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from treering.client.services.messages import Reply
from treering.client.services.places import Where
from treering.core.errors import DeadlineExceeded, Unavailable

__all__ = ["Connections", "Opened"]

_LIMIT = 1 << 20
_PIECE = 1 << 16
_EMPTY = (204, 304)


class _Line(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Opened:
    """An answer whose body has not been read."""

    def __init__(self, pool: Connections, line: _Line, status: int, headers: Mapping[str, str], way: str) -> None:
        self.status = status
        self.headers = headers
        self._pool = pool
        self._line: _Line | None = line
        self._bare = way == "HEAD" or status in _EMPTY
        self._done = False

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes.

        Raises:
            Unavailable: If it breaks off.
        """
        try:
            async for piece in self._body():
                yield piece
            self._done = True
        except (OSError, EOFError, ValueError) as error:
            msg = f"The service has broken off its answer: {str(error) or type(error).__name__}"
            raise Unavailable(msg) from error
        finally:
            self.close()

    def close(self) -> None:
        """Keep the connection if the answer was read to its end, else end it."""
        line, self._line = self._line, None
        if line is None:
            return
        keep = self._done and self.headers.get("connection", "").lower() != "close"
        self._pool.give_back(line, keep=keep)

    async def _body(self) -> AsyncIterator[bytes]:
        if self._bare or self._line is None:
            return
        reader = self._line.reader
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                yield await reader.readexactly(size)
                await reader.readexactly(2)
            while (await reader.readuntil(b"\r\n")) != b"\r\n":
                pass
            return
        length = self.headers.get("content-length")
        if length is None:
            self.headers = {**self.headers, "connection": "close"}
            while piece := await reader.read(_PIECE):
                yield piece
            return
        if int(length):
            yield await reader.readexactly(int(length))


class Connections:
    """Connections to one address. For one event loop."""

    def __init__(self, where: Where, timeout: float) -> None:
        self._where = where
        self._timeout = timeout
        self._free: deque[_Line] = deque()
        self._secure = ssl.create_default_context() if where.secure else None

    async def ask(self, way: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """A whole answer.

        Raises:
            Unavailable: If there is no connection, or it ends.
            DeadlineExceeded: If it takes too long.
        """
        try:
            async with asyncio.timeout(self._timeout):
                opened = await self._open(way, path, headers, body)
                try:
                    return Reply(opened.status, opened.headers, await opened.read())
                finally:
                    opened.close()
        except TimeoutError as error:
            raise self._late() from error

    async def open(self, way: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Opened:
        """An answer that is read piece by piece; the time counts until it begins.

        Raises:
            Unavailable: If there is no connection, or it ends.
            DeadlineExceeded: If it takes too long.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._open(way, path, headers, body)
        except TimeoutError as error:
            raise self._late() from error

    def give_back(self, line: _Line, *, keep: bool) -> None:
        """Use a connection again, or end it."""
        if keep and not line.reader.at_eof():
            self._free.append(line)
        else:
            line.writer.close()

    async def close(self) -> None:
        """End the connections that are free."""
        while self._free:
            writer = self._free.popleft().writer
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _open(self, way: str, path: str, headers: Mapping[str, str], body: bytes) -> Opened:
        where = self._where
        told = {"host": where.authority, "content-length": str(len(body)), **headers}
        lines = [f"{way} {where.base}{path} HTTP/1.1", *(f"{key}: {value}" for key, value in told.items()), "", ""]
        request = "\r\n".join(lines).encode("latin-1") + body
        while True:
            used = bool(self._free)
            line = self._free.pop() if used else await self._connected()
            try:
                line.writer.write(request)
                await line.writer.drain()
                status, answered = await self._head(line)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
                line.writer.close()
                # The server may have ended a connection that lay idle; it has then not seen the request.
                if used and isinstance(error, OSError | asyncio.IncompleteReadError) and not _partial(error):
                    continue
                msg = f"The service at {where.url} has not answered: {str(error) or type(error).__name__}"
                raise Unavailable(msg) from error
            except BaseException:
                line.writer.close()
                raise
            return Opened(self, line, status, answered, way)

    async def _connected(self) -> _Line:
        where = self._where
        try:
            if where.socket:
                return _Line(*await asyncio.open_unix_connection(where.socket, limit=_LIMIT))
            return _Line(*await asyncio.open_connection(where.host, where.port, ssl=self._secure, limit=_LIMIT))
        except OSError as error:
            msg = f"The service at {where.socket or where.url} cannot be reached: {error}"
            raise Unavailable(msg) from error

    async def _head(self, line: _Line) -> tuple[int, dict[str, str]]:
        while True:
            head = (await line.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ", 2)[1])
            headers: dict[str, str] = {}
            for one in head[1:-2]:
                key, _, value = one.partition(":")
                headers[key.strip().lower()] = value.strip()
            if status >= 200 or status == 101:  # noqa: PLR2004 -- below are announcements of the answer
                return status, headers

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"The service at {self._where.url} has not answered within {self._timeout:g} seconds.")


def _partial(error: BaseException) -> bool:
    """Whether some of an answer had come."""
    return isinstance(error, asyncio.IncompleteReadError) and bool(error.partial)
