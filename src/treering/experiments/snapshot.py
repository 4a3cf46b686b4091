"""Commits of the working tree as it is, made beside Git's own index: neither HEAD, nor the index, nor a file is touched.

What Git tracks is in it as it stands in the working tree; so is what was added to the
index, and what is asked for by name. Untracked files are not.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from treering.core.errors import NotFound
from treering.versioning.errors import GitFailed
from treering.versioning.git import GitRepository, lines_of

__all__ = ["Snapshot", "commit_tree", "snapshot"]

_NOBODY = {
    "GIT_AUTHOR_NAME": "treering",
    "GIT_AUTHOR_EMAIL": "treering@localhost",
    "GIT_COMMITTER_NAME": "treering",
    "GIT_COMMITTER_EMAIL": "treering@localhost",
}
_FILE = "100644"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An index of one's own, which holds what Git tracks as it stands in the working tree."""

    git: GitRepository
    variables: Mapping[str, str]

    def add(self, paths: Iterable[str], *, force: bool = False) -> None:
        """Take in what Git does not track yet, or what it ignores, if forced; paths are relative to Git's root.

        Raises:
            NotFound: If something forced is not there. What is not forced may be missing.
        """
        wanted = list(dict.fromkeys(paths))
        there = [path for path in wanted if os.path.lexists(self.git.root / path)]
        if force and len(there) < len(wanted):
            missing = ", ".join(repr(path) for path in wanted if path not in set(there))
            msg = f"There is no {missing}, so that it cannot be part of the experiment. Give paths that exist."
            raise NotFound(msg)
        if not force:
            there = self._addable(there)
        if there:
            options = ["--pathspec-from-file=-", "--pathspec-file-nul", *(["--force"] if force else [])]
            self.run("add", *options, stdin=_zeroed(there))

    def put(self, path: str, content: bytes) -> None:
        """Give a file another content than it has in the working tree."""
        blob = self.run("hash-object", "-w", f"--path={path}", "--stdin", stdin=content).decode().strip()
        staged = self.run("ls-files", "--stage", "-z", "--", path).decode(errors="surrogateescape")
        mode = staged.split(" ", 1)[0] if staged else _FILE
        self.run("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")

    def untracked(self) -> list[str]:
        """Files that are neither in it nor ignored."""
        return list(lines_of(self.run("ls-files", "--others", "--exclude-standard", "-z")))

    def tree(self) -> str:
        """The tree of what it holds."""
        return self.run("write-tree").decode().strip()

    def _addable(self, paths: list[str]) -> list[str]:
        """Those that Git neither ignores nor refuses, because they lie behind a symbolic link."""
        root = os.path.realpath(self.git.root)
        real = [path for path in paths if _is_real(root, path)]
        ignored = self.git.ignored(real)
        return [path for path in real if path not in ignored]

    def run(self, *arguments: str, stdin: bytes | None = None, strict: bool = True) -> bytes:
        """What Git prints with this index."""
        return self.git.run(*arguments, stdin=stdin, extra=self.variables, strict=strict)


@contextmanager
def snapshot(git: GitRepository, folder: Path, *, update: bool = True) -> Iterator[Snapshot]:
    """A snapshot for the time of the block.

    Args:
        git: The working tree.
        folder: Where its index is kept meanwhile; made if it is not there.
        update: False leaves it as Git's index is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="index-", dir=folder)
    os.close(handle)
    try:
        try:
            # With its times: Git trusts an entry whose file is older than the index.
            shutil.copy2(git.path("index"), name)
        except FileNotFoundError:
            os.unlink(name)  # noqa: PTH108 - Git takes an empty file for a damaged index
        made = Snapshot(git, {"GIT_INDEX_FILE": name, "GIT_LITERAL_PATHSPECS": "1"})
        if update:
            git.run("add", "--update", "--", ".", extra=made.variables)
        yield made
    finally:
        for leftover in (name, f"{name}.lock"):
            with suppress(FileNotFoundError):
                os.unlink(leftover)  # noqa: PTH108 - names, not paths


def commit_tree(git: GitRepository, tree: str, parents: Iterable[str], message: str) -> str:
    """A new commit, to which no reference leads yet."""
    try:
        return git.store_commit(tree, list(parents), message)
    except GitFailed as error:
        # Whoever has not told Git a name yet can run experiments all the same.
        if "tell me who you are" not in error.message and "ident" not in error.message:
            raise
        return git.store_commit(tree, list(parents), message, _NOBODY)


def _is_real(root: str, path: str) -> bool:
    above = os.path.normpath(os.path.join(root, os.path.dirname(path)))  # noqa: PTH118, PTH120 - of many paths
    return os.path.realpath(above) == above


def _zeroed(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
