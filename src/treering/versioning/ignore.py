"""What `.dvcignore` files leave out, and walking a directory without it.

A file speaks of what lies below its folder; what it says counts more than what the
files above it say, and a later line more than an earlier one. Into an ignored directory
nobody looks, so nothing in it can be taken back. Repositories inside of this one are
ignored as a whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from treering.core.errors import InvalidInput, PermissionDenied
from treering.versioning.ignore_patterns import Pattern, broken_line, read_patterns

__all__ = ["IGNORE_FILE", "Entries", "Ignore", "Reason", "RuleFile", "Rules"]

IGNORE_FILE = ".dvcignore"
_DVC = ".dvc"

Entries = tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]
"""What lies directly in a folder: directories, and the rest."""

_BUILT_IN = b".hg/\n.git/\n.git\n.dvc/\n"


class Reason(NamedTuple):
    """Which line decides of a path.

    Attributes:
        file: The ignore file, relative to the root; "" for what is always ignored.
        line: The number of the line, from 1; 0 where there is no file.
        pattern: The line.
        ignores: False where the line takes the path back.
    """

    file: str
    line: int
    pattern: str
    ignores: bool

    @property
    def shown(self) -> str:
        """`file:line:pattern`, as DVC prints it."""
        if self.line:
            return f"{self.file}:{self.line}:{self.pattern}"
        return f"{self.file}:{self.pattern}" if self.pattern else self.file


class RuleFile:
    """The patterns of one file.

    Args:
        folder: That of the file, relative to the root; "" for the root itself.
    """

    def __init__(self, folder: str, name: str, text: bytes) -> None:
        self.prefix = f"{folder}/" if folder else ""
        self.name = name
        self.patterns = read_patterns(text, nested=bool(folder))
        self.negates = any(not pattern.ignores for pattern in self.patterns)
        self.names = frozenset(p.literal for p in self.patterns if p.kind == "name" and not p.dirs_only)
        self.dir_names = frozenset(p.literal for p in self.patterns if p.kind == "name")
        self.suffixes = tuple(p.literal for p in self.patterns if p.kind == "suffix" and not p.dirs_only)
        self.dir_suffixes = tuple(p.literal for p in self.patterns if p.kind == "suffix")
        self.paths: dict[str, list[Pattern]] = {}
        for pattern in self.patterns:
            if pattern.kind == "path":
                self.paths.setdefault(pattern.literal.rpartition("/")[0], []).append(pattern)
        self.others = tuple(pattern for pattern in self.patterns if not pattern.kind)
        # By whether a directory is asked for: all patterns that are neither names nor paths, as one.
        self.regexes = {is_dir: _joined(self.others, is_dir=is_dir) for is_dir in (False, True)}

    def below(self, folder: str) -> str | None:
        """What stands before a name in `folder` in a path relative to this file's; None if it lies elsewhere."""
        inside = f"{folder}/" if folder else ""
        return inside[len(self.prefix) :] if inside.startswith(self.prefix) else None


def _joined(patterns: tuple[Pattern, ...], *, is_dir: bool) -> re.Pattern[str] | None:
    asked = [pattern.regex.pattern for pattern in patterns if is_dir or not pattern.dirs_only]
    return re.compile("|".join(f"(?:{one})" for one in asked)) if asked else None


@dataclass(frozen=True, slots=True)
class Rules:
    """All files that speak of what lies directly in one folder.

    Attributes:
        files: Those further from the root stand behind.
        folder: Relative to the root; "" for the root itself.
    """

    files: tuple[RuleFile, ...]
    folder: str

    def tests(self) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
        """Whether the file, and whether the directory, of a name in this folder is ignored."""
        files = [(file, inside) for file in self.files if (inside := file.below(self.folder)) is not None]
        if any(file.negates for file, _ in files):
            return _ordered_test(files, is_dir=False), _ordered_test(files, is_dir=True)
        return _quick_test(files, is_dir=False), _quick_test(files, is_dir=True)

    def reason(self, name: str, *, is_dir: bool) -> Reason | None:
        """The line that decides of a name in this folder."""
        for file in reversed(self.files):
            inside = file.below(self.folder)
            for pattern in reversed(file.patterns) if inside is not None else ():
                if pattern.matches(f"{inside}{name}", is_dir=is_dir):
                    line = pattern.line if file.name else 0
                    return Reason(file.name, line, pattern.text, pattern.ignores)
        return None


