"""Putting objects of the cache into the workspace: thousands of copies or links, each whole or not there.

Each is made below a folder of Treering's own first and moved to its place, so that
a program which dies leaves nothing in the workspace that nobody asked for. An
object is looked at before it is used: what is not write-protected is hashed, and so is
every small one while it is copied.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Self

from treering.core.errors import Conflict, DamagedData, NotFound, TreeringError
from treering.storage.content.cache import PROTECTED, Cache, failed_write
from treering.storage.content.hashing import copy_hashing, hash_bytes, write_whole
from treering.storage.content.links import Linker, LinkKind, copy_bytes
from treering.storage.content.oid import Oid

__all__ = ["Place", "Placed", "Placer", "Stage", "clear_stage"]

Placed = tuple[int, int, int]
"""Modification time in nanoseconds, inode and size of what was placed."""

_STAGE = "stage"
# What is copied through memory; what is larger is copied by the system.
_SMALL = 1 << 16
# Hashing this much costs less than making the file.
_ALWAYS_HASHED = 1 << 14
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Placer:
    """Makes files of objects; use one for one place, because it remembers which kinds of links work there.

    Args:
        verify: Whether every object is hashed, however large and however protected.
    """

    def __init__(self, cache: Cache, kinds: Sequence[LinkKind], *, legacy: bool = False, verify: bool = False) -> None:
        self._cache = cache
        self._linker = Linker(kinds)
        self._legacy = legacy
        self._verify = verify

    @property
    def shares(self) -> bool:
        """Whether what is made is the object itself."""
        return self._linker.kind.is_shared

    def make(self, digest: str, target: str) -> Placed:
        """Make a file of an object, at a path where nothing is.

        Raises:
            NotFound: If the object is not in the cache.
            DamagedData: If it is not what its name says; it was put aside then.
            StorageFull: If the disk is full; nothing is left then.
        """
        source = self._cache.file_name(Oid(digest, True)) if self._legacy else self._cache.name_of(digest)
        try:
            if self._linker.kind is LinkKind.COPY:
                return self._copy(digest, source, target)
            return self._link(digest, source, target)
        except OSError as error:
            if isinstance(error, TreeringError):
                raise
            if not os.path.exists(source):
                raise _missing(digest) from error
            raise failed_write(error, target) from error

    def _link(self, digest: str, source: str, target: str) -> Placed:
        self._check(digest, source)
        # As for a copy, which it may turn out to be.
        small = not self._linker.kind.is_shared and os.path.getsize(source) <= _ALWAYS_HASHED
        if small and not self._cache.verify(Oid(digest, self._legacy)):
            raise self._damaged(digest)
        self._linker.link(source, target)
        found = os.stat(target)
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _copy(self, digest: str, source: str, target: str) -> Placed:
        reading = os.open(source, _READ)
        try:
            before = os.fstat(reading)
            size = before.st_size
            data = b""
            if size <= _SMALL:
                data = os.read(reading, size + 1)
                if size <= _ALWAYS_HASHED and hash_bytes(data, legacy=self._legacy) != digest:
                    raise self._damaged(digest)
            if before.st_mode & 0o7777 != PROTECTED:
                self._check(digest, source)
            writing = os.open(target, _NEW, 0o666)
            try:
                intact = self._fill(reading, writing, data if size <= _SMALL else None, digest)
                found = os.fstat(writing)
            except BaseException:
                os.close(writing)
                os.unlink(target)
                raise
            os.close(writing)
            if not intact:
                os.unlink(target)
                raise self._damaged(digest)
        finally:
            os.close(reading)
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _fill(self, reading: int, writing: int, data: bytes | None, digest: str) -> bool:
        if data is not None:
            if os.write(writing, data) != len(data):
                os.lseek(writing, 0, os.SEEK_SET)
                write_whole(writing, data)
            return True
        if self._verify:
            return copy_hashing(reading, writing, legacy=self._legacy).digest == digest
        copy_bytes(reading, writing)
        return True

    def _check(self, digest: str, source: str) -> None:
        if not os.access(source, os.F_OK):
            raise _missing(digest)
        oid = Oid(digest, self._legacy)
        if not (self._cache.verify(oid) if self._verify else self._cache.is_sound(oid)):
            raise self._damaged(digest)

    def _damaged(self, digest: str) -> DamagedData:
        self._cache.verify(Oid(digest, self._legacy))
        msg = f"The object {digest} in the cache was damaged, and was put aside. Fetch it again."
        return DamagedData(msg)


class Stage:
    """Folders of this command's own to prepare things in, where nobody looks; one on each disk that is changed.

        with Stage(repo.our_tmp) as stage:
            ...

    Args:
        tmp: Treering's folder in the repository.
    """

    def __init__(self, tmp: str | os.PathLike[str]) -> None:
        self._top = os.path.join(tmp, _STAGE)
        self._own = os.urandom(6).hex()
        self._made: dict[int, str] = {}
        self._numbers = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for folder in self._made.values():
            shutil.rmtree(folder, ignore_errors=True)
        self._made.clear()

    def name_for(self, path: str) -> str:
        """The path for a thing that is then moved to `path`; the folder above that is made if there is none."""
        above = os.path.dirname(path)
        try:
            device = os.stat(above).st_dev
        except FileNotFoundError:
            _make_folder(above)
            device = os.stat(above).st_dev
        if device not in self._made:
            os.makedirs(self._top, exist_ok=True)
            folder = os.path.join(self._top, self._own)
            if os.stat(self._top).st_dev != device:
                folder = os.path.join(above, f".{os.path.basename(path)}.treering-{self._own}")
            os.mkdir(folder)
            self._made[device] = folder
        return f"{self._made[device]}/{next(self._numbers)}"


class Place:
    """A file or folder of the workspace that is about to change.

    Args:
        path: Absolute.
    """

    def __init__(self, path: str, stage: Stage) -> None:
        self.path = path
        self._stage = stage
        self._folders: set[str] = set()
        self._fresh = ""

    def fresh_folder(self) -> str:
        """An empty folder that `settle_folder` moves to the place."""
        self._fresh = self._stage.name_for(self.path)
        os.mkdir(self._fresh)
        return self._fresh

    def settle_folder(self) -> None:
        """Move what was prepared in `fresh_folder` to the place, at once; nothing, or an empty folder, may be there."""
        os.rename(self._fresh, self.path)

    def put(self, relative: str, make: Callable[[str], Placed]) -> Placed:
        """Put a file into the place, or replace one.

        Args:
            relative: Its path in the place, with `/`; "" where the place is the file.
            make: Makes it at the path that it is given.

        Raises:
            Conflict: If something stands in the way that is not tracked.
        """
        target = f"{self.path}/{relative}" if relative else self.path
        if relative:
            self._folder_of(target)
        part = self._stage.name_for(target)
        found = make(part)
        try:
            os.replace(part, target)
        except OSError as error:
            with suppress(OSError):
                os.unlink(part)
            if error.errno in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST):
                msg = f"{target!r} is a folder where a file should be. Move away what is in it, and run the command again."
                raise Conflict(msg) from error
            raise failed_write(error, target) from error
        # Renaming one of two names of a file to the other does nothing.
        with suppress(FileNotFoundError):
            os.unlink(part)
        return found

    def _folder_of(self, target: str) -> None:
        folder = os.path.dirname(target)
        if folder in self._folders:
            return
        if folder != self.path:
            self._folder_of(folder)
        _make_folder(folder)
        if os.path.islink(folder) and folder != self.path:
            msg = f"{folder!r} is a symbolic link where a folder should be. Move it away, and run the command again."
            raise Conflict(msg)
        self._folders.add(folder)


def clear_stage(tmp: str | os.PathLike[str]) -> None:
    """Remove what commands that died have left. Only for those who hold the repository's lock.

    Args:
        tmp: Treering's folder in the repository.
    """
    with suppress(OSError), os.scandir(os.path.join(tmp, _STAGE)) as entries:
        for entry in entries:
            shutil.rmtree(entry.path, ignore_errors=True)


def _make_folder(folder: str) -> None:
    try:
        os.mkdir(folder)
    except FileNotFoundError:
        _make_folder(os.path.dirname(folder))
        os.mkdir(folder)
    except FileExistsError:
        # A symbolic link that leads nowhere is in the way, too.
        if not os.path.isdir(folder):
            msg = f"{folder!r} is a file or a broken link where a folder should be. Move it away, and run the command again."
            raise Conflict(msg) from None


def _missing(digest: str) -> NotFound:
    return NotFound(f"The object {digest} is not in the cache. Fetch it from a remote.")
