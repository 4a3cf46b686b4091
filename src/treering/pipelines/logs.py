"""What stages printed, a file for each run, under `.dvc/tmp/treering/logs`; of each stage the last ten are kept."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
from pathlib import Path
from typing import NamedTuple, Self

from treering.core.clock import now
from treering.core.log import logger

__all__ = ["Outcome", "StageLog", "StageLogs", "file_name"]

_KEPT = 10
_STRANGE = re.compile(r"[^\w@.+-]")


def file_name(address: str) -> str:
    """A stage's address as the name of a file or folder; another address has another name."""
    return _STRANGE.sub(lambda sign: f"%{ord(sign[0]):02X}", address)


class StageLog:
    """One run's output, in the order in which it came. Several threads may write. To be used in `with`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        # Whoever follows it sees at once what there is.
        self._file = path.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Add to it; what comes after the end is left out, and so is what the disk has no room for."""
        with self._guard:
            view = memoryview(data)
            try:
                while view and not self._file.closed:
                    view = view[self._file.write(view) or 0 :]
            except OSError as error:
                # The stage itself need not fail for that.
                logger.warning("The log %s ends here: %s. Make room on the disk.", self.path, error.strerror)
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with self._guard:
            self._file.close()


class Outcome(NamedTuple):
    """How an execution of a stage ended.

    Attributes:
        status: The exit status of its command; negative for a signal.
        began: In milliseconds since the epoch; `ended` likewise.
    """

    status: int
    began: int
    ended: int


class StageLogs:
    """The logs of a repository; the folder need not exist.

    Args:
        folder: Where the repository keeps what is Treering's own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "logs"

    def begin(self, address: str) -> StageLog:
        """A new log; the oldest go."""
        folder = self.folder / file_name(address)
        folder.mkdir(parents=True, exist_ok=True)
        for old in self.of(address)[_KEPT - 1 :]:
            with contextlib.suppress(OSError):
                old.unlink()
        moment = now()
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(moment / 1000))
        return StageLog(folder / f"{stamp}.{moment % 1000:03d}Z-{os.getpid()}-{threading.get_ident() % 10**6}.log")

    def of(self, address: str) -> list[Path]:
        """The logs of a stage, the newest first."""
        with contextlib.suppress(FileNotFoundError):
            return sorted((self.folder / file_name(address)).glob("*.log"), reverse=True)
        return []

    def keep_outcome(self, address: str, outcome: Outcome) -> None:
        """Note how a stage ended, for who looks at it later. Where that cannot be written, it is not noted."""
        path = self.folder / f"{file_name(address)}.json"
        part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(outcome._asdict()))
            part.replace(path)

    def outcome(self, address: str) -> Outcome | None:
        """How a stage ended the last time; None where that is not known."""
        try:
            said = json.loads((self.folder / f"{file_name(address)}.json").read_text())
            return Outcome(int(said["status"]), int(said["began"]), int(said["ended"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