def _ordered_test(files: list[tuple[RuleFile, str]], *, is_dir: bool) -> Callable[[str], bool]:
    """As `Rules.reason`, without saying why: from the last line to the first."""
    lines = [
        (pattern.regex.match, pattern.ignores, inside)
        for file, inside in reversed(files)
        for pattern in reversed(file.patterns)
        if is_dir or not pattern.dirs_only
    ]

    def decided(name: str) -> bool:
        for match, ignores, inside in lines:
            if match(inside + name) or (is_dir and match(f"{inside}{name}/")):
                return ignores
        return False

    return decided


def _quick_test(files: list[tuple[RuleFile, str]], *, is_dir: bool) -> Callable[[str], bool]:
    """As `Rules.reason` where no line takes anything back, so that their order does not matter."""
    names: set[str] = set()
    suffixes: tuple[str, ...] = ()
    regexes = []
    for file, inside in files:
        names |= file.dir_names if is_dir else file.names
        suffixes += file.dir_suffixes if is_dir else file.suffixes
        for pattern in file.paths.get(inside[:-1], ()):
            if is_dir or not pattern.dirs_only:
                names.add(pattern.literal.rpartition("/")[2])
        if regex := file.regexes[is_dir]:
            regexes.append((regex.match, inside))
    slash = "/" if is_dir else ""

    def matched(name: str) -> bool:
        return any(match(inside + name) or (slash and match(inside + name + slash)) for match, inside in regexes)

    if not regexes:
        if not suffixes:
            return names.__contains__
        return lambda name: name in names or name.endswith(suffixes)
    if not suffixes:
        return lambda name: name in names or matched(name)
    return lambda name: name in names or name.endswith(suffixes) or matched(name)


