"""An index of Git's beside the real one, to make trees with that nobody has checked out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from treering.versioning.git import GitRepository
from treering.versioning.git_objects import MISSING, Entry

__all__ = ["TemporaryIndex", "temporary_index"]


@contextmanager
def temporary_index(git: GitRepository, tree: str = "") -> Iterator[TemporaryIndex]:
    """An index for the time of the block.

    Args:
        git: The repository that its objects are kept in.
        tree: A commit or tree that it begins with; "": empty.
    """
    with tempfile.TemporaryDirectory(prefix="treering-index-") as folder:
        index = TemporaryIndex(git, {"GIT_INDEX_FILE": os.path.join(folder, "index")})
        index.run("read-tree", tree or "--empty")
        yield index


@dataclass(frozen=True, slots=True)
class TemporaryIndex:
    """An index that is only there for the time of a block."""

    git: GitRepository
    variables: Mapping[str, str]

    def run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """As `GitRepository.run`, with this index."""
        return self.git.run(*arguments, stdin=stdin, extra=self.variables)

    def add_changes(self) -> None:
        """Take all changes of tracked files over from the working tree."""
        self.run("add", "--update", "--", ".")

    def add(self, paths: Iterable[str]) -> None:
        """Take paths over from the working tree, ignored ones too; relative to the root."""
        text = b"".join(os.fsencode(path) + b"\0" for path in paths)
        if text:
            self.run("add", "--all", "--force", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=text)

    def set(self, entries: Mapping[str, Entry | None]) -> None:
        """Put files at paths, or take away what stands there."""
        lines = [
            b"%06o %s\t%s\0" % (entry.mode, entry.sha.encode(), os.fsencode(path))
            if entry is not None
            else b"0 %s\t%s\0" % (MISSING.encode(), os.fsencode(path))
            for path, entry in entries.items()
        ]
        self.run("update-index", "-z", "--index-info", stdin=b"".join(lines))

    def tree(self) -> str:
        """Keep what stands in it; the name of the tree."""
        return self.run("write-tree").decode().strip()
