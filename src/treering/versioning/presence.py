"""Which objects are there: in a cache or a remote that is a folder, by looking at each; in a store, as it costs least.

A store is asked for each object where few are wanted, and else for lists: of all its
folders, or of all it has. That a folder's list of files is there says nothing of the files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable
from importlib import import_module
from typing import NamedTuple

from treering.storage.content.cache import PROTECTED, Cache
from treering.storage.content.layout import OBJECTS
from treering.storage.content.oid import EMPTY_FILE, Oid
from treering.versioning.remotes import Remote
from treering.versioning.run_many import Stop

__all__ = ["Listed", "key_of", "listed", "present", "sound"]


def key_of(value: str, *, legacy: bool) -> str:
    """The key of an object in a store; its name is known to be one."""
    place = f"{value[:2]}/{value[2:]}"
    return place if legacy else f"{OBJECTS}/{place}"


def sound(cache: Cache, values: Iterable[str], *, legacy: bool) -> set[str]:
    """The objects that a cache has and that can be relied on, as `Cache.is_sound` says; for thousands."""
    probe = "0" * 32
    folder = cache.file_name(Oid(probe, legacy))[: -len(probe) - 1]
    found: set[str] = set()
    protects = True
    for value in values:
        name = f"{folder}{value[:2]}{os.sep}{value[2:]}"
        try:
            seen = os.stat(name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        whole = seen.st_size or value == EMPTY_FILE
        if whole and (not protects or stat.S_IMODE(seen.st_mode) == PROTECTED):
            found.add(value)
        elif cache.is_sound(Oid(value, legacy)):
            found.add(value)
            # A disk that keeps no permissions would have everything hashed each time.
            protects = stat.S_IMODE(os.stat(name).st_mode) == PROTECTED
    return found


def present(remote: Remote, values: Collection[str], *, legacy: bool, stop: Stop) -> set[str]:
    """The objects that a remote has.

    Raises:
        Unavailable: If it cannot be reached, after it was tried again.
    """
    if not values:
        return set()
    if remote.disk is not None:
        return sound(remote.disk, values, legacy=legacy)
    # What speaks with stores is loaded where there is one.
    found: set[str] = import_module("treering.versioning.asking").Asking(remote, legacy, stop).present(values)
    return found


class Listed(NamedTuple):
    """An object that is there.

    Attributes:
        size: In bytes.
        changed: When it was written, in seconds since 1970; None where nobody tells.
    """

    value: str
    size: int
    changed: float | None


def listed(remote: Remote, *, legacy: bool, stop: Stop) -> list[Listed]:
    """All objects that a remote has.

    Raises:
        NotSupported: If it cannot be listed.
        Unavailable: As `present`.
    """
    if remote.disk is not None:
        return [Listed(oid.value, size, changed) for oid, size, changed in remote.disk.walk() if oid.legacy == legacy]
    found: list[Listed] = import_module("treering.versioning.asking").Asking(remote, legacy, stop).everything()
    return found
