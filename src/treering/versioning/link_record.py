"""Which outputs Treering put into the workspace itself, so that it may take them away when nothing tracks them any more.

Kept below `.dvc/tmp/treering`. Without it nothing is taken away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from treering.storage.content.oid import Oid

__all__ = ["LinkRecord"]


class LinkRecord:
    """The record of one repository; to be changed by who holds its lock.

    Args:
        folder: Treering's own folder in the repository.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.path.join(folder, "created.json")
        self._rows = _read(self._file)
        self._changed = False

    def note(self, key: str, path: str, oid: Oid) -> None:
        """An output was made, or taken into the cache, and may be taken away one day.

        Args:
            key: Its path relative to the repository.
            path: The same, absolute.
        """
        try:
            row = (os.lstat(path).st_ino, oid.value, oid.legacy)
        except OSError:
            return
        if self._rows.get(key) != row:
            self._rows[key] = row
            self._changed = True

    def drop(self, key: str) -> None:
        """An output is the user's from now on."""
        if self._rows.pop(key, None) is not None:
            self._changed = True

    def unused(self, used: Collection[str]) -> Iterator[tuple[str, int, Oid]]:
        """Path, inode and content of what was made and is not in use."""
        for key, (inode, value, legacy) in sorted(self._rows.items()):
            if key not in used:
                yield key, inode, Oid(value, legacy)

    def save(self) -> None:
        """Write it down."""
        if not self._changed:
            return
        self._changed = False
        part = f"{self._file}.{os.getpid()}"
        os.makedirs(os.path.dirname(self._file), exist_ok=True)
        with open(part, "w", encoding="utf-8") as file:
            json.dump(self._rows, file)
        os.replace(part, self._file)


def _read(path: str) -> dict[str, tuple[int, str, bool]]:
    try:
        with open(path, encoding="utf-8") as file:
            rows = json.load(file)
    except (OSError, ValueError):
        return {}
    if not isinstance(rows, dict):
        return {}
    return {key: (row[0], row[1], row[2]) for key, row in rows.items() if _is_row(row)}


def _is_row(row: object) -> bool:
    return isinstance(row, list) and [type(field) for field in row] == [int, str, bool]
