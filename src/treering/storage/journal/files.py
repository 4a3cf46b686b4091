"""Files that were logged while no store could be reached: copies beside the journal that tells of them.

They lie in `<id>.files`, and go with the journal.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from treering.core.errors import StorageFull
from treering.storage.journal.ownership import still_there, try_lock
from treering.storage.journal.place import make_folder

__all__ = [
    "FileChunks",
    "discard_files",
    "keep_file",
    "kept_file",
    "kept_files",
    "set_file_aside",
    "settle_file",
    "usage",
]

_CHUNK = 1 << 20


class FileChunks:
    """The bytes of a file in chunks; it may be gone through again, from the start, when sending failed half-way.

    Args:
        sent: Told how many bytes were taken each time, after they were.
    """

    def __init__(self, path: Path, sent: Callable[[int], None] = lambda _: None) -> None:
        self.path = path
        self.sent = sent

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
                self.sent(len(chunk))


def keep_file(folder: Path, chunks: Iterable[bytes], settle: Callable[[Path, int], None]) -> int:
    """Copy a file into a folder of journals; returns its size.

    Args:
        settle: Called with the copy and its size; it moves the copy to the journal that it
            belongs to, with `settle_file`. A copy that was not settled is cleared away, by
            the next program if this one is killed.

    Raises:
        StorageFull: If the disk is full; nothing of the copy is left then.
    """
    make_folder(folder)
    while True:
        path = folder / f"{uuid.uuid4().hex}.new"
        with path.open("xb") as file:
            # Another process may take it for a leftover before it is locked; then another one is made.
            if not (try_lock(file.fileno()) and still_there(path, file.fileno())):
                continue
            try:
                for chunk in chunks:
                    _write(file, chunk, folder)
                file.flush()
                settle(path, file.tell())
            finally:
                path.unlink(missing_ok=True)
            return file.tell()


def settle_file(copy: Path, journal: Path) -> str:
    """Move a copy to beside its journal; returns its name there."""
    name = copy.stem
    journal.with_suffix(".files").mkdir(mode=0o700, exist_ok=True)
    copy.rename(kept_file(journal, name))
    return name


def kept_file(journal: Path, name: str) -> Path:
    """Where the copy of that name lies."""
    return journal.with_suffix(".files") / name


def set_file_aside(journal: Path, name: str) -> Path:
    """Keep a copy that a store refused for good; returns where."""
    aside = journal.with_suffix(".refused-files")
    aside.mkdir(mode=0o700, exist_ok=True)
    kept_file(journal, name).rename(aside / name)
    return aside / name


def discard_files(journal: Path) -> None:
    """Remove all copies beside `journal`."""
    shutil.rmtree(journal.with_suffix(".files"), ignore_errors=True)


def usage(folder: Path) -> int:
    """Bytes of all that waits for delivery in a folder of journals; what vanishes meanwhile does not count."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if entry.name.endswith(".journal"):
                        total += entry.stat().st_size
                    elif entry.name.endswith(".files"):
                        total += sum(size for _, size in kept_files(Path(entry.path)))
    except FileNotFoundError:
        pass
    return total


def kept_files(journal: Path) -> list[tuple[str, int]]:
    """Name and size of all copies beside `journal`."""
    found = []
    folder = journal.with_suffix(".files")
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            found.append((path.name, path.stat().st_size))
    return found


def _write(file: BinaryIO, chunk: bytes, folder: Path) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        msg = (
            f"A file could not be kept for later: {folder} is full ({error.strerror})."
            " Free some space, or point TREERING_HOME at another disk."
        )
        raise StorageFull(msg) from error
