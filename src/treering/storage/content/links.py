"""How a file of the workspace comes from the cache: as a clone, a hard link, a symbolic link or a copy.

A clone (reflink) shares the disk's blocks until one side is written to; hard and
symbolic links are the cache's own file, and so they are write-protected.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum

from treering.core.errors import InvalidInput, NotSupported
from treering.storage.content.hashing import BLOCK, write_whole

if sys.platform != "win32":
    import fcntl

__all__ = ["DEFAULT_KINDS", "LinkKind", "Linker", "clone", "copy", "copy_bytes", "link_kinds", "make_link"]


class LinkKind(StrEnum):
    """The four ways, by the words of `cache.type`."""

    REFLINK = "reflink"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"
    COPY = "copy"

    @property
    def is_shared(self) -> bool:
        """Whether writing to the file would write into the cache."""
        return self in (LinkKind.HARDLINK, LinkKind.SYMLINK)


DEFAULT_KINDS = (LinkKind.REFLINK, LinkKind.COPY)

# What says that the file system, or this pair of them, cannot do it; the next kind is tried then.
_CANNOT = {
    errno.EPERM,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EXDEV,
    errno.ENOTTY,
    errno.ENOSYS,
    errno.EINVAL,
    errno.EAGAIN,
    errno.EMLINK,
}
_FICLONE = 0x40049409
_BINARY = getattr(os, "O_BINARY", 0)


def link_kinds(names: str | Sequence[str]) -> tuple[LinkKind, ...]:
    """The kinds that `cache.type` names, in the order in which they are tried.

    Raises:
        InvalidInput: If a word is none of the four.
    """
    words = names.split(",") if isinstance(names, str) else names
    kinds = []
    for word in words:
        try:
            kinds.append(LinkKind(word.strip().lower()))
        except ValueError as error:
            msg = f"{word.strip()!r} is no way to link files. Set cache.type to some of: {', '.join(LinkKind)}."
            raise InvalidInput(msg) from error
    return tuple(kinds) or DEFAULT_KINDS


def make_link(kind: LinkKind, source: str, target: str) -> None:
    """Make the file `target`, which must not exist, of an object.

    Args:
        source: The object's absolute path.

    Raises:
        OSError: If it cannot be made; nothing stands at `target` then, unless something stood there before.
    """
    _MAKERS[kind](source, target)


class Linker:
    """Makes links of the first kind that works between a cache and one place, and remembers which those are.

    Args:
        kinds: In the order of preference; more than one link is worth remembering what failed for.
    """

    def __init__(self, kinds: Sequence[LinkKind]) -> None:
        self._kinds = list(kinds) or list(DEFAULT_KINDS)

    @property
    def kind(self) -> LinkKind:
        """The kind that is tried next; after a first link, the one that worked."""
        return self._kinds[0]

    def link(self, source: str, target: str) -> LinkKind:
        """Make one link; returns its kind.

        Raises:
            NotSupported: If none of the kinds can be made here.
            OSError: If it fails for another reason, as a full disk.
        """
        for kind in list(self._kinds):
            try:
                _MAKERS[kind](source, target)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                # A file with as many names as the disk allows says nothing of the next file.
                if error.errno != errno.EMLINK and len(self._kinds) > 1:
                    self._kinds.remove(kind)
                elif error.errno == errno.EMLINK:
                    copy(source, target)
                    return LinkKind.COPY
                continue
            return kind
        tried = ", ".join(self._kinds)
        msg = f"No {tried} of {source} can be made at {target}: the disk cannot do it. Add 'copy' to cache.type."
        raise NotSupported(msg)


def clone(source: int, target: int) -> bool:
    """Let an open, empty file share the blocks of another; False where the disk cannot do it."""
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


def copy(source: str, target: str) -> None:
    """Make a file of its own, with the permissions that new files get here."""
    reading = os.open(source, os.O_RDONLY | _BINARY)
    try:
        _fill(target, lambda writing: copy_bytes(reading, writing))
    finally:
        os.close(reading)


def copy_bytes(reading: int, writing: int) -> None:
    """Copy what is left of one open file into another."""
    if sys.platform == "linux":
        # The kernel copies by itself, and on some disks without moving a byte.
        try:
            while os.copy_file_range(reading, writing, 1 << 30):
                pass
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        else:
            return
    while block := os.read(reading, BLOCK):
        write_whole(writing, block)


def _reflink(source: str, target: str) -> None:
    def share(writing: int) -> None:
        if not clone(reading, writing):
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), source)

    reading = os.open(source, os.O_RDONLY | _BINARY)
    try:
        _fill(target, share)
    finally:
        os.close(reading)


def _fill(target: str, fill: Callable[[int], None]) -> None:
    writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        fill(writing)
    except BaseException:
        os.close(writing)
        os.unlink(target)
        raise
    os.close(writing)


_MAKERS: dict[LinkKind, Callable[[str, str], None]] = {
    LinkKind.REFLINK: _reflink,
    LinkKind.HARDLINK: os.link,
    LinkKind.SYMLINK: os.symlink,
    LinkKind.COPY: copy,
}
