"""MD5 of files and bytes, as DVC 3 counts it, and as DVC 2 did.

DVC 2 turned the line ends of what looked like text into Unix ones before it
hashed, and looked at each mebibyte for itself. Those digests are only compared
with; nothing new gets one.
"""

from __future__ import annotations

import hashlib
import os
import threading
from io import FileIO
from queue import SimpleQueue
from typing import NamedTuple

__all__ = ["BLOCK", "Copied", "Hasher", "copy_hashing", "hash_bytes", "hash_descriptor", "hash_file", "write_whole"]

BLOCK = 1 << 20
"""How many bytes are read at once; the text test of DVC 2 depends on it."""

_TEXT = bytes(range(0x20, 0x7F)) + b"\n\r\t\f\b"
_PROBE = 512
_MOST_OTHER = 0.3
# From this size on, hashing in a second thread saves more than starting it costs.
_WORTH_A_THREAD = 4 * BLOCK
# So many blocks may wait for the second thread.
_AHEAD = 4


class Hasher:
    """MD5 of a file whose blocks come one after the other, each `BLOCK` long but for the last."""

    __slots__ = ("_legacy", "_md5")

    def __init__(self, *, legacy: bool = False) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._legacy = legacy

    def update(self, block: bytes | memoryview) -> None:
        """Take the next block."""
        self._md5.update(_unix(bytes(block)) if self._legacy else block)

    def hexdigest(self) -> str:
        """32 hexadecimal digits."""
        return self._md5.hexdigest()


class Copied(NamedTuple):
    """What was copied."""

    digest: str
    size: int


def hash_bytes(data: bytes, *, legacy: bool = False) -> str:
    """MD5 of `data`: 32 hexadecimal digits."""
    if not legacy:
        return hashlib.md5(data, usedforsecurity=False).hexdigest()
    hasher = Hasher(legacy=True)
    for start in range(0, len(data), BLOCK):
        hasher.update(data[start : start + BLOCK])
    return hasher.hexdigest()


def hash_file(path: str | os.PathLike[str], *, legacy: bool = False) -> str:
    """MD5 of a file's bytes: 32 hexadecimal digits.

    Raises:
        OSError: If the file cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return hash_descriptor(descriptor, legacy=legacy)
    finally:
        os.close(descriptor)


def hash_descriptor(descriptor: int, *, legacy: bool = False) -> str:
    """MD5 of what an open file holds from its current place to its end."""
    hasher = Hasher(legacy=legacy)
    view = memoryview(bytearray(BLOCK))
    with FileIO(descriptor, closefd=False) as file:
        while got := _fill(file, view):
            hasher.update(view[:got])
    return hasher.hexdigest()


def copy_hashing(source: int, target: int, *, legacy: bool = False) -> Copied:
    """Copy what is left of one open file into another and hash it on the way, so that its bytes are read once.

    What is hashed is what was written, though somebody changes the source meanwhile.

    Args:
        source: Descriptor to read from.
        target: Descriptor to write to.

    Raises:
        OSError: If reading or writing fails; the target is half-written then.
    """
    if os.fstat(source).st_size >= _WORTH_A_THREAD:
        return _copy_with_thread(source, target, legacy=legacy)
    hasher = Hasher(legacy=legacy)
    size = 0
    view = memoryview(bytearray(BLOCK))
    with FileIO(source, closefd=False) as file:
        while got := _fill(file, view):
            hasher.update(view[:got])
            write_whole(target, view[:got])
            size += got
    return Copied(hasher.hexdigest(), size)


def write_whole(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`; the system may take less than it was given at once."""
    done = os.write(descriptor, data)
    if done < len(data):
        view = memoryview(data)
        while done < len(data):
            done += os.write(descriptor, view[done:])


def _copy_with_thread(source: int, target: int, *, legacy: bool) -> Copied:
    # hashlib lets go of the interpreter while it counts, so reading and writing go on beside it.
    hasher = Hasher(legacy=legacy)
    waiting: SimpleQueue[tuple[memoryview, int]] = SimpleQueue()
    # The same few buffers all the time: fresh memory for each block costs as much as the copy.
    empty: SimpleQueue[memoryview] = SimpleQueue()
    for _ in range(_AHEAD):
        empty.put(memoryview(bytearray(BLOCK)))

    def count() -> None:
        while True:
            block, filled = waiting.get()
            if not filled:
                return
            hasher.update(block[:filled])
            empty.put(block)

    thread = threading.Thread(target=count, name="treering-hash")
    thread.start()
    size = 0
    try:
        with FileIO(source, closefd=False) as file:
            while got := _fill(file, view := empty.get()):
                # It is written before another one is asked for, so it may come back while it is being written.
                waiting.put((view, got))
                write_whole(target, view[:got])
                size += got
    finally:
        waiting.put((memoryview(b""), 0))
        thread.join()
    return Copied(hasher.hexdigest(), size)


def _fill(file: FileIO, view: memoryview) -> int:
    """Read as much as the view has room for; less only at the end of the file."""
    got = file.readinto(view) or 0
    # A pipe, or a file system over the network, may give less than there is.
    while got < len(view) and (more := file.readinto(view[got:])):
        got += more
    return got


def _unix(block: bytes) -> bytes:
    probe = block[:_PROBE]
    if b"\0" in probe or len(probe.translate(None, _TEXT)) > _MOST_OTHER * len(probe):
        return block
    return block.replace(b"\r\n", b"\n")
