"""A repository at one or many revisions: its stages and all its files, read from Git and the cache, never checked out."""

from __future__ import annotations

import errno
import importlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from treering.core.errors import NotFound, TreeringError, Unavailable
from treering.pipelines.readings import Files, encode_error, errored
from treering.pipelines.stages import StageSet, is_stage_file, load_stages
from treering.pipelines.value_changes import compare
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.errors import UnknownRemote, UnknownRevision
from treering.versioning.git import GitRepository
from treering.versioning.repository import Repository
from treering.versioning.sources import FileTree, Revisions, Tracked

__all__ = [
    "HERE",
    "SINCE_HEAD",
    "WORKSPACE",
    "Choice",
    "Data",
    "Snapshot",
    "TrackedFiles",
    "compared",
    "over_revisions",
    "snapshot",
    "snapshots",
]

WORKSPACE = "workspace"
_NOWHERE = "No storage files available"
_EXPERIMENT = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/(?P<name>.+)")

Gathered = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which revisions to look at, the working tree before them; the working tree alone where nothing is chosen.

    Attributes:
        revisions: Names that Git knows, or names of experiments.
        branches: All branches; `tags` and `commits` likewise.
    """

    revisions: tuple[str, ...] = ()
    branches: bool = False
    tags: bool = False
    commits: bool = False

    @property
    def any(self) -> bool:
        """Whether something is chosen."""
        return bool(self.revisions or self.branches or self.tags or self.commits)


HERE = Choice()
"""The working tree alone."""

SINCE_HEAD = ("HEAD", WORKSPACE)
"""What comparisons compare where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one revision.

    Attributes:
        name: What the revision is called where results are shown; "" for the working tree alone.
        commit: Its id; "" for the working tree.
        stages: Its stages.
        files: Its files, with those that outputs have in the cache.
    """

    name: str
    commit: str
    stages: StageSet
    files: Files


class Data(Protocol):
    """Where outputs are that the tree does not have: `versioning.data_access.DataStore` is one."""

    def manifest(self, tracked: Tracked) -> Manifest:
        """The list of files of a folder. Raises NotFound, DamagedData."""

    def read(self, tracked: Tracked, oid: Oid) -> Iterable[bytes]:
        """An object in pieces. Raises NotFound, DamagedData."""


class TrackedFiles:
    """The files of a tree together with outputs, which come from the cache or a remote where the tree does not have them.

    Args:
        tree: The files.
        stages: Tell the outputs.
        data: Gives where outputs are; asked for the first time that one is needed which is not in the cache.
    """

    def __init__(self, tree: FileTree, stages: StageSet, data: Callable[[], Data]) -> None:
        self._tree = tree
        self._stages = stages
        self._data = data
        self._root = str(tree.root)

    def read_bytes(self, path: str) -> bytes:
        """As `Files.read_bytes`.

        Raises:
            FileNotFoundError: If it is nowhere; the message tells whether an output should have it.
            DamagedData: If cache or remote have something else.
        """
        relative = self._relative(path)
        try:
            return self._tree.read_bytes(relative)
        except FileNotFoundError:
            found = self._output(path)
        oid = found and self._oid(*found)
        if found is None or oid is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), relative)
        try:
            return self._read(found[0], oid)
        except (NotFound, UnknownRemote, Unavailable) as error:
            raise FileNotFoundError(errno.ENOENT, _NOWHERE, relative) from error

    def is_dir(self, path: str) -> bool:
        """As `Files.is_dir`."""
        if self._tree.is_dir(self._relative(path)):
            return True
        found = self._output(path)
        if found is None:
            return any(True for _ in self._stages.outputs.below(path))
        tracked, inside = found
        if not inside:
            return tracked.output.oid is not None and tracked.output.oid.is_dir
        return any(name.startswith(f"{inside}/") for name, _ in self._files_in(tracked) or ())

    def find(self, path: str) -> list[str]:
        """As `Files.find`; files with stages are left out."""
        found = set(self._in_tree(self._relative(path)))
        outer = self._output(path)
        if outer is not None:
            tracked, inside = outer
            files = self._files_in(tracked)
            if files is None and not found:
                raise FileNotFoundError(errno.ENOENT, _NOWHERE, self._relative(path))
            found |= {
                os.path.join(path, name.removeprefix(inside).lstrip("/"))
                for name, _ in files or ()
                if not inside or name.startswith(f"{inside}/")
            }
        for below, _ in self._stages.outputs.below(path):
            found |= set(self.find(below)) if self.is_dir(below) else {below}
        return sorted(found)

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._root).replace(os.sep, "/")

    def _in_tree(self, folder: str) -> Iterator[str]:
        for entry in self._tree.list(folder):
            inner = f"{folder}/{entry.name}"
            if entry.is_dir:
                yield from self._in_tree(inner)
            elif not is_stage_file(entry.name):
                yield os.path.join(self._root, inner)

    def _output(self, path: str) -> tuple[Tracked, str] | None:
        """The output that a path is or lies in, and the way from there to the path."""
        for outer, address in self._stages.outputs.above(path):
            stage = self._stages[address]
            out = next(out for out in stage.outs if stage.path_of(out.path) == outer)
            tracked = Tracked(address, out, Path(outer), stage.deps, self._tree.rev, stage.pointer)
            return tracked, path[len(outer) + 1 :]
        return None

    def _oid(self, tracked: Tracked, inside: str) -> Oid | None:
        """The object of what lies in an output; the output's own where that is all that is known."""
        oid = tracked.output.oid
        if not inside or oid is None:
            return oid
        if not oid.is_dir:
            return None
        files = self._files_in(tracked)
        if files is None:
            # Whether the file is in the folder is not known; the folder itself is missing.
            return oid
        digest = dict(files).get(inside)
        return None if digest is None else Oid(digest, oid.legacy)

    def _files_in(self, tracked: Tracked) -> Iterable[tuple[str, str]] | None:
        """Path and MD5 of the files of a folder; None where its list is nowhere."""
        oid = tracked.output.oid
        if oid is None or not oid.is_dir:
            return ()
        try:
            return self._stages.repo.cache.read_manifest(oid)
        except NotFound:
            pass
        try:
            return self._data().manifest(tracked)
        except (NotFound, UnknownRemote, Unavailable):
            return None

    def _read(self, tracked: Tracked, oid: Oid) -> bytes:
        try:
            return self._stages.repo.cache.read_bytes(oid)
        except NotFound:
            return b"".join(self._data().read(tracked, oid))


