"""Many small files in one body: each with its path, its size and its checksum, and a mark at the end.

A frame is the length of its header (32 bits, big-endian), the header in
MessagePack and the bytes of the file. A length of 0 ends the body, so that one
which was cut off is told from a whole one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

import msgspec

from treering.core.errors import DamagedData, MalformedRequest, error_for

__all__ = ["CHECKSUM", "END", "FRAMES", "failure", "frame", "frames"]

CHECKSUM = "x-treering-crc32"
"""The header in which a server tells the CRC-32 of what it has stored, as eight hexadecimal digits."""
FRAMES = "application/vnd.treering.frames"
END = b"\0\0\0\0"

_LENGTH = struct.Struct(">I")
_LONGEST_HEADER = 1 << 16


class _Header(msgspec.Struct, frozen=True, omit_defaults=True):
    path: str
    size: int
    crc32: int
    error_code: str = ""
    message: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Header)


def frame(path: str, data: bytes) -> bytes:
    """A file as a frame."""
    header = _ENCODER.encode(_Header(path, len(data), zlib.crc32(data)))
    return _LENGTH.pack(len(header)) + header + data


def failure(path: str, code: str, message: str) -> bytes:
    """A frame that tells why a file does not come; the body ends behind it."""
    header = _ENCODER.encode(_Header(path, 0, 0, code, message))
    return _LENGTH.pack(len(header)) + header + END


def frames(chunks: Iterable[bytes], most: int) -> Iterator[tuple[str, bytes]]:
    """The files of a body, as its chunks come.

    Args:
        most: Largest size of a file, in bytes.

    Raises:
        MalformedRequest: If the body is no such, or a file in it is larger.
        DamagedData: If bytes do not match their checksum, or the body ends too early.
        TreeringError: What a frame made by `failure` tells.
    """
    source = _Source(chunks)
    while length := _LENGTH.unpack(source.take(_LENGTH.size))[0]:
        if length > _LONGEST_HEADER:
            msg = "The body does not consist of frames. Send what `treering.wire.native.frames` describes."
            raise MalformedRequest(msg)
        try:
            header = _DECODER.decode(source.take(length))
        except msgspec.MsgspecError as error:
            msg = f"The header of a frame cannot be read: {error}."
            raise MalformedRequest(msg) from error
        if header.error_code:
            raise error_for(header.error_code, header.message)
        if not 0 <= header.size <= most:
            msg = f"{header.path!r} has {header.size} bytes; {most} may be sent in a frame. Send it by itself."
            raise MalformedRequest(msg)
        data = source.take(header.size)
        if zlib.crc32(data) != header.crc32:
            msg = f"The bytes of {header.path!r} were damaged on their way. Send them again."
            raise DamagedData(msg)
        yield header.path, data


class _Source:
    """Bytes in pieces of the length that is asked for."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = bytearray()

    def take(self, count: int) -> bytes:
        while len(self._held) < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                msg = "The connection broke off before all files had come. Try again; those that came are kept."
                raise DamagedData(msg)
            self._held += chunk
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken
