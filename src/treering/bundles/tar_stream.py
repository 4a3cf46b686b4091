"""Archives of tar, written the same for the same files, and read without trust.

The reader is our own, because the standard library's reads headers of any length into
memory, and knows kinds of members that have no place here. It takes regular files and
folders; links, devices and sparse files are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from treering.core.errors import DamagedData

__all__ = ["Member", "Readable", "Reader", "header", "padding"]

_BLOCK = 512
_CHUNK = 1 << 20
_LONGEST_HEADER = 64 << 10
_OCTAL_SIZE = 8**11
_NAME, _PREFIX = 100, 155
# The first byte of a size that is written in binary, as GNU does for what octal digits cannot hold.
_BINARY = 0x80
_FILE, _FOLDER, _LINK, _LONG_NAME, _EXTENDED, _GLOBAL = b"0", b"5", b"2", b"L", b"x", b"g"


class Readable(Protocol):
    """What a reader reads from, once from its beginning to its end."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


class Member(NamedTuple):
    """What stands before a file's bytes."""

    path: str
    size: int
    mode: int
    is_folder: bool


@dataclass(slots=True)
class Reader:
    """Members one after the other; the bytes of one have to be read, or are skipped, before the next."""

    stream: Readable
    where: str
    _left: int = 0
    _pad: int = 0

    def __iter__(self) -> Iterator[Member]:
        """Raises DamagedData at what is no tar, at its sudden end, and at what is neither file nor folder."""
        empty = 0
        extended: dict[str, str] = {}
        while True:
            self._skip()
            block = self.stream.read(_BLOCK)
            if not block or (empty and not block.strip(b"\0")):
                return
            if len(block) < _BLOCK:
                block += self._exactly(_BLOCK - len(block))
            if not block.strip(b"\0"):
                empty += 1
                continue
            member, kind = self._header(block)
            if kind in {_EXTENDED, _GLOBAL, _LONG_NAME}:
                found = self._said(member, kind)
                extended |= found if kind != _GLOBAL else {}
                continue
            if kind not in {_FILE, b"\0", b"7", _FOLDER}:
                raise _bad(self.where, f"{member.path[:200]!r} is neither a file nor a folder but of the kind {kind!r}")
            size = _number(extended["size"], self.where) if "size" in extended else member.size
            path = extended.get("path", member.path)
            extended = {}
            self._left = 0 if kind == _FOLDER else size
            self._pad = padding(self._left)
            yield Member(path.removeprefix("./").rstrip("/"), self._left, member.mode, kind == _FOLDER)

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the member that was given last."""
        while self._left:
            chunk = self.stream.read(min(self._left, _CHUNK))
            if not chunk:
                raise _bad(self.where, "it ends in the middle of a file")
            self._left -= len(chunk)
            yield chunk

    def _skip(self) -> None:
        for _ in self.chunks():
            pass
        self._exactly(self._pad)
        self._pad = 0

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self.stream.read(size - len(found))
            if not more:
                raise _bad(self.where, "it ends too early")
            found += more
        return found

    def _header(self, block: bytes) -> tuple[Member, bytes]:
        told = _number(_text(block[148:156]), self.where, base=8)
        if told != sum(block[:148]) + sum(block[156:]) + 8 * 32:
            raise _bad(self.where, "a header's checksum is wrong")
        size = (
            int.from_bytes(block[125:136])
            if block[124] == _BINARY
            else _number(_text(block[124:136]), self.where, base=8)
        )
        name, prefix = _text(block[:100]), _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
        path = f"{prefix}/{name}" if prefix else name
        return Member(path, size, _number(_text(block[100:108]) or "644", self.where, base=8), is_folder=False), block[
            156:157
        ]

    def _said(self, member: Member, kind: bytes) -> dict[str, str]:
        """What an extended header, or a name in a member of its own, says of the member behind it."""
        if member.size > _LONGEST_HEADER:
            raise _bad(self.where, f"a header has {member.size} bytes")
        data = self._exactly(member.size)
        self._exactly(padding(member.size))
        if kind == _LONG_NAME:
            return {"path": _text(data)}
        found = {}
        while data:
            length, blank, rest = data.partition(b" ")
            size = _number(length.decode("latin-1"), self.where)
            if not blank or not len(length) < size <= len(data):
                raise _bad(self.where, "an extended header is malformed")
            key, _, value = rest[: size - len(length) - 2].partition(b"=")
            found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
            data = data[size:]
        if any(key.startswith("GNU.sparse") for key in found):
            raise _bad(self.where, "it holds a sparse file")
        return found


def header(
    path: str, size: int, mode: int = 0o644, *, owner: int = 0, link: str | None = None, folder: bool = False
) -> bytes:
    """What stands before a file's bytes: the same for the same file, so without a time.

    Args:
        owner: Number of the user and of the group.
        link: What a symbolic link points at.
        folder: Whether it is a folder.
    """
    extended = b""
    name, prefix = path.encode("utf-8", "surrogateescape"), b""
    if len(name) > _NAME:
        at = name.rfind(b"/", 0, _PREFIX + 1)
        if at > 0 and len(name) - at - 1 <= _NAME and path.isascii():
            prefix, name = name[:at], name[at + 1 :]
        else:
            extended += _record("path", path)
            name = name[:_NAME]
    elif not path.isascii():
        extended += _record("path", path)
    if size >= _OCTAL_SIZE:
        extended += _record("size", str(size))
    target = (link or "").encode("utf-8", "surrogateescape")
    if len(target) > _NAME:
        extended += _record("linkpath", link or "")
        target = target[:_NAME]
    kind = _LINK if link is not None else _FOLDER if folder else _FILE
    main = _block(name, prefix, min(size, _OCTAL_SIZE - 1), (mode, owner, kind, target))
    if not extended:
        return main
    before = _block(b"PaxHeader", b"", len(extended), (0o644, 0, _EXTENDED, b""))
    return before + extended + bytes(padding(len(extended))) + main


def padding(size: int) -> int:
    """How many bytes fill the last block of a file."""
    return -size % _BLOCK


def _block(name: bytes, prefix: bytes, size: int, more: tuple[int, int, bytes, bytes]) -> bytes:
    mode, owner, kind, target = more
    front = name.ljust(100, b"\0") + b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, owner, owner, size, 0)
    back = kind + target.ljust(100, b"\0") + b"ustar\0" + b"00" + bytes(64) + b"0000000\0" + b"0000000\0"
    back += prefix.ljust(_PREFIX, b"\0") + bytes(12)
    return front + b"%06o\0 " % (sum(front) + sum(back) + 8 * 32) + back


def _record(key: str, value: str) -> bytes:
    body = f" {key}={value}\n".encode("utf-8", "surrogateescape")
    size = len(body)
    while size != len(body) + len(str(size)):
        size = len(body) + len(str(size))
    return str(size).encode() + body


def _bad(where: str, what: str) -> DamagedData:
    return DamagedData(f"{where} is damaged or no archive of ours: {what}. Export or fetch it again.")


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].strip(b" ").decode("utf-8", "surrogateescape")


def _number(text: str, where: str, base: int = 10) -> int:
    try:
        found = int(text, base)
    except ValueError:
        found = -1
    if found < 0 or "_" in text:
        raise _bad(where, f"{text[:40]!r} is no number")
    return found
