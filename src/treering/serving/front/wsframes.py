"""Frames of web sockets (RFC 6455, section 5): bytes from clients to whole messages, and messages to bytes."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["BINARY", "CLOSE", "PING", "PONG", "TEXT", "Frames", "Wrong", "close_body", "frame"]

_MORE, TEXT, BINARY = range(3)
CLOSE, PING, PONG = 8, 9, 10

_SHORT, _MIDDLE = 125, 126
_PROTOCOL, _NOT_TEXT, _TOO_LONG = 1002, 1007, 1009
_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
_OWN_CODES = range(3000, 5000)


class Wrong(Exception):
    """What a client sent is no web socket's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Frames:
    """Puts the pieces that a socket gives together to messages.

    Args:
        most: Bytes that a message may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = bytearray()
        self._kind = 0
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The messages that are whole now: the kind and the body; text is valid.

        Raises:
            Wrong: If the client does not keep to the protocol; nothing after that is read.
        """
        self._held += data
        while (one := self._frame()) is not None:
            last, kind, body = one
            if kind >= CLOSE:
                yield kind, _control(kind, body, last=last)
                continue
            if (kind == _MORE) != bool(self._kind):
                raise Wrong(_PROTOCOL, "A message was not continued as it began.")
            self._kind = self._kind or kind
            self._size += len(body)
            self._check(self._size)
            self._parts.append(body)
            if last:
                whole, kind = b"".join(self._parts), self._kind
                self._parts, self._kind, self._size = [], 0, 0
                yield kind, _text(whole) if kind == TEXT else whole

    def _frame(self) -> tuple[bool, int, bytes] | None:
        held = self._held
        if len(held) < 2:  # noqa: PLR2004 -- the least that a frame has
            return None
        first, second = held[0], held[1]
        kind, length = first & 0x0F, second & 0x7F
        if first & 0x70 or kind not in {_MORE, TEXT, BINARY, CLOSE, PING, PONG} or not second & 0x80:
            raise Wrong(_PROTOCOL, "A frame has bits that were not agreed, or no mask.")
        at = 2
        if length > _SHORT:
            size = 2 if length == _MIDDLE else 8
            if len(held) < at + size:
                return None
            length = int.from_bytes(held[at : at + size], "big")
            at += size
        self._check(length)
        end = at + 4 + length
        if len(held) < end:
            return None
        body = _unmasked(bytes(held[at + 4 : end]), bytes(held[at : at + 4]))
        del held[:end]
        return bool(first & 0x80), kind, body

    def _check(self, size: int) -> None:
        if size > self._most:
            raise Wrong(_TOO_LONG, f"A message is longer than {self._most} bytes.")


def _control(kind: int, body: bytes, *, last: bool) -> bytes:
    if len(body) > _SHORT or not last:
        raise Wrong(_PROTOCOL, "A control frame is too long or in parts.")
    if kind == CLOSE and body:
        code = int.from_bytes(body[:2], "big")
        if len(body) == 1 or not (code in _CODES or code in _OWN_CODES):
            raise Wrong(_PROTOCOL, "The status of a close is none.")
        _text(body[2:])
    return body


def _text(body: bytes) -> bytes:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Wrong(_NOT_TEXT, "A text is not UTF-8.") from error
    return body


def _unmasked(body: bytes, mask: bytes) -> bytes:
    size = len(body)
    # As whole numbers, which is many times faster than byte by byte.
    whole = int.from_bytes(body, "little") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "little")
    return whole.to_bytes(size, "little")


def frame(kind: int, body: bytes) -> bytes:
    """A whole message as a server sends it."""
    size = len(body)
    if size <= _SHORT:
        head = bytes((0x80 | kind, size))
    elif size < 1 << 16:
        head = bytes((0x80 | kind, _MIDDLE)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | kind, 127)) + size.to_bytes(8, "big")
    return head + body


def close_body(code: int, reason: str) -> bytes:
    """What a close says."""
    said = reason.encode()[: _SHORT - 2].decode(errors="ignore").encode()
    return code.to_bytes(2, "big") + said if code in _CODES or code in _OWN_CODES else b""
