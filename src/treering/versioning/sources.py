"""Where outputs are told from: the working tree or a revision of it, and in it pointers, or whatever else has outputs.

A verb that works on all outputs takes sources as an argument: the one for pointers
stands here, the one for the stages of pipelines on the floor above.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from treering.core.errors import InvalidInput
from treering.versioning.discovery import Found, find_documents, is_stage_file
from treering.versioning.errors import UnknownRevision
from treering.versioning.git import GitRepository
from treering.versioning.git_objects import Entry, Objects, Tree
from treering.versioning.git_search import Search
from treering.versioning.ignore import IGNORE_FILE, Ignore
from treering.versioning.pointers import Dependency, Output, Pointer, is_pointer_name, read_pointer
from treering.versioning.repository import Repository

__all__ = [
    "FileTree",
    "OutputSource",
    "PointerSource",
    "RevisionTree",
    "Revisions",
    "Sources",
    "Tracked",
    "TreeEntry",
    "WorkingTree",
    "only_pointers",
]

_SHORT = 7
_MOST_LINKS = 16
_CONFIG = "/.dvc/config"


class TreeEntry(NamedTuple):
    """A thing in a folder.

    Attributes:
        is_dir: Whether it is a folder; a symbolic link to one counts in a working tree, and not in a revision.
        size: In a working tree, in bytes; of a folder, that of the list of what lies in it.
    """

    name: str
    is_dir: bool
    is_exec: bool = False
    size: int | None = None


class FileTree(Protocol):
    """The files of a repository at some time. Paths are relative to the root of the repository, with `/`."""

    @property
    def root(self) -> Path:
        """Of the repository, absolute; also of a revision, whose files do not lie there."""
        ...

    @property
    def rev(self) -> str:
        """The commit; "" for the working tree."""
        ...

    @property
    def ignore(self) -> Ignore:
        """What `.dvcignore` files leave out."""
        ...

    def read_bytes(self, path: str) -> bytes:
        """What stands in a file. Raises FileNotFoundError, or IsADirectoryError for a folder."""
        ...

    def exists(self, path: str) -> bool:
        """Whether anything is at a path."""
        ...

    def is_dir(self, path: str) -> bool:
        """Whether a folder is at a path."""
        ...

    def list(self, folder: str = "") -> Sequence[TreeEntry]:
        """What lies directly in a folder, sorted by name; nothing for what is none. Ignored things, too."""
        ...

    def size(self, path: str) -> int | None:
        """Bytes of a file, or of the list of what lies in a folder; None where nothing is."""
        ...

    def documents(self, outputs_of: Callable[[str], Iterable[str]] | None = None) -> Found:
        """All pointers and pipeline files, found once; `outputs_of` as for `find_documents`."""
        ...


@dataclass(frozen=True, slots=True)
class Tracked:
    """An output, with what it belongs to.

    Attributes:
        address: Of its stage: the path of a pointer, or `dir/dvc.yaml:name`.
        path: Where it lies, absolute.
        deps: Of its stage.
        rev: The commit that it was found in; "" for the working tree.
        pointer: Its pointer, if it has one.
    """

    address: str
    output: Output
    path: Path
    deps: tuple[Dependency, ...] = ()
    rev: str = ""
    pointer: Pointer | None = None


class OutputSource(Protocol):
    """Something that knows of outputs."""

    def outputs(self, tree: FileTree) -> Iterator[Tracked]:
        """All outputs in a tree. Raises InvalidInput if a document that tells of them cannot be used."""
        ...


class PointerSource:
    """The outputs of pointers."""

    def outputs(self, tree: FileTree) -> Iterator[Tracked]:
        """As `OutputSource.outputs`."""
        for relpath, pointer in tree.documents().pointers.items():
            for out in pointer.outs:
                yield Tracked(relpath, out, pointer.output_path(out), pointer.deps, tree.rev, pointer)


Sources = Callable[[Repository], Sequence[OutputSource]]
"""Who knows of outputs in a repository; for verbs that open repositories themselves."""


def only_pointers(repo: Repository) -> Sequence[OutputSource]:  # noqa: ARG001  # as `Sources`
    """As `Sources`, for pointers alone."""
    return (PointerSource(),)


class WorkingTree:
    """The files as they are now."""

    rev = ""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._found: Found | None = None

    @property
    def root(self) -> Path:
        """As `FileTree.root`."""
        return self._repo.root

    @cached_property
    def ignore(self) -> Ignore:
        """As `FileTree.ignore`."""
        return Ignore(self._repo.root)

    def read_bytes(self, path: str) -> bytes:
        """As `FileTree.read_bytes`."""
        try:
            return (self.root / path).read_bytes()
        except NotADirectoryError as error:
            raise FileNotFoundError(path) from error

    def exists(self, path: str) -> bool:
        """As `FileTree.exists`."""
        return (self.root / path).exists()

    def is_dir(self, path: str) -> bool:
        """As `FileTree.is_dir`."""
        return (self.root / path).is_dir()

    def list(self, folder: str = "") -> Sequence[TreeEntry]:
        """As `FileTree.list`."""
        try:
            with os.scandir(self.root / folder) as entries:
                return sorted(map(_entry, entries))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def size(self, path: str) -> int | None:
        """As `FileTree.size`."""
        file = self.root / path
        return file.stat().st_size if file.exists() else None

    def documents(self, outputs_of: Callable[[str], Iterable[str]] | None = None) -> Found:
        """As `FileTree.documents`."""
        if self._found is None:
            self._found = find_documents(self.ignore, self._repo.our_tmp, self._repo.git_root, outputs_of)
        return self._found


def _entry(entry: os.DirEntry[str]) -> TreeEntry:
    is_dir = entry.is_dir()
    try:
        stat = entry.stat()
    except FileNotFoundError:  # a link that leads nowhere, or gone meanwhile
        return TreeEntry(entry.name, is_dir)
    return TreeEntry(entry.name, is_dir, not is_dir and _runs(stat), stat.st_size)


def _runs(stat: os.stat_result) -> bool:
    return bool(stat.st_mode & 0o100)


class Revisions:
    """Revisions of a repository. What they share is read once: use one of these for many of them.

    Args:
        repo: The repository.
        git: Where its commits are; its own Git repository unless given.
        prefix: Where it lies in that: "" at its root, else with a slash at the end. Found out unless given.
    """

    def __init__(self, repo: Repository, git: GitRepository | None = None, prefix: str | None = None) -> None:
        self.repo = repo
        self.git = repo.git if git is None else git
        self._prefix = prefix
        self._parsed: dict[tuple[str, str], Pointer] = {}

    @cached_property
    def prefix(self) -> str:
        """Where the repository lies in that of Git: "" at its root, else with a slash at the end."""
        if self._prefix is not None:
            return self._prefix
        if self.repo.git_root is None:
            return ""
        inside = os.path.relpath(os.path.realpath(self.repo.root), os.path.realpath(self.repo.git_root))
        return "" if inside == "." else f"{inside.replace(os.sep, '/')}/"

    @property
    def objects(self) -> Objects:
        """What reads Git's objects. Raises UnknownRevision where there is no Git."""
        return self._git_or_refuse().reader

    def _git_or_refuse(self) -> GitRepository:
        if self.git is None:
            msg = f"{str(self.repo.root)!r} is not under Git, so that it has no revisions. Leave the revision out."
            raise UnknownRevision(msg)
        return self.git

    def tree(self, rev: str) -> FileTree:
        """The tree of a commit, branch or tag; "" is the working tree.

        Raises:
            UnknownRevision: If Git knows none of that name.
        """
        if not rev:
            return WorkingTree(self.repo)
        commit = self._git_or_refuse().commit(rev)
        return RevisionTree(self, commit.sha, Tree(self.objects, commit.tree))

    def pointer(self, entry: Entry, relpath: str, rev: str) -> Pointer:
        """The pointer that a blob is. Raises InvalidInput."""
        known = self._parsed.get((entry.sha, relpath))
        if known is None:
            try:
                known = read_pointer(self.repo.root / relpath, self.objects.blob(entry.sha))
            except InvalidInput as error:
                msg = f"In the revision {rev[:_SHORT]}: {error}"
                raise InvalidInput(msg) from error
            self._parsed[entry.sha, relpath] = known
        return known

    def prepare(self, revs: Iterable[str]) -> None:
        """Look through many commits at once, which is quicker than one after the other when their trees are asked for.

        Raises:
            UnknownRevision: If one of them is none.
        """
        if self.git is not None:
            commits = [self.git.commit(rev) for rev in revs if rev]
            tops = (self._top(Tree(self.objects, commit.tree)) for commit in commits)
            self._search.prepare(top for top in tops if top is not None)

    def sizes(self, commit: str) -> bytes:
        """What Git tells of all files of a commit: mode, kind, name and size of each."""
        return self._git_or_refuse().run("ls-tree", "-r", "-l", "-z", "--full-tree", commit)

    def found(self, tree: Tree) -> Iterator[tuple[str, Entry]]:
        """All files of a tree that discovery looks for, by path relative to the repository."""
        top = self._top(tree)
        return iter(()) if top is None else self._search.files(top)

    @cached_property
    def _search(self) -> Search:
        return Search(self.objects, _is_wanted)

    def _top(self, tree: Tree) -> str | None:
        top = tree.find(self.prefix.rstrip("/"))
        return top.sha if top is not None and top.is_folder else None


def _is_wanted(name: str) -> bool:
    return is_stage_file(name) or name in {IGNORE_FILE, "config"}


class RevisionTree:
    """The files of a commit. Get one from `Revisions.tree`."""

    def __init__(self, revisions: Revisions, rev: str, tree: Tree) -> None:
        self._all = revisions
        self._rev = rev
        self._tree = tree

    @property
    def root(self) -> Path:
        """As `FileTree.root`."""
        return self._all.repo.root

    @property
    def rev(self) -> str:
        """As `FileTree.rev`."""
        return self._rev

    @cached_property
    def ignore(self) -> Ignore:
        """As `FileTree.ignore`."""
        return Ignore(self.root, self._read_or_none)

    def read_bytes(self, path: str) -> bytes:
        """As `FileTree.read_bytes`."""
        found = self.entry(path)
        if found is None:
            raise FileNotFoundError(path)
        if found.is_folder:
            raise IsADirectoryError(path)
        return self._all.objects.blob(found.sha)

    def exists(self, path: str) -> bool:
        """As `FileTree.exists`."""
        return self.entry(path) is not None

    def is_dir(self, path: str) -> bool:
        """As `FileTree.is_dir`."""
        found = self.entry(path)
        return found is not None and found.is_folder

    def entry(self, path: str) -> Entry | None:
        """What Git has at a path; symbolic links that stay in the repository are followed."""
        return self._entry(f"{self._all.prefix}{path}".strip("/"), 0)

    def list(self, folder: str = "") -> Sequence[TreeEntry]:
        """As `FileTree.list`; of links that lead nowhere, nothing."""
        found = self.entry(folder)
        if found is None or not found.is_folder:
            return []
        inside = f"{folder}/" if folder else ""
        listed = []
        for name, one in self._all.objects.folder(found.sha).items():
            entry = self.entry(inside + name) if one.is_link else one
            if entry is not None:
                listed.append(TreeEntry(name, entry.is_folder, _is_executable(entry)))
        return sorted(listed)

    def size(self, path: str) -> int | None:
        """As `FileTree.size`; the first time Git tells those of all files."""
        found = self.entry(path)
        if found is None or not found.is_folder:
            return None if found is None else self._sizes.get(found.sha)
        # As Git stores it: mode, name and object of each.
        listed = self._all.objects.folder(found.sha).items()
        return sum(len(f"{one.mode:o}") + len(os.fsencode(name)) + len(one.sha) // 2 + 2 for name, one in listed)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        listed = self._all.sizes(self._rev)
        rows = (line.partition(b"\t")[0].split() for line in listed.split(b"\0") if line)
        return {row[2].decode(): int(row[3]) for row in rows if row[3] != b"-"}

    def _entry(self, path: str, followed: int) -> Entry | None:
        at = self._tree.find("")
        for number, part in enumerate(path.split("/") if path else ()):
            if at is None or not at.is_folder:
                return None
            at = self._all.objects.folder(at.sha).get(part)
            if at is not None and at.is_link:
                done = path.split("/")
                link = os.fsdecode(self._all.objects.blob(at.sha))
                target = posixpath.normpath("/".join([*done[:number], link, *done[number + 1 :]]))
                climbs = link.startswith("/") or target.startswith("..") or followed > _MOST_LINKS
                return None if climbs else self._entry("" if target == "." else target, followed + 1)
        return at

    def documents(self, outputs_of: Callable[[str], Iterable[str]] | None = None) -> Found:  # noqa: ARG002  # outputs are not in Git
        """As `FileTree.documents`."""
        return self._documents

    @cached_property
    def _documents(self) -> Found:
        found = dict(self._all.found(self._tree))
        inner = tuple(path.removesuffix("/config").removesuffix(".dvc") for path in found if path.endswith(_CONFIG))
        rules = any(path.endswith(IGNORE_FILE) for path in found)
        pointers: dict[str, Pointer] = {}
        pipelines = []
        for path in sorted(found):
            name = path.rpartition("/")[2]
            if not is_stage_file(name) or path.startswith((".dvc/", *inner)):
                continue
            if rules and self.ignore.is_ignored(path, is_dir=False):
                continue
            if is_pointer_name(name):
                pointers[path] = self._all.pointer(found[path], path, self._rev)
            else:
                pipelines.append(path)
        return Found(pointers, tuple(pipelines))

    def _read_or_none(self, path: str) -> bytes | None:
        try:
            return self.read_bytes(path)
        except (FileNotFoundError, IsADirectoryError):
            return None


def _is_executable(entry: Entry) -> bool:
    return not entry.is_folder and entry.is_executable
