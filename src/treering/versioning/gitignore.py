"""Edits of `.gitignore`, so that Git does not see outputs: DVC's entries, byte for byte.

    with GitIgnores(repo.git_root) as ignores:
        ignores.ignore(path)
        ...
        ignores.apply()

What was applied is taken back when the block is left by an error.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from treering.core.errors import InvalidInput
from treering.core.whole_files import write_whole
from treering.versioning.ignore import Ignore
from treering.versioning.ignore_patterns import escape

__all__ = ["GITIGNORE", "GitIgnores", "git_ignore"]

GITIGNORE = ".gitignore"


def git_ignore(git_root: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Ignore:
    """What Git ignores in a working tree: by `.gitignore` files, `.git/info/exclude` and the user's own file.

    Args:
        environ: Variables that tell where the user's file lies; without them it is not looked for.
    """
    excludes = [os.path.join(git_root, ".git", "info", "exclude")]
    home = (environ or {}).get("XDG_CONFIG_HOME") or os.path.join((environ or {}).get("HOME", ""), ".config")
    if os.path.isabs(home):
        excludes.append(os.path.join(home, "git", "ignore"))
    text = b".git\n" + b"\n".join(map(_bytes_of, reversed(excludes)))
    return Ignore(git_root, name=GITIGNORE, text=text)


def _bytes_of(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        # Most working trees have none, and linked ones keep theirs elsewhere.
        return b""


class GitIgnores:
    """Entries to be added to and taken from the files of one working tree. Each file is written once.

    Attributes:
        touched: The files that `apply` has changed, made or removed, in that order.
    """

    def __init__(self, git_root: Path, environ: Mapping[str, str] | None = None) -> None:
        self._root = Path(os.path.realpath(git_root))
        self._given = git_root
        self._environ = environ
        self._ignored: Ignore | None = None
        self._added: dict[Path, list[str]] = {}
        self._removed: dict[Path, list[str]] = {}
        # What stood in the files that were written; None for one that was made.
        self._before: dict[Path, bytes | None] = {}
        self.touched: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.apply()
        else:
            self.rollback()

    def ignore(self, path: Path) -> bool:
        """Have Git ignore a file or directory; False where it does already.

        Raises:
            InvalidInput: If the path lies outside of the working tree, or no line can name it.
        """
        file, entry = self._place(path)
        if "\n" in entry:
            msg = f"The name {path.name!r} has a line break, so that no {GITIGNORE} can name it. Rename it."
            raise InvalidInput(msg)
        if self._ignored is None:
            self._ignored = git_ignore(self._given, self._environ)
        waiting = self._added.setdefault(file, [])
        if entry in waiting or self._ignored.is_ignored(path, is_dir=False):
            return False
        waiting.append(entry)
        return True

    def unignore(self, path: Path) -> None:
        """Take back the entry of a file or directory, if it has one.

        Raises:
            InvalidInput: As `ignore`.
        """
        file, entry = self._place(path)
        self._removed.setdefault(file, []).append(entry)

    def apply(self) -> list[Path]:
        """Write what is waiting. Returns the files that changed, as `touched`. Raises as `write_whole`."""
        for file in {**self._removed, **self._added}:
            text = _read(file)
            edited = _without(text, self._removed.get(file, []))
            edited = _with(edited, self._added.get(file, []))
            if edited != text:
                self._before.setdefault(file, text)
                _write(file, edited)
                self.touched.append(file)
        self._added, self._removed, self._ignored = {}, {}, None
        return self.touched

    def rollback(self) -> None:
        """Give all files that `apply` has written the bytes that they had, and forget what is waiting."""
        self._added, self._removed, self._ignored = {}, {}, None
        for file, text in self._before.items():
            # What cannot be taken back must not hide why it was to be.
            with contextlib.suppress(OSError):
                _write(file, text)
        self._before, self.touched = {}, []

    def _place(self, path: Path) -> tuple[Path, str]:
        folder = Path(os.path.realpath(path.parent))
        if folder != self._root and self._root not in folder.parents:
            msg = f"{str(path)!r} lies outside of the Git repository {str(self._given)!r}, which cannot ignore it."
            raise InvalidInput(msg)
        return path.parent / GITIGNORE, f"/{path.name}"


def _with(text: bytes | None, entries: list[str]) -> bytes | None:
    lines = (text or b"").splitlines(keepends=True)
    for entry in entries:
        line = f"/{escape(entry[1:])}\n".encode(errors="surrogateescape")
        if line in lines:
            continue
        if lines and not lines[-1].endswith(b"\n"):
            lines[-1] += b"\n"
        lines.append(line)
    return b"".join(lines) if lines else text


def _without(text: bytes | None, entries: list[str]) -> bytes | None:
    if text is None or not entries:
        return text
    # DVC compares with the entry as it is before special characters are escaped.
    unwanted = {entry.strip().encode(errors="surrogateescape") for entry in entries}
    lines = text.splitlines(keepends=True)
    left = [line for line in lines if line.strip() not in unwanted]
    if len(left) == len(lines):
        return text
    # Line ends become those of Unix then, as DVC writes them.
    return b"".join(left).replace(b"\r\n", b"\n") if left else None


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _write(file: Path, text: bytes | None) -> None:
    if text is None:
        file.unlink(missing_ok=True)
    else:
        write_whole(file, text)
