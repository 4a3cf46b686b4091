"""How DVC locks a file: by the system's `flock`. Where network file systems have none, see the module link_lock."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from treering.core.errors import PermissionDenied, Unavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["LockFile", "SystemLock", "is_alive", "refuse"]

_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class LockFile(Protocol):
    """A file that one process at a time can have, or several that only read."""

    def attempt(self, *, write: bool) -> bool:
        """Take it if it is free; one who has it can take it again, for another purpose.

        Raises:
            PermissionDenied: If the file cannot be written, and `write` is meant.
            Unavailable: If the file system does not know this kind of lock.
        """

    def release(self) -> None:
        """Give it back."""

    def forget(self) -> None:
        """After a fork, in the child: what was taken is the parent's."""

    def holder(self) -> int:
        """The number of the process that has it; 0 where it is not known."""


@dataclass
class SystemLock:
    """`flock` on the file, whose content is the number of the process that wrote last. Its end gives it back."""

    file: Path
    _descriptor: int = -1

    def attempt(self, *, write: bool) -> bool:
        """As `LockFile.attempt`; a file system on which nothing can be written needs no lock to be read."""
        descriptor = self._descriptor if self._descriptor >= 0 else self._open(write)
        if descriptor < 0:
            return True
        try:
            taken = _flock(descriptor, write)
            if taken and write:
                _sign(descriptor)
        except BaseException:
            self._drop(descriptor)
            raise
        if taken:
            self._descriptor = descriptor
        else:
            self._drop(descriptor)
        return taken

    def release(self) -> None:
        """As `LockFile.release`."""
        if self._descriptor >= 0:
            # Not by closing alone: a child that was forked meanwhile has the file open, too.
            _give_back(self._descriptor)
            self._drop(self._descriptor)

    def forget(self) -> None:
        """As `LockFile.forget`."""
        if self._descriptor >= 0:
            self._drop(self._descriptor)

    def holder(self) -> int:
        """As `LockFile.holder`; of those who only read, none is known."""
        try:
            return int(self.file.read_text("ascii"))
        except (OSError, ValueError):
            return 0

    def _open(self, write: bool) -> int:  # noqa: FBT001 - passed on
        try:
            return _opened(self.file)
        except PermissionDenied:
            if write:
                raise
            return -1

    def _drop(self, descriptor: int) -> None:
        # What is not ours to keep any more; a lock that is held for reading stays when it cannot become more.
        if descriptor == self._descriptor:
            self._descriptor = -1
        os.close(descriptor)


def is_alive(pid: int) -> bool:
    """Whether a process of this number exists."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        # os.kill would end it there, whatever the signal.
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _opened(file: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT
    try:
        try:
            return os.open(file, flags, 0o666)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            return os.open(file, flags, 0o666)
    except OSError as error:
        refuse(file, error)
        raise


def refuse(file: Path, error: OSError) -> None:
    """Say that a file cannot be written, if it is that what went wrong.

    Raises:
        PermissionDenied: If so.
    """
    if error.errno in _READ_ONLY:
        msg = f"{file} cannot be written: {error.strerror}. Only commands that read work here."
        raise PermissionDenied(msg) from error


def _flock(descriptor: int, write: bool) -> bool:  # noqa: FBT001 - passed on
    try:
        if sys.platform == "win32":
            # Windows' lock of a byte cannot be shared; readers exclude each other there.
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if write else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        msg = f"The file system of the repository has no locks: {error.strerror}. Set core.hardlink_lock to true."
        raise Unavailable(msg) from error
    return True


def _give_back(descriptor: int) -> None:
    with suppress(OSError):  # closing it does the rest
        if sys.platform == "win32":
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _sign(descriptor: int) -> None:
    """Write who has it, as DVC does."""
    content = b" %d\n" % os.getpid()
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, content)
    os.ftruncate(descriptor, len(content))
