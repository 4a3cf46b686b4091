"""Where an object lies below the root of a cache or remote: DVC 3 and DVC 2 have a place each."""

from __future__ import annotations

import re

from treering.storage.content.oid import Oid, parse_oid

__all__ = ["OBJECTS", "object_key", "parse_key"]

OBJECTS = "files/md5"
"""The folder of objects that are named by their plain MD5."""

_KEY = re.compile(r"(files/md5/)?([0-9a-f]{2})/([0-9a-f]{30}(?:\.dir)?)")


def object_key(oid: Oid) -> str:
    """The path below the root, with `/`: `files/md5/ab/cdef…`, or `ab/cdef…` for a legacy object.

    Raises:
        InvalidInput: If the name is no MD5.
    """
    value = parse_oid(oid.value).value
    place = f"{value[:2]}/{value[2:]}"
    return place if oid.legacy else f"{OBJECTS}/{place}"


def parse_key(key: str) -> Oid | None:
    """Whose place this is; None if it is no object's."""
    found = _KEY.fullmatch(key)
    return None if found is None else Oid(found[2] + found[3], legacy=found[1] is None)
