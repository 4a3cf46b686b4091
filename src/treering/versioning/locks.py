"""Locks that keep commands of Treering and DVC apart in one repository.

`.dvc/tmp/lock` is held while a command reads or changes the repository: the same
lock as DVC takes. Commands that only read share it. Within a process it is taken as
often as needed by the thread that has it; other threads wait for it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from treering.core.log import logger
from treering.versioning.errors import Busy
from treering.versioning.lock_files import LockFile, SystemLock, is_alive

__all__ = ["RepositoryLock", "describe_process", "held", "repository_lock", "wait_for"]

# Waiting begins with short naps, so that short commands hardly notice each other.
_FIRST_NAP, _LONGEST_NAP = 0.002, 0.05
_NOTICE_AFTER = 1.0


class RepositoryLock:
    """A lock of this process, for all its threads; get it with `repository_lock`, so that there is one.

    Args:
        what: What is locked, for messages.
        file: How.
    """

    def __init__(self, what: str, file: LockFile) -> None:
        self._what = what
        self._file = file
        self._turn = threading.RLock()
        self._depth = 0
        self._writes = False
        self._pid = 0

    @contextmanager
    def hold(self, *, write: bool = True, wait: float | None = None) -> Iterator[None]:
        """Have it for the time of the block.

        Args:
            write: False shares it with others that read.
            wait: For how many seconds at most; None: as long as it takes. Who waits for
                more than a second is told for whom, in the log.

        Raises:
            Busy: If the time is up.
            PermissionDenied: If nothing can be written there, and `write` is meant.
            Unavailable: If the file system does not know this kind of lock.
        """
        until = None if wait is None else time.monotonic() + wait
        self._take_turn(wait)
        try:
            self._enter(write, until)
            try:
                yield
            finally:
                self._leave()
        finally:
            self._turn.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let others have it for the time of the block, such as while the command of a stage runs.

        What was read before may have changed afterwards. For a thread that does not have the lock, it does nothing.
        """
        if not self.held:
            yield
            return
        depth, writes = self._depth, self._writes
        self._depth = 0
        self._file.release()
        for _ in range(depth):
            self._turn.release()
        try:
            yield
        finally:
            for _ in range(depth):
                self._turn.acquire()
            self._lock(writes, None)
            self._depth = depth

    @property
    def held(self) -> bool:
        """Whether this thread has it."""
        # While another thread has it, this fails; and while none has it, the depth is 0.
        if not self._turn.acquire(blocking=False):
            return False
        try:
            return self._depth > 0 and self._pid == os.getpid()
        finally:
            self._turn.release()

    def _take_turn(self, wait: float | None) -> None:
        if not self._turn.acquire(timeout=-1 if wait is None else wait):
            msg = f"{self._what} is in use by another thread of this process. Try again later."
            raise Busy(msg)

    def _enter(self, write: bool, until: float | None) -> None:  # noqa: FBT001 - passed on
        if self._depth and self._pid != os.getpid():
            self._depth = 0
            self._file.forget()
        if self._depth == 0 or (write and not self._writes):
            self._lock(write, until)
        self._depth += 1

    def _leave(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._file.release()

    def _lock(self, write: bool, until: float | None) -> None:  # noqa: FBT001 - passed on
        wait_for(lambda: self._file.attempt(write=write), until, self._holder)
        self._writes, self._pid = write, os.getpid()

    def _holder(self) -> str:
        pid = self._file.holder()
        return f"{self._what} is in use by {describe_process(pid) if is_alive(pid) else 'another process'}"


class _Locks:
    """All locks of this process, by the file they lie on."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: dict[str, RepositoryLock] = {}

    def get(self, file: Path, what: str, *, hard_link: bool) -> RepositoryLock:
        """The one on `file`, made if there was none."""
        key = os.path.realpath(file)
        with self._guard:
            if key not in self._known:
                # The other way is rare, and what it needs takes time to load.
                kind = import_module("treering.versioning.link_lock").LinkLock if hard_link else SystemLock
                self._known[key] = RepositoryLock(what or str(file), kind(file))
            return self._known[key]


_LOCKS = _Locks()


def repository_lock(file: Path, what: str = "", *, hard_link: bool = False) -> RepositoryLock:
    """The lock on a file such as `.dvc/tmp/lock`; in one process always the same one.

    It has to be: two locks on one file would wait for each other, though both are ours.

    Args:
        file: Which; it and its folder need not exist.
        what: What it stands for, for messages.
        hard_link: Whether `core.hardlink_lock` is set.
    """
    return _LOCKS.get(file, what, hard_link=hard_link)


def wait_for(
    attempt: Callable[[], bool],
    until: float | None,
    holder: Callable[[], str],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Try until it works.

    Args:
        attempt: Whether it worked.
        until: When to give up, by the monotonic clock; None: never.
        holder: A sentence without its end, which says who is in the way.
        sleep: How the time until the next attempt is spent.

    Raises:
        Busy: If the time is up.
    """
    began, nap, told = time.monotonic(), _FIRST_NAP, False
    while not attempt():
        now = time.monotonic()
        if until is not None and now >= until:
            msg = f"{holder()}. Wait until that is done, and try again."
            raise Busy(msg)
        if not told and now - began >= _NOTICE_AFTER:
            logger.warning("%s. Waiting until that is done.", holder())
            told = True
        sleep(nap if until is None else min(nap, max(0.0, until - now)))
        nap = min(2 * nap, _LONGEST_NAP)


def describe_process(pid: int) -> str:
    """A process for people: its number, and its command where the system tells it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        words = []
    command = " ".join(word.decode("utf-8", "replace") for word in words)
    return f"process {pid}" + (f" ({command})" if command else "")


@contextmanager
def held(file: Path, does: str) -> Iterator[None]:
    """Have a file's lock for writing, however long others have it.

    Args:
        does: What whoever has it does, to go on with "Process 123 ...".
    """
    lock = SystemLock(file)
    wait_for(lambda: lock.attempt(write=True), None, lambda: f"Process {lock.holder()} {does}")
    try:
        yield
    finally:
        lock.release()
