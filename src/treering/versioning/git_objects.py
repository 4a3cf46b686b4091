"""Commits, trees and files of a Git repository, through one `git cat-file` that stays, and remembered where they are small.

Objects never change, so what was read of them once holds for ever. Thousands of commits
share most of their folders; each folder is read once.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import IO, NamedTuple, Self

from treering.versioning.errors import GitFailed

__all__ = ["EMPTY_TREE", "FOLDER", "MISSING", "Commit", "Entry", "Objects", "Tree"]

MISSING = "0" * 40
"""What stands for a reference or object that does not exist."""

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without entries, which needs not be stored; in repositories that name by SHA-1."""

FOLDER = 0o040000
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LINK, _SUBMODULE = 0o120000, 0o160000
_EXECUTABLE = 0o111
# How many words stand before the content of an object: its name, kind and size.
_HEAD = 3
# Questions of 65 bytes at most; the pipes of all systems hold 16 KiB or more.
_BATCH = 200


class Commit(NamedTuple):
    """What a commit says.

    Attributes:
        sha: Its name.
        tree: Its files.
        parents: The commits before it.
        time: When it was committed, in seconds since 1970.
        author: `name <address>`.
        message: With all its lines.
    """

    sha: str
    tree: str
    parents: tuple[str, ...]
    time: int
    author: str
    message: str


