"""What stages printed, a file for each run, under `.dvc/tmp/treering/logs`; of each stage the last ten are kept."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from pathlib import Path
from typing import Self

from treering.core.clock import now

__all__ = ["StageLog", "StageLogs", "file_name"]

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
        self._file = path.open("xb")

    def write(self, data: bytes) -> None:
        """Add to it; what comes after the end is left out."""
        with self._guard:
            if not self._file.closed:
                self._file.write(data)
                self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with self._guard:
            self._file.close()


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
