"""Parts on the disk: what tells one that is whole from one that a crash cut, and what is said of a full disk."""

from __future__ import annotations

import errno
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treering.core.errors import StorageFull, TreeringError

__all__ = ["checksum", "room_for"]

_BLOCK = 1 << 20


def checksum(path: str) -> tuple[int, int]:
    """The size of a file, and the CRC-32 of its bytes."""
    size = crc = 0
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            size += len(block)
            crc = zlib.crc32(block, crc)
    return size, crc


@contextmanager
def room_for(path: str) -> Iterator[None]:
    """Within, a disk that is full is told as that.

    Raises:
        StorageFull: Instead of the system's own error.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, TreeringError) or error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        msg = f"The disk of {Path(path).parent} is full. Free some space; the same command with --resume goes on."
        raise StorageFull(msg) from error
