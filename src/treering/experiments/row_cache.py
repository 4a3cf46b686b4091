"""Rows of commits, kept: a commit never changes, so that its row has to be made only once.

One file in the repository's temporary folder, with two kinds of lines:

    =<digest> <a part of a row as JSON>
    <commit> <first parent, or -> <seconds> <missing objects, or -> <name of a part>=<digest> ... .

Experiments have most in common, such as their data: each part stands there once. Lines
are added at the end; a later line of the same commit counts. A line that was not
written whole is passed over. Nothing is lost with the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from treering.core.whole_files import write_whole
from treering.storage.content.oid import Oid

__all__ = ["KeptRow", "RowCache"]

# The number changes with the shape of rows.
_FILE = "exp-rows-2.txt"
_LEGACY = ":2"
_DATA = "data"


class KeptRow(NamedTuple):
    """The row of a commit.

    Attributes:
        parent: The first parent; "" for a first commit.
        time: When it was made, in seconds.
        row: As `row.read_row` makes it.
        missing: Objects that were not in the cache when it was made.
    """

    parent: str
    time: int
    row: Mapping[str, Any]
    missing: tuple[Oid, ...] = ()


class RowCache:
    """The rows of one repository.

    Args:
        folder: Where the file is; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._lines: dict[bytes, bytes] | None = None
        self._parts: dict[bytes, Any] = {}
        self._new: dict[bytes, bytes] = {}

    def get(self, commit: str) -> KeptRow | None:
        """The row of a commit, if it is known. Rows share what is the same in them: they are not to be changed."""
        line = self._known().get(commit.encode())
        if line is None:
            return None
        try:
            parent, time, missing, *parts, _ = line.split(b" ")
            oids = () if missing == b"-" else tuple(map(_oid, missing.decode().split(",")))
            row: dict[str, Any] = {}
            for part in parts:
                name, _, digest = part.decode().partition("=")
                _put(row, name, self._part(digest.encode()))
            return KeptRow("" if parent == b"-" else parent.decode(), int(time), row, oids)
        except (ValueError, KeyError):
            return None

    def put(self, commit: str, kept: KeptRow) -> None:
        """Note a row, to be written by `save`."""
        missing = ",".join(f"{oid.value}{_LEGACY if oid.legacy else ''}" for oid in dict.fromkeys(kept.missing))
        words = [kept.parent or "-", str(kept.time), missing or "-"]
        for name, part in _taken_apart(kept.row):
            text = json.dumps(part, separators=(",", ":")).encode()
            digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
            key = b"=" + digest.encode()
            if key not in self._known() and key not in self._new:
                self._new[key] = text
            words.append(f"{name}={digest}")
        self._new[commit.encode()] = " ".join([*words, "."]).encode()

    def save(self) -> None:
        """Write what was noted. Where that is not possible, the rows are made again the next time."""
        if not self._new:
            return
        text = b"\n" + b"".join(b"%b %b\n" % item for item in self._new.items())
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # All in one write to the end, so that two processes do not mix their lines.
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                os.write(handle, text)
            finally:
                os.close(handle)
        self._new.clear()

    def keep(self, commits: Collection[str]) -> int:
        """Forget the rows of all other commits; how many."""
        known = self._known()
        wanted = {commit.encode() for commit in commits}
        kept = {commit: line for commit, line in known.items() if commit in wanted}
        used = {b"=" + word.rpartition(b"=")[2] for line in kept.values() for word in line.split(b" ") if b"=" in word}
        rows = sum(not key.startswith(b"=") for key in known)
        if len(kept) < rows:
            parts = {key: line for key, line in known.items() if key in used}
            write_whole(self._file, b"".join(b"%b %b\n" % item for item in (parts | kept).items()))
        return rows - len(kept)

    def _part(self, digest: bytes) -> Any:
        if digest not in self._parts:
            self._parts[digest] = json.loads(self._known()[b"=" + digest])
        return self._parts[digest]

    def _known(self) -> dict[bytes, bytes]:
        if self._lines is None:
            try:
                text = self._file.read_bytes()
            except OSError:
                text = b""
            # What stands behind the last line feed was not written to its end.
            parted = (line.partition(b" ") for line in text.split(b"\n")[:-1])
            self._lines = {key: line for key, _, line in parted if line.endswith((b" .", b"}"))}
        return self._lines


def _taken_apart(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The parts of a row; data that is tracked by itself, which most commits share, apart from what stages make."""
    for name, part in row.items():
        if name == "outs":
            yield _DATA, {path: out for path, out in part.items() if out["is_data_source"]}
            yield name, {path: out for path, out in part.items() if not out["is_data_source"]}
        else:
            yield name, part


def _put(row: dict[str, Any], name: str, part: Any) -> None:
    if name == _DATA:
        row["outs"] = part
    elif name == "outs" and row.get("outs"):
        row["outs"] = {**row["outs"], **part}
    else:
        row[name] = part


def _oid(text: str) -> Oid:
    return Oid(text.removesuffix(_LEGACY), text.endswith(_LEGACY))
