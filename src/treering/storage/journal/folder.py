"""The folder of journals: who is alive, how far each was delivered, and what may go.

Beside `<id>.journal` stand `<id>.ack`, the offset up to which it was delivered, and
`<id>.refused`, what a store would not take and why, one JSON object a line.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from treering.storage.journal.files import discard_files
from treering.storage.journal.ownership import still_there, try_lock

__all__ = ["Claim", "acknowledge", "acknowledged", "claim", "note_refused", "orphans", "remove"]


@dataclass(slots=True)
class Claim:
    """A dead process's journal that is ours until `release`."""

    path: Path
    descriptor: int

    def release(self) -> None:
        """Let others have it; again is no error."""
        if self.descriptor != -1:
            os.close(self.descriptor)
            self.descriptor = -1


def claim(path: Path) -> Claim | None:
    """Become the owner of a journal; None if its owner lives, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    if try_lock(descriptor) and still_there(path, descriptor):
        return Claim(path, descriptor)
    os.close(descriptor)
    return None


def orphans(folder: Path) -> list[Path]:
    """Journals whose owners are dead, oldest first; leftovers of an interrupted start are cleared away."""
    found = []
    for path in sorted(folder.glob("*.journal"), key=_age) if folder.is_dir() else ():
        if owned := claim(path):
            owned.release()
            found.append(path)
    for path in folder.glob("*.new"):
        if owned := claim(path):
            path.unlink(missing_ok=True)
            owned.release()
    return found


def acknowledge(path: Path, offset: int) -> None:
    """Remember that `path` was delivered up to `offset`; replaced in one step.

    A full disk is no error here: the store remembers the offset as well, and is asked.
    """
    side = path.with_suffix(".ack")
    fresh = side.with_suffix(f".ack-{os.getpid()}")
    with suppress(OSError):
        fresh.write_text(f"{offset}\n", encoding="ascii")
        fresh.replace(side)


def acknowledged(path: Path) -> int:
    """How far `path` was delivered; 0 if nothing is known."""
    try:
        return int(path.with_suffix(".ack").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def note_refused(path: Path, lines: list[str]) -> Path:
    """Set aside what a store refused; returns where."""
    side = path.with_suffix(".refused")
    with side.open("a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    return side


def remove(path: Path) -> None:
    """Remove a fully delivered journal; what was refused stays."""
    discard_files(path)
    path.with_suffix(".ack").unlink(missing_ok=True)
    # Left by a process that was killed between the two steps of `acknowledge`.
    for torn in path.parent.glob(f"{path.stem}.ack-*"):
        torn.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
