"""Files as the layers of an image: tar and gzip without times and owners' names, so that the same files give the same layer."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from treering.bundles.tar_stream import header, padding

__all__ = ["Item", "Layer", "items_of", "write_layer"]

_BLOCK = 1 << 20
_LEVEL = 6
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Item(NamedTuple):
    """A file, folder or link in a layer.

    Attributes:
        path: In the image, without a slash at its beginning.
        place: Where the file is now; empty for a folder.
        link: What a symbolic link points at.
    """

    path: str
    place: str = ""
    mode: int = 0o644
    link: str | None = None


class Layer(NamedTuple):
    """A layer that was written.

    Attributes:
        digest: SHA-256 of its bytes as they are stored.
        diff_id: SHA-256 of the tar in it.
        history: What it holds, in words.
    """

    digest: str
    diff_id: str
    size: int
    history: str


def items_of(folder: str | os.PathLike[str], prefix: str) -> Iterator[Item]:
    """All that is in a folder, as it is to stand below `prefix` in the image, with the folders above it."""
    parts = [one for one in prefix.split("/") if one]
    for at in range(1, len(parts) + 1):
        yield Item("/".join(parts[:at]), mode=0o755)
    yield from _items(os.fspath(folder), "".join(f"{one}/" for one in parts))


def _items(folder: str, prefix: str) -> Iterator[Item]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda one: one.name)
    for entry in found:
        told = entry.stat(follow_symlinks=False)
        path = f"{prefix}{entry.name}"
        if stat.S_ISLNK(told.st_mode):
            yield Item(path, link=os.readlink(entry.path), mode=0o777)
        elif stat.S_ISDIR(told.st_mode):
            yield Item(path, mode=0o755)
            yield from _items(entry.path, f"{path}/")
        elif stat.S_ISREG(told.st_mode):
            yield Item(path, entry.path, 0o755 if told.st_mode & stat.S_IXUSR else 0o644)


def write_layer(items: Iterable[Item], blobs: Path, history: str) -> Layer:
    """Write a layer among the blobs of a layout, under its digest; it belongs to root, and everybody may read it."""
    part = blobs / f".{os.urandom(8).hex()}.part"
    stored, tar = hashlib.sha256(), hashlib.sha256()
    size = 0
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    checksum, length = 0, 0
    with part.open("xb") as file:

        def out(data: bytes) -> None:
            nonlocal size
            if data:
                stored.update(data)
                size += file.write(data)

        out(_GZIP_HEAD)
        for piece in _tar(items):
            tar.update(piece)
            checksum = zlib.crc32(piece, checksum)
            length += len(piece)
            out(packer.compress(piece))
        out(packer.flush())
        out(checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little"))
    part.replace(blobs / stored.hexdigest())
    return Layer(stored.hexdigest(), tar.hexdigest(), size, history)


def _tar(items: Iterable[Item]) -> Iterator[bytes]:
    for item in items:
        if item.link is not None:
            yield header(item.path, 0, item.mode, link=item.link)
        elif not item.place:
            yield header(f"{item.path}/", 0, item.mode, folder=True)
        else:
            yield from _file(item)
    yield bytes(1024)


def _file(item: Item) -> Iterator[bytes]:
    with open(item.place, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        yield header(item.path, size, item.mode)
        left = size
        while left:
            chunk = file.read(min(left, _BLOCK))
            if not chunk:
                msg = f"{item.place} became shorter while it was packed."
                raise OSError(msg)
            left -= len(chunk)
            yield chunk
    yield bytes(padding(size))
