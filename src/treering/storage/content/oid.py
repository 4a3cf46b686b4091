"""The name of a piece of content: its MD5, with `.dir` behind it where the content is the list of a folder's files."""

from __future__ import annotations

import re
from typing import NamedTuple

from treering.core.errors import InvalidInput

__all__ = ["DIR_SUFFIX", "EMPTY_FILE", "Oid", "parse_oid"]

DIR_SUFFIX = ".dir"
EMPTY_FILE = "d41d8cd98f00b204e9800998ecf8427e"
"""The MD5 of nothing."""

_SHAPE = re.compile(r"[0-9a-f]{32}(?:\.dir)?")


class Oid(NamedTuple):
    """What a file or folder contained.

    Attributes:
        value: 32 hexadecimal digits; ".dir" follows for a folder.
        legacy: Whether the digits are those of DVC 2 ("md5-dos2unix"), whose objects lie elsewhere in a cache.
    """

    value: str
    legacy: bool = False

    @property
    def is_dir(self) -> bool:
        """Whether it names a folder's list of files."""
        return self.value.endswith(DIR_SUFFIX)


def parse_oid(value: str, *, legacy: bool = False) -> Oid:
    """The name that somebody wrote into a file.

    Raises:
        InvalidInput: If it is no MD5; what else it is might lead out of the cache.
    """
    lowered = value.lower()
    if _SHAPE.fullmatch(lowered) is None:
        msg = f"{value!r} is no MD5 of a file or folder: it needs 32 hexadecimal digits, and for a folder '.dir' behind them."
        raise InvalidInput(msg)
    return Oid(lowered, legacy)
