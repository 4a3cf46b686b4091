"""What this repository knows of a remote: lists of files that it has seen there with all their files.

It saves asking for each of a million files again, and nothing more: a list that is
known counts only as long as it is still there and a few of its files are, too; when one is
gone, everything is forgotten and asked for. Losing the record costs time alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress

from treering.core.errors import TreeringError
from treering.core.whole_files import write_whole
from treering.versioning.remotes import Remote
from treering.versioning.repository import Repository

__all__ = ["KnownTrees", "sample"]

_FORMAT = "treering-known-trees 1"
# So many files of a known list are looked for.
_SAMPLE = 8


class KnownTrees:
    """The record for one remote; a remote that is a folder has none, because looking is as quick.

    Args:
        repo: In whose folder for what need not be kept it stands.
    """

    def __init__(self, repo: Repository, remote: Remote) -> None:
        name = hashlib.sha256(f"{remote.url}\0{remote.config.get('endpointurl', '')}".encode()).hexdigest()
        self._file = "" if remote.folder is not None else os.path.join(repo.our_tmp, "remotes", name)
        self._known: set[str] | None = None
        self._changed = False

    def __contains__(self, value: str) -> bool:
        return value in self._values()

    def add(self, values: Iterable[str]) -> None:
        """Note lists that are there with all their files."""
        new = set(values) - self._values()
        if new and self._file:
            self._values().update(new)
            self._changed = True

    def forget(self) -> None:
        """Know nothing any more."""
        self._changed = self._changed or bool(self._values())
        self._values().clear()

    def save(self) -> None:
        """Write it, if it changed; never fails."""
        if not self._file or not self._changed:
            return
        lines = [_FORMAT, *sorted(self._values()), ""]
        with suppress(OSError, TreeringError):
            os.makedirs(os.path.dirname(self._file), exist_ok=True)
            write_whole(self._file, "\n".join(lines).encode())
        self._changed = False

    def _values(self) -> set[str]:
        if self._known is None:
            self._known = set()
            # What is broken or of another version is as good as nothing.
            with suppress(OSError, ValueError):
                if self._file:
                    with open(self._file, encoding="ascii") as opened:
                        head, *rest = opened.read().split("\n")
                    if head == _FORMAT:
                        self._known = {line for line in rest if line}
        return self._known


def sample(values: Sequence[str]) -> list[str]:
    """A few of many, others each time."""
    if len(values) <= _SAMPLE:
        return list(values)
    noise = os.urandom(4 * _SAMPLE)
    return [values[int.from_bytes(noise[at : at + 4], "big") % len(values)] for at in range(0, len(noise), 4)]
