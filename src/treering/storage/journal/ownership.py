"""Who owns a journal: a lock that the operating system drops when the owner dies, however it dies.

Where POSIX `flock` exists it is taken on the file itself. It belongs to the open
file, so a child made by `fork` holds it too until it closes its copy. On Windows a
single byte far behind the end is locked instead, which no reader ever touches.
On a network file system that ignores locks every journal looks abandoned; then two
processes may deliver one, which the store's memory of journals makes harmless.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["still_there", "try_lock"]

_LOCKED_BYTE = 1 << 40


def try_lock(descriptor: int) -> bool:
    """Take the owner's lock on an open journal; False if somebody has it. Closing the file gives it back."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def still_there(path: Path, descriptor: int) -> bool:
    """Whether the open file is the one that `path` names, and was not taken away in between."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
