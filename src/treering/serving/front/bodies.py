"""Bodies that come in pieces or compressed, read to their end or their limit."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from time import monotonic
from typing import Any

from treering.core.errors import MalformedRequest, TooLarge, UnsupportedMediaType

__all__ = ["Gone", "read_body"]

_SLOWEST = 4096
_WINDOWS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}


class Gone(Exception):
    """The client left before it was answered."""


async def read_body(
    fields: Mapping[bytes, bytes],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    most: int,
    patience: float,
) -> bytes:
    """The whole body, unpacked.

    Raises:
        TooLarge: If it is longer than `most`, packed or unpacked.
        UnsupportedMediaType: If it is packed in a way that is not read.
        MalformedRequest: If it is not packed as it says.
        TimeoutError: If no more of it comes for `patience` seconds, or it comes byte by byte.
        Gone: If the client leaves.
    """
    packing = fields.get(b"content-encoding", b"identity").strip().lower()
    if packing not in _WINDOWS and packing not in {b"identity", b""}:
        msg = f"Bodies in the content encoding {packing.decode('latin-1')!r} are not read. Send gzip, deflate or none."
        raise UnsupportedMediaType(msg)
    stated = fields.get(b"content-length", b"")
    if stated.isdigit() and int(stated) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    more = True
    begun = monotonic()
    while more:
        message = await asyncio.wait_for(receive(), patience)
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        if more and monotonic() - begun > patience + size / _SLOWEST:
            raise TimeoutError
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    return _unpacked(body, _WINDOWS[packing], most) if packing in _WINDOWS else body


def _unpacked(body: bytes, window: int, most: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    try:
        found = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        msg = f"The body is not compressed as its content encoding says: {error}."
        raise MalformedRequest(msg) from error
    if len(found) > most:
        raise _too_large(most)
    if not unpacker.eof:
        msg = "The compressed body ends too early."
        raise MalformedRequest(msg)
    return found


def _too_large(most: int) -> TooLarge:
    msg = f"The body is larger than {most} bytes. Send fewer rows at a time, or raise TREERING_MAX_BODY_BYTES."
    return TooLarge(msg)
