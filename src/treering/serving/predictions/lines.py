"""Segments of lines of JSON: written by one process at a time, finished whole, and found again after a crash.

While it is written a segment's name ends with `.part` and it is locked. A `.part` that nobody holds belongs to a
writer that has died: its last line may be torn, and is cut off.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from treering.core.log import logger
from treering.storage.journal.ownership import still_there, try_lock

__all__ = ["LINES", "PART", "Segment", "abandoned", "finish", "finished_name", "remove_old"]

PART = ".part"
LINES = ".jsonl"
_CHUNK = 1 << 16


class Segment:
    """One that is being written.

    Args:
        folder: Of the log.
        now: Seconds since the epoch.

    Raises:
        OSError: If it cannot be made.
    """

    __slots__ = ("_file", "begun", "path", "size")

    def __init__(self, folder: Path, now: float) -> None:
        begun = datetime.fromtimestamp(now, UTC)
        day = folder / f"{begun:%Y-%m-%d}"
        day.mkdir(0o700, parents=True, exist_ok=True)
        name = f"predictions-{begun:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self.path = day / f"{name}{LINES}{PART}"
        # What people asked is nobody else's business.
        self._file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b", buffering=0)
        try_lock(self._file.fileno())
        self.begun = now
        self.size = 0

    def write(self, lines: bytes) -> None:
        """Add whole lines: all of them, or none.

        Raises:
            OSError: If the disk is full; the segment is as it was before.
        """
        view = memoryview(lines)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(self.size)
                self._file.seek(self.size)
            raise
        self.size += len(lines)

    def sync(self) -> None:
        """Wait for the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> Path:
        """Give it up, still under its name while it was written; that name."""
        with contextlib.suppress(OSError):
            self.sync()
        self._file.close()
        return self.path


def finished_name(part: Path, suffix: str) -> Path:
    """What a segment is called when it is finished."""
    return part.with_name(part.name.removesuffix(LINES + PART) + suffix)


def finish(part: Path, finished: Path) -> None:
    """The form `jsonl`: the lines as they are, under another name."""
    part.replace(finished)


def abandoned(folder: Path) -> Iterator[Path]:
    """Segments of writers that died, whole lines alone in them; held while the caller looks at one."""
    for part in sorted(folder.glob(f"*/*{LINES}{PART}")):
        # Finished by its writer between the two, or still written by it.
        with contextlib.suppress(FileNotFoundError), part.open("r+b", buffering=0) as file:
            if not try_lock(file.fileno()) or not still_there(part, file.fileno()):
                continue
            whole = _end_of_last_line(file)
            if whole < os.fstat(file.fileno()).st_size:
                logger.warning("The last prediction in %s was half written when its writer died, and is cut off.", part)
                file.truncate(whole)
            if whole:
                yield part
            else:
                part.unlink()


def remove_old(folder: Path, before: float) -> int:
    """Remove finished segments that were last written before this time, in seconds since the epoch; how many."""
    removed = 0
    for file in folder.glob("*/predictions-*"):
        # What is being written, or waits to become Parquet, is younger than it looks.
        if file.name.endswith(PART):
            continue
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mtime < before:
                file.unlink()
                removed += 1
    for day in folder.glob("????-??-??"):
        with contextlib.suppress(OSError):  # not empty
            day.rmdir()
    return removed


def _end_of_last_line(file: IO[bytes]) -> int:
    end = os.fstat(file.fileno()).st_size
    while end > 0:
        start = max(0, end - _CHUNK)
        file.seek(start)
        place = file.read(end - start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0