class Ignore:
    """What is ignored in one repository. It remembers the files that it has read: make a new one for a new look.

    Args:
        root: Of the repository.
        read: Gives what stands in a file, by its path relative to the root, or None; for revisions.
            Unless given, files of the working tree are read.
        name: Of the files that say what is ignored.
        text: What is always ignored.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        read: Callable[[str], bytes | None] | None = None,
        *,
        name: str = IGNORE_FILE,
        text: bytes = _BUILT_IN,
    ) -> None:
        self.root = os.path.normpath(os.fspath(root))
        self.name = name
        self._in_tree = read is None
        self._read = read or self._read_file
        self._always = RuleFile("", "", text)
        # By folder; None for one that is ignored.
        self._known: dict[str, Rules | None] = {}
        self._plain: tuple[Callable[[str], bool], Callable[[str], bool]] | None = None

    def rules(self, folder: str) -> Rules | None:
        """What holds for the entries of a folder, which is relative to the root; None if it is ignored itself."""
        if folder in self._known:
            return self._known[folder]
        if not folder:
            found: Rules | None = self._with_own(Rules((self._always,), ""), "")
        else:
            above, _, name = folder.rpartition("/")
            outer = self.rules(above)
            ignored = outer is None or self._ignores(outer, name, is_dir=True) or self._is_repository(folder)
            found = None if outer is None or ignored else self._with_own(outer, folder)
        self._known[folder] = found
        return found

    def is_ignored(self, path: str | os.PathLike[str], *, is_dir: bool | None = None) -> bool:
        """Whether a path is left out, for itself or with a folder above it.

        Args:
            path: Relative to the root, with `/`, or absolute. What lies outside of the root is not ignored.
            is_dir: Unless given, it is looked for in the working tree.
        """
        relative = self.relative(path)
        if not relative:
            return False
        folder, _, name = relative.rpartition("/")
        rules = self.rules(folder)
        if rules is None:
            return True
        is_dir = self._is_dir(relative) if is_dir is None else is_dir
        return self._ignores(rules, name, is_dir=is_dir) or (is_dir and self._is_repository(relative))

    def why(self, path: str | os.PathLike[str], *, is_dir: bool | None = None) -> Reason | None:
        """The line that decides of a path: it ignores the path or a folder above it, or takes the path back."""
        relative = self.relative(path)
        parts = (relative or "").split("/")
        for at, name in enumerate(parts, start=1):
            folder, here = "/".join(parts[: at - 1]), "/".join(parts[:at])
            whole = at == len(parts)
            known = self._is_dir(here) if is_dir is None else is_dir
            rules = self.rules(folder)
            reason = rules.reason(name, is_dir=known or not whole) if rules is not None and name else None
            if reason is None and name and self._is_repository(here):
                reason = Reason(f"in sub_repo:{name}", 0, "", ignores=True)
            if reason is not None and (reason.ignores or whole):
                return reason
        return None

    def walk(self, top: str | os.PathLike[str] = "") -> Iterator[tuple[str, *Entries]]:
        """The folders of the working tree from `top` down, with what lies in each: its directories, and the rest.

        As `os.walk`: links to directories are given and not followed, and directories that
        the caller takes out of the list are not entered. Nothing comes from a `top` that is
        ignored or no directory.

        Raises:
            PermissionDenied: If a directory may not be read: what lies there would be missed in silence.
        """
        start = self.relative(top)
        if start is None:
            msg = f"{os.fspath(top)!r} lies outside of the repository {self.root!r}. Give a path inside of it."
            raise InvalidInput(msg)
        if self.rules(start) is None:
            return
        waiting = [(f"{self.root}/{start}" if start else self.root, start)]
        while waiting:
            path, folder = waiting.pop()
            found = self.list(path, folder)
            if found is None:
                continue
            yield path, *found
            inside = f"{folder}/" if folder else ""
            waiting += [
                (f"{path}/{entry.name}", inside + entry.name) for entry in reversed(found[0]) if not entry.is_symlink()
            ]

    def relative(self, path: str | os.PathLike[str]) -> str | None:
        """A path relative to the root, with `/`; "" for the root itself, None for what lies outside."""
        text = os.fspath(path)
        if os.path.isabs(text):
            text = os.path.normpath(text)
            if text == self.root:
                return ""
            if not text.startswith(self.root.rstrip(os.sep) + os.sep):
                return None
            text = text[len(self.root.rstrip(os.sep)) + 1 :]
        text = os.path.normpath(text)
        text = text.replace(os.sep, "/") if os.sep != "/" else text
        if text == ".":
            return ""
        return None if text == ".." or text.startswith("../") else text

    def list(self, path: str, folder: str) -> Entries | None:
        """What lies in a folder and is not ignored: directories, and the rest; None if the folder is ignored itself.

        It stands in for `walk.Lister`.

        Args:
            path: Of the folder.
            folder: The same relative to the root; "" for the root itself.

        Raises:
            PermissionDenied: As `walk`.
        """
        try:
            with os.scandir(path) as entries:
                listed = list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            msg = f"The directory {path!r} may not be read: {error.strerror}. Change its permissions, or ignore it."
            raise PermissionDenied(msg) from error
        dirs, files, own, inner = [], [], False, False
        for entry in listed:
            if entry.is_dir():
                dirs.append(entry)
                inner = inner or entry.name == _DVC
            else:
                files.append(entry)
                own = own or entry.name == self.name
        if inner and folder:
            return None
        rules = self._rules_here(folder, own=own)
        if rules is None:
            return None
        skip_file, skip_dir = self._tests(rules)
        return [d for d in dirs if not skip_dir(d.name)], [f for f in files if not skip_file(f.name)]

    def _rules_here(self, folder: str, *, own: bool) -> Rules | None:
        """As `rules`, of a folder that was listed: what lies in it need not be looked for."""
        outer = self._known.get(folder.rpartition("/")[0]) if folder else None
        if folder in self._known or outer is None:
            return self.rules(folder)
        # On the way down its parent's test was passed.
        self._known[folder] = found = self._with_own(outer, folder) if own else Rules(outer.files, folder)
        return found

    def _with_own(self, outer: Rules, folder: str) -> Rules:
        name = f"{folder}/{self.name}" if folder else self.name
        text = None if self._ignores(Rules(outer.files, folder), self.name, is_dir=False) else self._read(name)
        if text is not None and self.name == IGNORE_FILE and (broken := broken_line(text)) is not None:
            msg = f"{name}, line {broken[0]}: {broken[1]!r} ends with a backslash that escapes nothing. Remove it."
            raise InvalidInput(msg)
        own = () if text is None else (RuleFile(folder, name, text),)
        return Rules(outer.files + own, folder)

    def _tests(self, rules: Rules) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
        if len(rules.files) > 1 or self._always.paths:
            return rules.tests()
        # The same everywhere, as long as no file says anything.
        if self._plain is None:
            self._plain = rules.tests()
        return self._plain

    def _ignores(self, rules: Rules, name: str, *, is_dir: bool) -> bool:
        reason = rules.reason(name, is_dir=is_dir)
        return reason is not None and reason.ignores

    def _is_dir(self, relative: str) -> bool:
        return self._in_tree and os.path.isdir(f"{self.root}/{relative}")

    def _is_repository(self, relative: str) -> bool:
        # Git cares for no repository of data: the one that is asked about may lie in a folder of its.
        if self.name != IGNORE_FILE or not self._in_tree or not relative:
            return False
        return os.path.isdir(f"{self.root}/{relative}/{_DVC}")

    def _read_file(self, name: str) -> bytes | None:
        try:
            return Path(self.root, name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