def _data_of(repo: Repository) -> Data:
    # What speaks with remotes is loaded where something is missing, and not before.
    store: Data = importlib.import_module("treering.versioning.data_access").DataStore(repo)
    return store


def snapshot(
    revisions: Revisions,
    rev: str = "",
    name: str = "",
    base: Path | None = None,
    data: Callable[[], Data] | None = None,
) -> Snapshot:
    """The repository at one revision; "" is the working tree.

    Args:
        revisions: Reads them; give the same one for many.
        name: What it is called; as `rev` where nothing is given.
        base: The folder where the user stands.
        data: Gives where outputs are; the cache and remotes of the repository unless given.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    repo = revisions.repo
    tree = revisions.tree(_resolved(revisions, rev) if rev else "")
    stages = load_stages(repo, tree, base=base)
    return Snapshot(name or rev, tree.rev, stages, TrackedFiles(tree, stages, data or (lambda: _data_of(repo))))


def snapshots(repo: Repository, choice: Choice = HERE, *, base: Path | None = None) -> Iterator[Snapshot]:
    """The chosen revisions, the working tree first; commits with several names once, with all of them.

    A commit from before there was a repository is left out.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    revisions = Revisions(repo)
    yield snapshot(revisions, "", WORKSPACE if choice.any else "", base)
    named = _named(revisions, choice)
    if len(named) > 1:
        revisions.prepare(named)
    for commit, names in named.items():
        found = snapshot(revisions, commit, ",".join(names), base)
        if not revisions.prefix or revisions.tree(commit).is_dir(""):
            yield found


