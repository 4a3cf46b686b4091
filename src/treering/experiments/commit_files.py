"""The files of many commits that differ little: what is asked for in all of them is got from Git in few turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from treering.versioning.discovery import Found
from treering.versioning.errors import GitFailed
from treering.versioning.git_objects import FOLDER, Entry, Objects
from treering.versioning.ignore import Ignore
from treering.versioning.sources import FileTree, Revisions, TreeEntry

__all__ = ["CommitFiles", "Kept"]

_MOST_HELD = 64 << 20


class Kept:
    """Folders and small files out of Git, remembered."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._folders: dict[str, Mapping[str, Entry]] = {}
        self._blobs: dict[str, bytes] = {}
        self._held = 0

    def folder(self, sha: str) -> Mapping[str, Entry]:
        """What stands in a folder."""
        known = self._folders.get(sha)
        if known is None:
            known = self._folders[sha] = self._objects.folder(sha)
        return known

    def blob(self, sha: str) -> bytes:
        """The content of a file."""
        known = self._blobs.get(sha)
        return self._keep(sha, self._objects.blob(sha)) if known is None else known

    def find(self, tree: str, path: str) -> Entry | None:
        """What stands at a path; "" is the whole."""
        at: Entry | None = Entry(FOLDER, tree)
        for step in path.split("/") if path else ():
            if at is None or not at.is_folder:
                return None
            at = self.folder(at.sha).get(step)
        return at

    def prepare(self, trees: Iterable[str], paths: Iterable[str]) -> None:
        """Get what stands at these paths in all these trees. What cannot be read is told where it is asked for."""
        ways = [path.split("/") for path in paths]
        level = {(tree, at, 0) for tree in trees for at in range(len(ways))}
        blobs: set[str] = set()
        while level:
            self._get_folders({sha for sha, _, _ in level})
            inner = set()
            for sha, at, depth in level:
                entry = self._folders.get(sha, {}).get(ways[at][depth])
                if entry is not None and entry.is_folder and depth + 1 < len(ways[at]):
                    inner.add((entry.sha, at, depth + 1))
                elif entry is not None and not entry.is_folder:
                    blobs.add(entry.sha)
            level = inner
        with suppress(GitFailed):
            for sha, _, content in self._objects.read_many(blobs - self._blobs.keys()):
                self._keep(sha, content)

    def _get_folders(self, shas: set[str]) -> None:
        with suppress(GitFailed):
            for sha, _, content in self._objects.read_many(shas - self._folders.keys()):
                self._folders[sha] = dict(self._objects.entries(content, len(sha) // 2))

    def _keep(self, sha: str, content: bytes) -> bytes:
        if len(content) <= _MOST_HELD // 16:
            if self._held > _MOST_HELD:
                self._blobs.clear()
                self._held = 0
            self._blobs[sha] = content
            self._held += len(content)
        return content


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """The files of one commit, as `FileTree`.

    Attributes:
        revisions: Knows the repository, and finds its files with stages.
        kept: Where files come from.
        rev: The commit.
        opened: The paths in its tree that were asked for.
    """

    revisions: Revisions
    kept: Kept
    rev: str
    opened: set[str] = field(default_factory=set)

    @property
    def root(self) -> Path:
        """As `FileTree.root`."""
        return self.revisions.repo.root

    @property
    def ignore(self) -> Ignore:
        """As `FileTree.ignore`."""
        return self._plain.ignore

    def read_bytes(self, path: str) -> bytes:
        """As `FileTree.read_bytes`."""
        found = self._find(path)
        if found is None:
            raise FileNotFoundError(path)
        if found.is_folder:
            raise IsADirectoryError(path)
        return self.kept.blob(found.sha)

    def exists(self, path: str) -> bool:
        """As `FileTree.exists`."""
        return self._find(path) is not None

    def is_dir(self, path: str) -> bool:
        """As `FileTree.is_dir`."""
        found = self._find(path)
        return found is not None and found.is_folder

    def list(self, folder: str = "") -> Sequence[TreeEntry]:
        """As `FileTree.list`."""
        found = self._find(folder)
        if found is None or not found.is_folder:
            return []
        entries = self.kept.folder(found.sha).items()
        return sorted(TreeEntry(name, one.is_folder, one.is_executable and not one.is_folder) for name, one in entries)

    def size(self, path: str) -> int | None:
        """As `FileTree.size`."""
        return self._plain.size(path)

    def documents(self, outputs_of: Callable[[str], Iterable[str]] | None = None) -> Found:
        """As `FileTree.documents`."""
        return self._plain.documents(outputs_of)

    @property
    def _plain(self) -> FileTree:
        return self.revisions.tree(self.rev)

    def _find(self, path: str) -> Entry | None:
        inside = f"{self.revisions.prefix}{path}".rstrip("/")
        self.opened.add(inside)
        return self.kept.find(self.revisions.objects.commit(self.rev).tree, inside)
