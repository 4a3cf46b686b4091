"""Finds files by their names in many commits at once, such as all pointers that a repository ever had."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from treering.versioning.git import GitRepository
from treering.versioning.git_objects import EMPTY_TREE, FOLDER, Entry, Objects

__all__ = ["Search", "introduced"]

_Named = tuple[tuple[str, Entry], ...]


class Search:
    """Finds files by their names in many commits: a folder that they share is looked through once.

    Args:
        objects: Where they are.
        wanted: Whether a file of this name is looked for; without its folders.
    """

    def __init__(self, objects: Objects, wanted: Callable[[str], bool]) -> None:
        self._objects = objects
        self._wanted = wanted
        self._names: dict[str, bool] = {}
        # By folder: the wanted files in it, and the folders in it.
        self._known: dict[str, tuple[_Named, _Named]] = {}
        self._given: set[tuple[str, str]] = set()

    def prepare(self, trees: Iterable[str]) -> None:
        """Look through all of these, level by level: many times faster than one after the other."""
        level = list(dict.fromkeys(trees))
        while level:
            missing = [sha for sha in level if sha not in self._known and sha != EMPTY_TREE]
            for sha, _, content in self._objects.read_many(missing):
                self._known[sha] = self._sorted(content, len(sha) // 2)
            inner = (entry.sha for sha in missing for _, entry in self._known[sha][1])
            level = [sha for sha in dict.fromkeys(inner) if sha not in self._known]

    def files(self, tree: str) -> Iterator[tuple[str, Entry]]:
        """The files below a folder, with their paths relative to it."""
        return self._all("", tree)

    def new_files(self, tree: str) -> Iterator[tuple[str, Entry]]:
        """As `files`, without those that this gave before for any other tree: same path, same content.

        The time it takes grows with what changed between commits, not with what they hold.
        """
        return self._new("", tree)

    def _all(self, prefix: str, sha: str) -> Iterator[tuple[str, Entry]]:
        files, folders = self._looked(sha)
        for name, entry in files:
            yield prefix + name, entry
        for name, entry in folders:
            yield from self._all(f"{prefix}{name}/", entry.sha)

    def _new(self, prefix: str, sha: str) -> Iterator[tuple[str, Entry]]:
        if (prefix, sha) in self._given:
            return
        self._given.add((prefix, sha))
        files, folders = self._looked(sha)
        for name, entry in files:
            path = prefix + name
            if (path, entry.sha) not in self._given:
                self._given.add((path, entry.sha))
                yield path, entry
        for name, entry in folders:
            yield from self._new(f"{prefix}{name}/", entry.sha)

    def _looked(self, sha: str) -> tuple[_Named, _Named]:
        if sha not in self._known:
            self.prepare([sha])
        return self._known.get(sha, ((), ()))

    def _sorted(self, content: bytes, size: int) -> tuple[_Named, _Named]:
        files, folders = [], []
        for pair in self._objects.entries(content, size):
            name, entry = pair
            if entry.mode == FOLDER:
                folders.append(pair)
            elif self._is_wanted(name):
                files.append(pair)
        return tuple(files), tuple(folders)

    def _is_wanted(self, name: str) -> bool:
        verdict = self._names.get(name)
        if verdict is None:
            verdict = self._names[name] = self._wanted(name)
        return verdict


def introduced(git: GitRepository, patterns: Sequence[str], refs: Sequence[str] = ()) -> Iterator[tuple[str, Entry]]:
    """All files of a history, each path with each content that it had; some may come more than once.

    Git itself compares the commits, which for a whole history is the quickest way of all.

    Args:
        git: The repository.
        patterns: Of the files' paths, as in `**/*.dvc`; `*` does not stand for a slash.
        refs: Which history; unless given, that of HEAD, branches, tags and remotes' branches.
    """
    everything = ["--branches", "--tags", "--remotes", *(["HEAD"] if git.has_commits else [])]
    scope = ["--end-of-options", *refs] if refs else everything
    told = git.run(
        *("log", "--full-history", "--raw", "-r", "-m", "--root", "--no-abbrev", "--no-renames", "-z", "--format="),
        *("--diff-filter=d", "--no-show-signature", *scope, "--"),
        *(f":(glob){pattern}" for pattern in patterns),
        extra={"GIT_LITERAL_PATHSPECS": "0"},
    )
    # :100644 100644 <old> <new> M, and then the path.
    words = (word for word in told.split(b"\0") if word)
    for line in words:
        _, mode, _, sha, _ = line.lstrip(b"\n").split(b" ")
        yield os.fsdecode(next(words)), Entry(int(mode, 8), sha.decode())
