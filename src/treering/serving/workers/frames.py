"""What goes between the front and a worker: frames, each a length, a kind and a MessagePack body.

Neither side ever unpickles anything, and a body that a client sent is only copied.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from treering.serving.hosting import Answer, Call, Offer

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

__all__ = [
    "ANSWERED",
    "ASK",
    "CHANGE",
    "CHANGED",
    "EVENT",
    "FAILED",
    "HELLO",
    "START",
    "Answered",
    "Ask",
    "Change",
    "Changed",
    "Event",
    "Failure",
    "Frames",
    "Reader",
    "Start",
    "pack",
]

START, ASK, CHANGE, EVENT, HELLO, FAILED, ANSWERED, CHANGED = range(8)

_HEAD = struct.Struct("<IB")
_ROOM = 1 << 18


class Start(NamedTuple):
    """What a worker is to hold; the first frame that it gets.

    Attributes:
        kind: A row of `HOSTS`.
        orders: Changes since the server began, so that a worker that comes later holds the same.
    """

    kind: str
    what: dict[str, Any]
    orders: list[dict[str, Any]]


class Ask(NamedTuple):
    """A group of calls.

    Attributes:
        parts: Calls by the path of their route, which is one unless a lane has several.
        alone: Whether a thread of its own may answer it.
    """

    number: int
    alone: bool
    parts: list[tuple[str, list[Call]]]


class Answered(NamedTuple):
    """The answers to a group, part after part.

    Attributes:
        seconds: How long the host took.
    """

    number: int
    seconds: float
    answers: list[Answer]


class Failure(NamedTuple):
    """Why something could not be loaded."""

    code: str
    message: str
    status: int


class Change(NamedTuple):
    """An order to load or unload something."""

    number: int
    order: dict[str, Any]


class Changed(NamedTuple):
    """What came of it: why not, or what is offered now."""

    number: int
    failure: Failure | None
    offer: Offer | None


class Event(NamedTuple):
    """A message of ASGI, one way or the other; `scope` stands in the first of a connection."""

    stream: int
    message: dict[str, Any]


Body = Start | Ask | Change | Event | Offer | Failure | Answered | Changed

_TYPES: Mapping[int, Any] = {
    START: Start,
    ASK: Ask,
    CHANGE: Change,
    EVENT: Event,
    HELLO: Offer,
    FAILED: Failure,
    ANSWERED: Answered,
    CHANGED: Changed,
}
_DECODE = tuple(msgspec.msgpack.Decoder(_TYPES[kind]).decode for kind in range(len(_TYPES)))
_ENCODE = msgspec.msgpack.Encoder().encode_into


def pack(kind: int, body: Any) -> bytearray:
    """A frame; `body` is of the kind's type, or a plain tuple of the same shape."""
    packed = bytearray(_HEAD.size)
    _ENCODE(body, packed, _HEAD.size)
    _HEAD.pack_into(packed, 0, len(packed) - _HEAD.size, kind)
    return packed


class Frames:
    """Puts the pieces that a socket gives together to frames."""

    __slots__ = ("_parts", "_room", "_wanted")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._room = 0
        self._wanted = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, Any]]:
        """The frames that are whole now."""
        if self._parts:
            self._parts.append(data)
            self._room += len(data)
            if self._room < self._wanted:
                return
            data = b"".join(self._parts)
            self._parts = []
        at, end = 0, len(data)
        view = memoryview(data)
        while True:
            body = at + _HEAD.size
            if body > end:
                self._wanted = _HEAD.size
                break
            length, kind = _HEAD.unpack_from(data, at)
            if body + length > end:
                self._wanted = _HEAD.size + length
                break
            at = body + length
            yield kind, _DECODE[kind](view[body:at])
        if at < end:
            self._parts = [data[at:] if at else data]
            self._room = end - at


class Reader:
    """Frames from a blocking socket, for a worker's own thread."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._room = memoryview(bytearray(_ROOM))
        self._at = 0
        self._end = 0

    def frame(self) -> tuple[int, Any] | None:
        """The next frame; `None` when the other side has gone."""
        if not self._have(_HEAD.size):
            return None
        length, kind = _HEAD.unpack_from(self._room, self._at)
        self._at += _HEAD.size
        if length <= _ROOM:
            if not self._have(length):
                return None
            body = self._room[self._at : self._at + length]
            self._at += length
            return kind, _DECODE[kind](body)
        whole = self._large(length)
        return None if whole is None else (kind, _DECODE[kind](whole))

    def _have(self, size: int) -> bool:
        """Read until so many bytes are there."""
        have = self._end - self._at
        if have >= size:
            return True
        if self._at + size > _ROOM or not have:
            self._room[:have] = self._room[self._at : self._end]
            self._at, self._end = 0, have
        while self._end - self._at < size:
            got = self._link.recv_into(self._room[self._end :])
            if not got:
                return False
            self._end += got
        return True

    def _large(self, length: int) -> memoryview | None:
        whole = memoryview(bytearray(length))
        at = min(self._end - self._at, length)
        whole[:at] = self._room[self._at : self._at + at]
        self._at += at
        while at < length:
            got = self._link.recv_into(whole[at:])
            if not got:
                return None
            at += got
        return whole
