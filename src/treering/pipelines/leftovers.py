"""Commands that outlived the repro that started them, which happens when that was killed.

While a command runs, a file says which process it is. A repro that finds the file of
one that is dead, with its command still alive, ends the command: it would write
into the outputs that the stage is about to make anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treering.core.log import logger
from treering.pipelines.logs import file_name
from treering.pipelines.process_groups import end_group
from treering.versioning.lock_files import is_alive

__all__ = ["Note", "end_leftover", "is_noted", "noted"]


@contextmanager
def noted(folder: Path, address: str) -> Iterator[Note]:
    """A note for the time of the block, on which the process of a stage's command can be written."""
    note = Note(folder / "running" / f"{file_name(address)}.json")
    try:
        yield note
    finally:
        note.clear()


class Note:
    """Says which process runs a stage's command."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, process: int) -> None:
        """Note the process; 0 says that there is none any more."""
        if not process:
            self.clear()
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps({"by": os.getpid(), "process": process, "began": _began(process)}))
        part.replace(self.path)

    def clear(self) -> None:
        """Take the note away."""
        self.path.unlink(missing_ok=True)


def is_noted(folder: Path, address: str) -> bool:
    """Whether a command of a stage runs at the moment, whoever started it."""
    try:
        said = json.loads((folder / "running" / f"{file_name(address)}.json").read_text())
        process, began = int(said["process"]), said["began"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return _is_running(process) and _began(process) == began


def end_leftover(folder: Path, address: str) -> bool:
    """End what a dead repro left running of a stage; whether there was something."""
    path = folder / "running" / f"{file_name(address)}.json"
    try:
        said = json.loads(path.read_text())
        by, process, began = int(said["by"]), int(said["process"]), said["began"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if by == os.getpid() or is_alive(by):
        return False
    found = is_alive(process) and _began(process) == began
    if found:
        logger.warning("The command of '%s' still ran, left by a repro that was killed. It is ended.", address)
        _end(process)
    path.unlink(missing_ok=True)
    return found


def _end(process: int) -> None:
    if sys.platform != "win32" and os.getpgid(process) == process:
        end_group(process, lambda: not _is_running(process))
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)


def _is_running(process: int) -> bool:
    """Whether it is more than an entry that nobody has waited for."""
    return is_alive(process) and _told(process)[0] not in ("Z", "X")


def _began(process: int) -> str:
    """When a process began, by the system's own clock, so that another of the same number is told apart; "" unknown."""
    return _told(process)[1]


def _told(process: int) -> tuple[str, str]:
    """The state of a process and when it began, where the system tells."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]
