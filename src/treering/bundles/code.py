"""Which files of a project go into a bundle: patterns as in ignore files choose and leave out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from treering.bundles.tree import copy_file
from treering.core.errors import InvalidInput, NotFound
from treering.versioning.ignore_patterns import Pattern, broken_line, read_patterns

__all__ = ["copy_code"]

# Files that say what is left out, each of what lies below its folder.
_IGNORE_FILES = (".bentoignore", ".treeringignore")
_NEVER = frozenset({".DS_Store", ".dvc", ".git", ".hg", ".treering", ".venv", "__pycache__", "mlruns", "venv"})


class _Rules(NamedTuple):
    """Patterns of one folder; `prefix` is its path with a slash behind it."""

    prefix: str
    patterns: Sequence[Pattern]

    def says(self, path: str, *, is_dir: bool) -> bool | None:
        """Whether the last pattern that speaks of a path matches it; None if none does."""
        inner = path.removeprefix(self.prefix)
        for pattern in reversed(self.patterns):
            if pattern.matches(inner, is_dir=is_dir):
                return pattern.ignores
        return None


def copy_code(source: Path, target: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> int:
    """Copy a project's files; how many they were.

    Args:
        include: Patterns of what goes along; empty for all.
        exclude: Patterns of what does not, whatever `include` says.

    Raises:
        NotFound: If the folder is not there, or holds nothing that is chosen.
        InvalidInput: If a pattern cannot be understood, or a chosen file is a link that leads out.
    """
    if not source.is_dir():
        msg = f"The code {source} is no folder. Name the folder of the project."
        raise NotFound(msg)
    chosen = _Rules("", _patterns(include))
    left_out = [_Rules("", _patterns(exclude))]
    home = os.path.realpath(source)
    count = 0
    made = ""
    for path in _chosen(home, "", chosen, left_out):
        goal = os.path.join(target, path)
        if (folder := os.path.dirname(goal)) != made:
            os.makedirs(folder, exist_ok=True)
            made = folder
        copy_file(os.path.join(home, path), goal, home)
        count += 1
    if not count:
        msg = f"Nothing in {source} is chosen to go into the bundle. Look at include and exclude."
        raise NotFound(msg)
    return count


def _chosen(home: str, folder: str, chosen: _Rules, left_out: Sequence[_Rules]) -> Iterator[str]:
    with os.scandir(os.path.join(home, folder)) as entries:
        found = sorted(entries, key=lambda one: one.name)
    own = [_file_rules(folder, entry.path) for entry in found if entry.name in _IGNORE_FILES]
    rules = [*left_out, *own]
    for entry in found:
        path = f"{folder}{entry.name}"
        is_dir = entry.is_dir(follow_symlinks=False)
        if entry.name in _NEVER or any(one.says(path, is_dir=is_dir) for one in rules):
            continue
        if is_dir:
            yield from _chosen(home, f"{path}/", chosen, rules)
        elif not chosen.patterns or chosen.says(path, is_dir=False):
            yield path


def _file_rules(folder: str, place: str) -> _Rules:
    with open(place, "rb") as file:
        return _Rules(folder, read_patterns(file.read(), nested=bool(folder)))


def _patterns(lines: Sequence[str]) -> list[Pattern]:
    text = "\n".join(lines).encode()
    if broken := broken_line(text):
        msg = f"The pattern {broken[1]!r} cannot be understood. Write it as in a .gitignore file."
        raise InvalidInput(msg)
    return read_patterns(text)