class Entry(NamedTuple):
    """A thing in a folder: its mode as Git keeps it, and its object."""

    mode: int
    sha: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode == FOLDER

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link, whose content is where it leads to."""
        return self.mode == _LINK

    @property
    def is_executable(self) -> bool:
        """Whether it is a file that can be run."""
        return not self.is_link and bool(self.mode & _EXECUTABLE)


class Objects:
    """Reads objects. Threads may share it; they take turns.

    Args:
        start: Starts `git cat-file --batch` with pipes; called when the first object is asked for.
    """

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = _nothing
        self._turn = threading.Lock()
        self._commits: dict[str, Commit] = {}
        self._trees: dict[str, Mapping[str, Entry]] = {}
        self._entries: dict[bytes, tuple[str, Entry]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; a later question starts another one."""
        with self._turn:
            self._end()

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """Name, kind and content of an object; None if there is none.

        Args:
            name: The object, in any way that Git knows: `main`, `HEAD~1:data/a.dvc`, `v1^{commit}`.
        """
        if "\n" in name or "\r" in name or not name:
            return None
        with self._turn:
            stdin, stdout = self._pipes()
            try:
                stdin.write(os.fsencode(name) + b"\n")
                stdin.flush()
                head = stdout.readline()
                words = head.rsplit(b" ", 2)
                if len(words) != _HEAD or not words[2].strip().isdigit():
                    # `name missing`, `name ambiguous`; nothing at all from a process that ended.
                    self._check(head)
                    return None
                size = int(words[2])
                content = stdout.read(size + 1)
            except BaseException:
                # What is left in the pipe would be taken for the next answer.
                self._end()
                raise
        if len(content) != size + 1:
            self._check(b"")
        return words[0].decode(), words[1].decode(), content[:size]

    def read_many(self, shas: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
        """Name, kind and content of objects, in the order asked; many times faster than one by one.

        Raises:
            GitFailed: If one is missing.
        """
        wanted = iter(shas)
        while batch := list(islice(wanted, _BATCH)):
            yield from self._read_batch(batch)

    def _read_batch(self, batch: Sequence[str]) -> list[tuple[str, str, bytes]]:
        with self._turn:
            stdin, stdout = self._pipes()
            try:
                # A pipe holds all the questions, so that git can be asked them before it is listened to.
                stdin.write("".join(f"{sha}\n" for sha in batch).encode())
                stdin.flush()
                found = [_answer(stdout, sha) for sha in batch]
            except BaseException:
                self._end()
                raise
        return found

    def find_commit(self, name: str) -> Commit | None:
        """The commit that a branch, tag or other name leads to; None if there is none."""
        known = self._commits.get(name)
        if known is not None:
            return known
        try:
            found = self.read(f"{name}^{{commit}}")
        except GitFailed:
            # Git gives up at names such as `@{upstream}` where there is none; of an object's own name that means damage.
            if _SHA.fullmatch(name):
                raise
            return None
        if found is None or found[1] != "commit":
            return None
        commit = self._commits[found[0]] = _parse_commit(found[0], found[2])
        return commit

    def commit(self, sha: str) -> Commit:
        """A commit.

        Raises:
            GitFailed: If the repository does not have it.
        """
        found = self.find_commit(sha)
        if found is None:
            raise _missing(sha, kind="commit")
        return found

    def commits(self, shas: Iterable[str]) -> list[Commit]:
        """Commits, in the order asked.

        Raises:
            GitFailed: As `commit`.
        """
        asked = list(shas)
        for sha, kind, content in self.read_many(sha for sha in asked if sha not in self._commits):
            if kind != "commit":
                raise _missing(sha, kind="commit")
            self._commits[sha] = _parse_commit(sha, content)
        return [self._commits[sha] for sha in asked]

    def blob(self, sha: str) -> bytes:
        """The content of a file.

        Raises:
            GitFailed: As `commit`.
        """
        return self._expect(sha, "blob")

    def folder(self, sha: str) -> Mapping[str, Entry]:
        """What stands in a folder, by name in Git's order; submodules are left out.

        Raises:
            GitFailed: As `commit`.
        """
        known = self._trees.get(sha)
        if known is None:
            content = b"" if sha == EMPTY_TREE else self._expect(sha, "tree")
            known = self._trees[sha] = dict(self.entries(content, len(sha) // 2))
        return known

    def entries(self, content: bytes, size: int) -> Iterator[tuple[str, Entry]]:
        """What stands in the content of a folder, in Git's order; submodules are left out.

        Args:
            content: As it was read.
            size: Of a name in bytes: 20, or 32 where names are SHA-256.
        """
        at, end, known = 0, len(content), self._entries
        while at < end:
            zero = content.index(b"\0", at)
            line = content[at : zero + 1 + size]
            at = zero + 1 + size
            # Most things are the same in most commits.
            pair = known.get(line)
            if pair is None:
                pair = known[line] = _parse_entry(line, size)
            if pair[1].mode != _SUBMODULE:
                yield pair

    def tree(self, commit: str) -> Tree:
        """The files of a commit.

        Raises:
            GitFailed: As `commit`.
        """
        return Tree(self, self.commit(commit).tree)

    def _expect(self, sha: str, kind: str) -> bytes:
        found = self.read(sha)
        if found is None or found[1] != kind:
            raise _missing(sha, kind)
        return found[2]

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = self._start()
            # Not only where somebody thinks of it: also when this is forgotten, and at the end of the program.
            self._end = weakref.finalize(self, _ended, self._process)
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - it was started with pipes
        assert stdout is not None  # noqa: S101 - as above
        return stdin, stdout

    def _check(self, head: bytes) -> None:
        if not head:
            msg = "git cat-file ended early. Look for damage with `git fsck`."
            raise GitFailed(msg)


class Tree(NamedTuple):
    """The files of a commit, by paths with slashes relative to the root of the Git repository."""

    objects: Objects
    sha: str

    def find(self, path: str) -> Entry | None:
        """What stands at a path; "" is the whole. Symbolic links are not followed."""
        at: Entry | None = Entry(FOLDER, self.sha)
        for step in path.split("/") if path else ():
            if at is None or not at.is_folder:
                return None
            at = self.objects.folder(at.sha).get(step)
        return at

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: If nothing stands there.
            IsADirectoryError: If it is a folder.
        """
        found = self.find(path)
        if found is None:
            raise FileNotFoundError(path)
        if found.is_folder:
            raise IsADirectoryError(path)
        return self.objects.blob(found.sha)

    def folder(self, path: str = "") -> Mapping[str, Entry] | None:
        """What stands in a folder; None if there is no folder."""
        found = self.find(path)
        return self.objects.folder(found.sha) if found is not None and found.is_folder else None

    def walk(self, under: str = "") -> Iterator[tuple[str, Entry]]:
        """All files below a folder, with their whole paths, in Git's order."""
        found = self.find(under)
        if found is not None and found.is_folder:
            yield from _walk(self.objects, f"{under}/" if under else "", found.sha)


def _nothing() -> None:
    """There is no process to end."""


def _ended(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            pipe.close()  # type: ignore[union-attr]  # both are pipes
    # It ends with its input, but perhaps only after an answer that nobody reads.
    process.kill()
    process.wait()


def _walk(objects: Objects, prefix: str, sha: str) -> Iterator[tuple[str, Entry]]:
    for name, entry in objects.folder(sha).items():
        if entry.mode == FOLDER:
            yield from _walk(objects, f"{prefix}{name}/", entry.sha)
        else:
            yield prefix + name, entry


def _answer(stdout: IO[bytes], sha: str) -> tuple[str, str, bytes]:
    words = stdout.readline().split(b" ")
    if len(words) != _HEAD:
        raise _missing(sha)
    size = int(words[2])
    return sha, words[1].decode(), stdout.read(size + 1)[:size]


def _missing(sha: str, kind: str = "object") -> GitFailed:
    return GitFailed(f"Git does not have the {kind} {sha}. Fetch it, or look for damage with `git fsck`.")


def _parse_commit(sha: str, content: bytes) -> Commit:
    head, _, message = content.decode("utf-8", "replace").partition("\n\n")
    tree, author, parents, time = "", "", [], 0
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        if key == "tree":
            tree = value
        elif key == "parent":
            parents.append(value)
        elif key == "author":
            author = value.rsplit(" ", 2)[0]
        elif key == "committer":
            time = int(value.rsplit(" ", 2)[1])
    return Commit(sha, tree, tuple(parents), time, author, message)


def _parse_entry(line: bytes, size: int) -> tuple[str, Entry]:
    mode, _, name = line[: -size - 1].partition(b" ")
    return os.fsdecode(name), Entry(int(mode, 8), line[-size:].hex())
