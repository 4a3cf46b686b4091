"""Documents that were parsed before, kept in one file, so that those which have not changed are not parsed again.

Nothing in it is trusted further than the documents themselves: it holds their values
as JSON. Losing it costs time alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import Any

from treering.core.errors import TreeringError
from treering.core.whole_files import write_whole

__all__ = ["MISSING", "DocumentCache", "Stamp", "stamp_of"]

_FORMAT = 1
# A file that was written so shortly before it was read may be written again without its stamp telling, in nanoseconds.
_TOO_NEW = 2_000_000_000
MISSING = object()
"""What `DocumentCache.get` gives for a document that has to be parsed."""

Stamp = tuple[int, int, int, int]


def stamp_of(stat: os.stat_result) -> Stamp:
    """What changes when a file is written."""
    return stat.st_mtime_ns, stat.st_ino, stat.st_size, stat.st_ctime_ns


class DocumentCache:
    """Values of documents by their paths. Not for several threads at a time.

    Args:
        file: Where it is kept; need not exist, nor need its folder.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        self._file = os.fspath(file)
        self._rows: dict[str, list[Any]] = {}
        self._used: dict[str, list[Any]] = {}
        self._changed = False
        # What is broken or of another version is as good as nothing.
        with contextlib.suppress(OSError, ValueError, AttributeError, RecursionError):
            with open(self._file, "rb") as opened:
                found = json.loads(opened.read())
            if found.get("format") == _FORMAT and isinstance(rows := found.get("documents"), dict):
                self._rows = rows

    def get(self, path: str, stamp: Stamp) -> Any:
        """The value, or MISSING where it is not known or the file was written since."""
        row = self._rows.get(path)
        if not isinstance(row, list) or len(row) != 2 or row[0] != list(stamp):  # noqa: PLR2004  # a stamp and a value
            return MISSING
        self._used[path] = row
        return row[1]

    def put(self, path: str, stamp: Stamp, document: Any) -> None:
        """Keep a value; one that JSON cannot say exactly is not kept."""
        if time.time_ns() - max(stamp[0], stamp[3]) < _TOO_NEW:
            return
        try:
            text = json.dumps(document, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return
        if json.loads(text) == document:
            self._used[path] = [list(stamp), document]
            self._changed = True

    def save(self, *, whole: bool) -> None:
        """Write what was got or put since the cache was opened; without `whole`, beside what else it has. Never fails."""
        rows = self._used if whole else {**self._rows, **self._used}
        if not self._changed and len(rows) == len(self._rows):
            return
        text = json.dumps({"format": _FORMAT, "documents": rows}, separators=(",", ":"))
        # A repository that cannot be written is read without it.
        with contextlib.suppress(OSError, TreeringError):
            os.makedirs(os.path.dirname(self._file), exist_ok=True)
            write_whole(self._file, text.encode())
        self._rows, self._changed = dict(rows), False
