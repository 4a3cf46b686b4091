"""How DVC locks a file where network file systems know no `flock`: by a hard link."""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from treering.versioning.lock_files import SystemLock, is_alive, refuse

__all__ = ["LinkLock"]

_YEAR = 365 * 24 * 3600.0


@dataclass
class LinkLock:
    """A second name for a file of one's own: making it succeeds for one process only, on each file system.

    DVC does so where `core.hardlink_lock` is set. Nothing gives the lock back when its
    process is killed; a later one of Treering on the same machine finds that out.
    """

    file: Path
    _claim: Path | None = None

    def attempt(self, *, write: bool) -> bool:  # noqa: ARG002 - a link cannot be shared
        """As `LockFile.attempt`."""
        if self._claim is not None:
            return True
        claim = self.file.with_name(f"treering@{socket.gethostname()}@{os.getpid()}@{uuid.uuid4().hex}.lock")
        try:
            claim.parent.mkdir(parents=True, exist_ok=True)
            claim.write_text(str(claim))
            # DVC reads from the time until when the lock is meant to hold.
            os.utime(claim, (time.time() + _YEAR,) * 2)
            os.link(claim, self.file)
        except FileExistsError:
            claim.unlink()
            self._clear_away()
            return False
        except OSError as error:
            claim.unlink(missing_ok=True)
            refuse(self.file, error)
            raise
        self._claim = claim
        return True

    def release(self) -> None:
        """As `LockFile.release`."""
        claim, self._claim = self._claim, None
        if claim is not None:
            self.file.unlink(missing_ok=True)
            claim.unlink(missing_ok=True)

    def forget(self) -> None:
        """As `LockFile.forget`."""
        self._claim = None

    def holder(self) -> int:
        """As `LockFile.holder`; known is it only of Treering's processes on this machine."""
        try:
            _, host, pid, _ = Path(self.file.read_text()).name.split("@")
        except (OSError, ValueError):
            return 0
        return int(pid) if host == socket.gethostname() and pid.isdecimal() else 0

    def _clear_away(self) -> None:
        """Remove what nobody has any more: the link of a process that was killed, or a file that `flock` left behind."""
        try:
            claim = self.file.read_text()
        except OSError:
            return
        pid = self.holder()
        if pid and not is_alive(pid):
            self.file.unlink(missing_ok=True)
            Path(claim).unlink(missing_ok=True)
        elif claim.strip().isdecimal():
            before = SystemLock(self.file)
            if before.attempt(write=True):
                self.file.unlink(missing_ok=True)
                before.release()
