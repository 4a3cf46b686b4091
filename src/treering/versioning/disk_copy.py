"""Copying objects between the cache and a remote that is a folder of this machine: as few steps per object as there can be.

What is small is read whole, compared with its name and written; what is large is
hashed while it is copied.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from treering.storage.content.cache import GROUP_FOLDER, PROTECTED, Cache, failed_write, writing
from treering.storage.content.hashing import copy_hashing, hash_bytes
from treering.storage.content.oid import DIR_SUFFIX, Oid
from treering.versioning.outcome import Outcome
from treering.versioning.run_many import Helpers, Stop

__all__ = ["Copying", "copy_objects"]

_SMALL = 1 << 16
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_OCCUPIED = {errno.EEXIST, errno.ENOTEMPTY}
_TOLD_EVERY = 256
# Hashing lets go of the interpreter, so that several large objects are copied in the time of one.
_AT_A_TIME = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Copying:
    """How to copy.

    Attributes:
        legacy: Whether the objects are those of DVC 2.
        stop: Ends it early.
        outcome: Gets what comes of it; it is told of now and then.
    """

    legacy: bool
    stop: Stop
    outcome: Outcome


def copy_objects(source: Cache, target: Cache, values: Iterable[str], how: Copying) -> None:
    """Copy objects that the target does not have.

    Raises:
        StorageFull: If the target has no more room; what was copied before stays.
        PermissionDenied: If the target may not be written.
    """
    with _Copier(source, target, how) as copier:
        for value in values:
            how.stop.check()
            copier.copy(value)


class _Copier:
    """Holds what does not change from object to object. Small objects are copied by who asks, large ones beside that."""

    def __init__(self, source: Cache, target: Cache, how: Copying) -> None:
        self._target = target
        self._legacy, self._stop = how.legacy, how.stop
        self._from, self._to = (_folder(cache, how.legacy) for cache in (source, target))
        self._outcome = how.outcome
        self._untold = self._untold_size = 0
        self._helpers = Helpers(_AT_A_TIME, how.stop)
        # Objects of the same two first letters: the folder in which they gather, and which they are.
        self._prefix = self._gathering = ""
        self._gathered: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._settle_gathered()
            if kind is not None:
                self._stop.ask()
            if kind is None or issubclass(kind, Exception):
                self._helpers.finish()
            else:
                # Who interrupts does not wait for gigabytes.
                self._helpers.leave()
        finally:
            self._tell()

    def copy(self, value: str) -> None:
        place = f"{value[:2]}{os.sep}{value[2:]}"
        try:
            reading = os.open(self._from + place, _READ)
        except (FileNotFoundError, NotADirectoryError):
            self._outcome.missing.append(value)
            return
        except PermissionError as error:
            self._outcome.failed[value] = f"it may not be read ({error.strerror})"
            return
        handed_on = False
        try:
            data = self._read(value, reading)
            if data is not None and len(data) < _SMALL and hash_bytes(data, legacy=self._legacy) == value[:32]:
                self._small(value, data, place)
            elif data is not None:
                # What seems to be damaged is read once more: a file system may have given less than there is.
                self._helpers.hand_on(partial(self._large, value, reading, place))
                handed_on = True
        finally:
            if not handed_on:
                os.close(reading)

    def _done(self, value: str, size: int) -> None:
        """A small object was copied; that is told of now and then only."""
        self._outcome.add(value, size)
        self._untold += 1
        self._untold_size += size
        if self._untold == _TOLD_EVERY:
            self._tell()

    def _tell(self) -> None:
        if self._untold:
            self._outcome.told(self._untold, self._untold_size)
            self._untold = self._untold_size = 0

    def _read(self, value: str, reading: int) -> bytes | None:
        try:
            return os.read(reading, _SMALL)
        except OSError as error:
            self._outcome.failed[value] = f"it cannot be read ({error.strerror})"
            return None

    def _small(self, value: str, data: bytes, place: str) -> None:
        if value[:2] != self._prefix:
            self._turn_to(value[:2])
        staged = f"{self._gathering}{os.sep}{value[2:]}" if self._gathering else self._target.staging()
        try:
            self._target.write_staged(staged, data)
            if not self._gathering:
                os.replace(staged, self._to + place)
        except OSError as error:
            with writing(value, staged):
                raise error from None
        if self._gathering:
            self._gathered.append((value, len(data)))
        else:
            self._done(value, len(data))

    def _turn_to(self, prefix: str) -> None:
        """Where the target has no folder of a prefix, its objects gather in one that nobody sees, which takes its place at once."""
        self._settle_gathered()
        self._prefix = prefix
        if not os.path.isdir(self._to + prefix):
            gathering = self._target.staging()
            with writing(prefix, gathering):
                os.mkdir(gathering)
                if self._target.shared:
                    os.chmod(gathering, GROUP_FOLDER)
            self._gathering = gathering

    def _settle_gathered(self) -> None:
        gathering, folder = self._gathering, self._to + self._prefix
        if not gathering:
            return
        self._gathering = self._prefix = ""
        try:
            os.rename(gathering, folder)
        except OSError as error:
            if error.errno not in _OCCUPIED:
                raise failed_write(error, folder) from error
            # Somebody else has made it meanwhile; perhaps a large object was the first.
            for value, _ in self._gathered:
                os.replace(f"{gathering}{os.sep}{value[2:]}", f"{folder}{os.sep}{value[2:]}")
            os.rmdir(gathering)
        for value, size in self._gathered:
            self._done(value, size)
        self._gathered.clear()

    def _large(self, value: str, reading: int, place: str) -> None:
        try:
            self._stop.check()
            self._copied(value, reading, place)
        finally:
            os.close(reading)

    def _copied(self, value: str, reading: int, place: str) -> None:
        os.lseek(reading, 0, os.SEEK_SET)
        staged = self._target.staging()
        with writing(value, staged):
            descriptor = os.open(staged, _NEW, 0o600)
            try:
                copied = copy_hashing(reading, descriptor, legacy=self._legacy)
            finally:
                os.close(descriptor)
            if copied.digest != value.removesuffix(DIR_SUFFIX):
                os.unlink(staged)
                self._outcome.damaged.append(value)
                return
            with suppress(PermissionError):
                os.chmod(staged, PROTECTED)
            self._settle(staged, value, place)
        self._outcome.moved(value, copied.size)

    def _settle(self, staged: str, value: str, place: str) -> None:
        try:
            os.replace(staged, self._to + place)
        except FileNotFoundError:
            # The first of its folder.
            self._target.adopt(staged, Oid(value, self._legacy))


def _folder(cache: Cache, legacy: bool) -> str:  # noqa: FBT001 - passed on
    """Where objects lie, with a separator behind."""
    probe = "0" * 32
    return cache.file_name(Oid(probe, legacy))[: -len(probe) - 1]
