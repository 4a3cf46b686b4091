"""The outputs of many commits: each is told once, and the time this takes grows with what changed, not with what there is.

A pointer that commits share is read once, and all that are new in one go. Of other
sources, what they asked a commit for is noted: one that would answer all of that as an earlier
commit did has nothing new, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from treering.core.errors import TreeringError
from treering.versioning.discovery import PIPELINE_FILE, Found, is_stage_file
from treering.versioning.git_objects import Entry, Tree
from treering.versioning.git_search import Search
from treering.versioning.ignore import IGNORE_FILE, Ignore
from treering.versioning.pointers import is_pointer_name, read_pointer
from treering.versioning.sources import (
    OutputSource,
    PointerSource,
    Revisions,
    RevisionTree,
    Tracked,
    TreeEntry,
)

__all__ = ["History"]

_CONFIG = "/.dvc/config"
_SHORT = 7
# Neighbours in a history are alike; to look further back costs more than it saves.
_LOOKED_BACK = 4


class History:
    """Commits of a repository.

    Args:
        revisions: Whose they are.
        commits: Their full names.
        refused: Told of a commit with a document that cannot be used, and why: raises, or passes over it.
    """

    def __init__(
        self, revisions: Revisions, commits: Sequence[str], refused: Callable[[str, TreeringError], None]
    ) -> None:
        self._revisions, self._commits, self._refused = revisions, commits, refused
        self._objects = revisions.objects
        self._search = Search(self._objects, _is_wanted)

    def outputs(self, sources: Sequence[OutputSource]) -> Iterator[Tracked]:
        """What all sources tell of all commits."""
        tops = self._tops()
        self._search.prepare(tops.values())
        new = [(rev, path, entry) for rev, top in tops.items() for path, entry in self._search.new_files(top)]
        if self._depends_on_commits(new):
            yield from self._one_by_one(sources)
            return
        others = [source for source in sources if not isinstance(source, PointerSource)]
        if len(others) < len(sources):
            yield from self._pointers(new)
        if others and any(path.rpartition("/")[2] == PIPELINE_FILE for _, path, _ in new):
            for source in others:
                yield from self._of_source(source, tops)

    def _tops(self) -> dict[str, str]:
        """By commit, the folder of Git that the repository is; of commits with the same, the first."""
        prefix = self._revisions.prefix.rstrip("/")
        tops: dict[str, str] = {}
        seen: set[str] = set()
        for commit in self._objects.commits(self._commits):
            top = Tree(self._objects, commit.tree).find(prefix) if prefix else Entry(0o040000, commit.tree)
            if top is not None and top.is_folder and top.sha not in seen:
                seen.add(top.sha)
                tops[commit.sha] = top.sha
        return tops

    def _depends_on_commits(self, new: Iterable[tuple[str, str, Entry]]) -> bool:
        """Whether some commits ignore files, or have repositories inside, so that a file may count in one and not in another."""
        rules = []
        for _, path, entry in new:
            if path.endswith(_CONFIG):
                return True
            if path.rpartition("/")[2] == IGNORE_FILE:
                rules.append(entry.sha)
        return any(
            line.strip() and not line.lstrip().startswith(b"#")
            for _, _, content in self._objects.read_many(rules)
            for line in content.splitlines()
        )

    def _one_by_one(self, sources: Sequence[OutputSource]) -> Iterator[Tracked]:
        for rev in self._tops():
            tree = self._revisions.tree(rev)
            try:
                for source in sources:
                    yield from source.outputs(tree)
            except TreeringError as error:
                self._refused(rev, error)

    def _pointers(self, new: Iterable[tuple[str, str, Entry]]) -> Iterator[Tracked]:
        # Where a link leads to is a pointer itself, or nothing of this repository's.
        wanted = [one for one in new if _is_pointer(one[1]) and not one[2].is_link]
        contents = self._objects.read_many(entry.sha for _, _, entry in wanted)
        for (rev, path, _), (_, _, content) in zip(wanted, contents, strict=True):
            try:
                pointer = read_pointer(self._revisions.repo.root / path, content)
            except TreeringError as error:
                self._refused(rev, error)
                continue
            for out in pointer.outs:
                yield Tracked(path, out, pointer.output_path(out), pointer.deps, rev, pointer)

    def _of_source(self, source: OutputSource, tops: Mapping[str, str]) -> Iterator[Tracked]:
        known: list[_Asked] = []
        for rev, top in tops.items():
            files = [path for path, _ in self._search.files(top)]
            pipelines = tuple(sorted(path for path in files if _is_pipeline(path)))
            real = self._revisions.tree(rev)
            if not pipelines or not isinstance(real, RevisionTree) or any(one.fits(real, pipelines) for one in known):
                continue
            tree = _Noting(real, pipelines)
            try:
                yield from source.outputs(tree)
            except TreeringError as error:
                self._refused(rev, error)
            known.insert(0, _Asked(pipelines, tree.noted))
            del known[_LOOKED_BACK:]


class _Asked(NamedTuple):
    """What a source asked a commit for, and what was there."""

    pipelines: tuple[str, ...]
    things: Mapping[str, str]

    def fits(self, tree: RevisionTree, pipelines: tuple[str, ...]) -> bool:
        """Whether another commit would answer the same."""
        return pipelines == self.pipelines and all(_thing(tree, path) == thing for path, thing in self.things.items())


class _Noting:
    """A commit's files that notes what of them is asked for. It has no pointers, which are read elsewhere."""

    def __init__(self, tree: RevisionTree, pipelines: tuple[str, ...]) -> None:
        self._tree = tree
        self._found = Found({}, pipelines)
        self.noted: dict[str, str] = {}

    @property
    def root(self) -> Path:
        """As `FileTree.root`."""
        return self._tree.root

    @property
    def rev(self) -> str:
        """As `FileTree.rev`."""
        return self._tree.rev

    @property
    def ignore(self) -> Ignore:
        """As `FileTree.ignore`; there are no rules, or commits would be looked at one by one."""
        return self._tree.ignore

    def read_bytes(self, path: str) -> bytes:
        """As `FileTree.read_bytes`."""
        self._note(path)
        return self._tree.read_bytes(path)

    def exists(self, path: str) -> bool:
        """As `FileTree.exists`."""
        self._note(path)
        return self._tree.exists(path)

    def is_dir(self, path: str) -> bool:
        """As `FileTree.is_dir`."""
        self._note(path)
        return self._tree.is_dir(path)

    def list(self, folder: str = "") -> Sequence[TreeEntry]:
        """As `FileTree.list`."""
        self._note(folder)
        return self._tree.list(folder)

    def size(self, path: str) -> int | None:
        """As `FileTree.size`."""
        self._note(path)
        return self._tree.size(path)

    def documents(self, outputs_of: Callable[[str], Iterable[str]] | None = None) -> Found:  # noqa: ARG002 - as in revisions
        """As `FileTree.documents`, without pointers."""
        return self._found

    def _note(self, path: str) -> None:
        self.noted[path] = _thing(self._tree, path)


def _thing(tree: RevisionTree, path: str) -> str:
    found = tree.entry(path)
    return "" if found is None else found.sha


def _is_wanted(name: str) -> bool:
    return is_stage_file(name) or name in {IGNORE_FILE, "config"}


def _is_pointer(path: str) -> bool:
    return is_pointer_name(path.rpartition("/")[2]) and not path.startswith(".dvc/")


def _is_pipeline(path: str) -> bool:
    return path.rpartition("/")[2] == PIPELINE_FILE and not path.startswith(".dvc/")
