"""Choosing files of a folder by patterns of their paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import translate

from treering.versioning.pointers import Output

__all__ = ["OURS", "NamePatterns", "only_of"]

OURS = "treering"
"""The key below `meta` for what DVC has no word for."""


class NamePatterns:
    """Patterns with `*` for anything, slashes too, `?` and `[...]`; a folder's name stands for all that lies in it.

    None at all choose everything.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        whole = [translate(form) for one in patterns for form in (one.strip("/"), f"{one.strip('/')}/*")]
        self._regex = re.compile("|".join(whole)) if whole else None

    @property
    def are_some(self) -> bool:
        """Whether there are any."""
        return self._regex is not None

    def match(self, path: str) -> bool:
        """Whether a path, relative to the folder, is chosen."""
        return self._regex is None or self._regex.match(path) is not None


def only_of(out: Output) -> tuple[str, ...]:
    """The patterns that an output's files are chosen by: `meta: {treering: {only: [...]}}`."""
    ours = out.meta.get(OURS) if isinstance(out.meta, Mapping) else None
    only = ours.get("only", ()) if isinstance(ours, Mapping) else ()
    if isinstance(only, str):
        return (only,)
    return tuple(str(pattern) for pattern in only) if isinstance(only, Sequence) else ()
