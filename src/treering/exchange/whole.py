"""A file that appears when it is complete, and not at all when it could not be."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from treering.core.errors import InvalidInput, PermissionDenied, StorageFull

__all__ = ["write_whole"]


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which stands at `path` after the block; what stood there before stays if the block raises.

    What is no plain file, such as a pipe, is written to as it is.

    Raises:
        InvalidInput: If there is no such folder, or `path` is one.
        PermissionDenied: If the folder may not be written to.
        StorageFull: If the disk is full.
    """
    target = path.resolve()
    plain = not target.exists() or target.is_file()
    # In the same folder, since a file is renamed in one step only within its file system.
    part = target.with_name(f".{target.name}.{os.getpid()}.part") if plain else target
    done = False
    try:
        with part.open("wb") as file:
            yield file
            if plain:
                file.flush()
                os.fsync(file.fileno())
        if plain:
            part.replace(target)
        done = True
    except OSError as error:
        # Of other files, too, which are opened within the block.
        if error.filename not in {None, str(part), str(target)} or isinstance(error, BrokenPipeError):
            raise
        raise _translated(error, path) from error
    finally:
        if not done and plain:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _translated(error: OSError, path: Path) -> Exception:
    reason = f"{path} cannot be written: {error.strerror or error}."
    if error.errno == errno.ENOSPC:
        return StorageFull(f"{reason} Free some space, or write elsewhere.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return PermissionDenied(f"{reason} Write elsewhere, or change who may write there.")
    return InvalidInput(f"{reason} Name a file in a folder that exists.")