def _named(revisions: Revisions, choice: Choice) -> dict[str, list[str]]:
    """The names of each chosen commit."""
    wanted = [name for name in choice.revisions if name != WORKSPACE]
    if not wanted and not (choice.branches or choice.tags or choice.commits):
        return {}
    git = _git(revisions)
    pairs = [(_resolved(revisions, name), name) for name in wanted]
    if choice.commits:
        pairs += [(commit, commit) for commit in git.all_commits()]
    else:
        for some, refs in ((choice.branches, git.branches), (choice.tags, git.tags)):
            pairs += [(commit, name) for name, commit in refs().items()] if some else []
    names: dict[str, list[str]] = {}
    for commit, name in dict.fromkeys(pairs):
        names.setdefault(commit, []).append(name)
    return names


def _git(revisions: Revisions) -> GitRepository:
    git = revisions.git
    if git is None:
        msg = f"{str(revisions.repo.root)!r} is not under Git, so that it has no revisions. Leave them out."
        raise UnknownRevision(msg)
    return git


def _resolved(revisions: Revisions, name: str) -> str:
    """The commit of a name that Git knows, or of the one experiment of that name."""
    git = _git(revisions)
    try:
        return git.resolve(name)
    except UnknownRevision:
        refs = git.refs("refs/exps/")
    known = [(ref, match["name"]) for ref in refs if (match := _EXPERIMENT.fullmatch(ref))]
    found = [refs[ref] for ref, called in known if name in (called, ref)]
    if len(found) > 1:
        msg = f"ambiguous Git revision '{name}': {len(found)} experiments are called so. Name its commit."
        raise UnknownRevision(msg)
    if not found:
        msg = f"unknown Git revision '{name}'. Look at `git log --all`, or at `treering exp list --all-commits`."
        raise UnknownRevision(msg)
    return found[0]


def over_revisions(
    repo: Repository, choice: Choice, gather: Callable[[Snapshot], Gathered], *, base: Path | None = None
) -> dict[str, dict[str, Any]]:
    """What `gather` finds at each of the chosen revisions, as `{revision: {"data": ...}}`, or its error.

    The working tree is left out where it is as the branch that is checked out.
    """
    found = {at.name: _gathered(at, gather) for at in snapshots(repo, choice, base=base)}
    if choice.any and repo.git is not None:
        branch = repo.git.branch()
        if branch and found.get(WORKSPACE) == found.get(branch):
            found.pop(WORKSPACE, None)
    return found


def compared(
    repo: Repository,
    pair: tuple[str, str],
    gather: Callable[[Snapshot], Gathered],
    *,
    unchanged: bool = False,
    base: Path | None = None,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What has changed in what `gather` finds, from one revision to another.

    Returns:
        The changes as `compare` gives them, nothing where nothing was committed yet; and the revisions with errors.
    """
    if repo.git is None or not repo.git.has_commits:
        return {}, []
    revisions = Revisions(repo)
    found = [snapshot(revisions, "" if name == WORKSPACE else name, name, base) for name in pair]
    if pair[0] != pair[1] and found[0].commit == found[1].commit:
        # DVC has nothing to say of two names of one commit.
        return {}, []
    sides = {at.name: _gathered(at, gather) for at in found}
    old, new = (_values(sides[name]) for name in pair)
    return compare(old, new, unchanged=unchanged), errored(sides)


def _gathered(at: Snapshot, gather: Callable[[Snapshot], Gathered]) -> dict[str, Any]:
    try:
        return {"data": gather(at)}
    except (TreeringError, OSError) as error:
        return {"error": encode_error(error)}


def _values(side: Mapping[str, Any]) -> dict[str, Any]:
    return {file: one.get("data", {}) for file, one in side.get("data", {}).items()}
