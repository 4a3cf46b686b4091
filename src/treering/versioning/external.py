"""Opens a repository, this one or another, to look into it: by path or URL, as it is or as it was in a revision.

One that is on this machine is read where it lies. Of any other a mirror is kept. A
repository inside of the opened one is found by the path that is asked for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.storage.content.cache import Cache, writing
from treering.storage.content.hashing import BLOCK, Hasher
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.config import merged, read_config, read_level, read_sections, site_cache, tree_of
from treering.versioning.contents import Contents, Node, clean_path
from treering.versioning.data_access import DataStore
from treering.versioning.errors import NotARepository
from treering.versioning.git import GitRepository
from treering.versioning.git_mirrors import is_bare, is_git_url, open_git
from treering.versioning.name_patterns import NamePatterns, only_of
from treering.versioning.pointers import Output, RepoSource
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository
from treering.versioning.roots import find_git_root, find_root
from treering.versioning.sources import FileTree, Revisions, Sources, Tracked, WorkingTree, only_pointers

__all__ = ["Brought", "OpenedSource", "Place", "Surroundings", "open_source", "put_chunks"]

_DEEPEST = 8
_DVC = ".dvc"
_CONFIG = ".dvc/config"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """From where a repository is opened.

    Attributes:
        base: What its path is relative to.
        environ: The variables of the process.
        cache: Where fetched content is kept; unless given, in the cache of the opened repository if that is on
            this machine, and else with its mirror.
        sources: Who knows of outputs.
        depth: How many imports lead here; one that imports itself would never end.
    """

    base: Path
    environ: Mapping[str, str]
    cache: Cache | None = None
    sources: Sources = only_pointers
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Brought:
    """Content that was brought into a cache."""

    oid: Oid
    size: int
    nfiles: int | None = None
    isexec: bool = False

    def into(self, out: Output) -> Output:
        """An output with this content."""
        known = replace(out, etag="", checksum="", version_id="", files=None, cloud={})
        return replace(known, oid=self.oid, hash="md5", size=self.size, nfiles=self.nfiles, isexec=self.isexec)


def put_chunks(cache: Cache, chunks: Iterable[bytes]) -> Oid:
    """Store what comes in pieces; it is hashed while it comes. Raises StorageFull."""
    staged, hasher = cache.staging(), Hasher()
    with writing("content that comes in", staged), open(staged, "xb") as file:
        for chunk in chunks:
            hasher.update(chunk)
            file.write(chunk)
    oid = Oid(hasher.hexdigest())
    cache.adopt(staged, oid)
    return oid


@dataclass(frozen=True, slots=True)
class Place:
    """A path in an opened repository, or in one inside of it.

    Attributes:
        path: Relative to the root of `repo`.
        top: The root of `repo` relative to that of the opened one; "" for that one itself.
    """

    repo: Repository
    contents: Contents
    data: DataStore
    path: str
    top: str = ""

    @property
    def node(self) -> Node:
        """What is there. Raises NotFound."""
        return self.contents.get(self.path)

    def read(self, node: Node, offset: int = 0) -> Iterator[bytes]:
        """The bytes of a file in pieces; from the tree if it is there, else from where the data is.

        Raises:
            NotFound: If its content is nowhere.
            DamagedData: As `DataStore.read`.
            IsADirectoryError: If it is a folder.
        """
        if node.is_dir:
            raise IsADirectoryError(node.path)
        if node.in_tree and self.contents.tree.rev:
            return iter((self.contents.tree.read_bytes(node.path)[offset:],))
        if node.in_tree:
            return _pieces(self.contents.tree.root / node.path, offset)
        if node.tracked is None or node.oid is None:
            msg = f"{node.path!r} was imported without its content, and nothing says what that is. Run `pull` there."
            raise NotFound(msg)
        return self.data.read(node.tracked, node.oid, offset)

    def local(self, node: Node) -> Path | None:
        """Where the bytes of a file lie on this machine's disk as they are; None where they do not."""
        if node.in_tree:
            return None if self.contents.tree.rev else self.contents.tree.root / node.path
        return None if node.oid is None else self.data.local(node.oid)

    def bring(self, cache: Cache, chosen: NamePatterns, progress: Progress = NO_PROGRESS) -> Brought:
        """Bring what is there into a cache, as content of DVC 3, whatever it is here: tracked data, or files of Git.

        Args:
            cache: The first one of `data`.
            chosen: Which files of a folder.

        Raises:
            NotFound: If its content is nowhere, or nothing is chosen.
            DamagedData: If it is not what its name says.
        """
        top = self.node
        if not top.is_dir:
            digest, size = next(iter(self._bring(cache, [top], progress)))
            return Brought(digest, size, isexec=top.is_exec)
        start = len(top.path) + 1 if top.path else 0
        nodes = [node for node in self.contents.files(top.path) if chosen.match(node.path[start:])]
        if not nodes and chosen.are_some:
            msg = f"No file of {top.path!r} matches the patterns. Choose others."
            raise NotFound(msg)
        found = list(self._bring(cache, nodes, progress))
        rows = ((node.path[start:], digest.value) for node, (digest, _) in zip(nodes, found, strict=True))
        return Brought(cache.put_manifest(Manifest.of(rows)), sum(size for _, size in found), len(nodes))

    def _bring(self, cache: Cache, nodes: Sequence[Node], progress: Progress) -> Iterator[tuple[Oid, int]]:
        """Names and sizes of the files' contents, which are in the cache then."""
        groups: dict[str, tuple[Tracked, list[Oid]]] = {}
        for node in nodes:
            if node.tracked is not None and node.oid is not None and not node.in_tree:
                groups.setdefault(os.fspath(node.tracked.path), (node.tracked, []))[1].append(node.oid)
        for tracked, oids in groups.values():
            self.data.fetch(oids, tracked, progress)
        for node in nodes:
            if node.in_tree or node.oid is None:
                oid = put_chunks(cache, self.read(node))
            else:
                oid = cache.put_file(cache.file_name(node.oid)) if node.oid.legacy else node.oid
            yield oid, os.stat(cache.file_name(oid)).st_size


def _pieces(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(BLOCK):
            yield piece


@dataclass(frozen=True, eq=False)
class OpenedSource:
    """A repository that is open. Get one with `open_source`.

    Attributes:
        url: As it was given.
        rev: The commit; "" for a working tree.
        root: Of the repository, where it lies on this machine; else of nothing.
        prefix: Where it lies in its Git repository: "", or with a slash at the end.
        options: What goes before its config.
        remote: The remote to use, by its name or by options of the default one.
        around: From where it was opened.
    """

    url: str
    rev: str
    root: Path
    git: GitRepository | None
    prefix: str
    options: Mapping[str, Mapping[str, Any]]
    remote: str | Mapping[str, Any]
    around: Surroundings
    is_local: bool
    _places: dict[str, Place] = field(default_factory=dict)
    _deeper: list[OpenedSource] = field(default_factory=list)

    def close(self) -> None:
        """End the processes that were started."""
        if self.git is not None:
            self.git.close()
        for opened in self._deeper:
            opened.close()

    def at_revision(self, rev: str) -> OpenedSource:
        """The same at another commit; it is closed with this one. Raises UnknownRevision."""
        if self.git is None:
            msg = f"{self.url!r} is not under Git, so that it has no revisions."
            raise InvalidInput(msg)
        return replace(self, rev=self.git.resolve(rev), _places={}, _deeper=self._deeper)

    def at(self, path: str) -> Place:
        """Where a path is, which is relative to the root: here, or in the innermost repository that holds it."""
        path = clean_path(path)
        top = self._top(path)
        if top not in self._places:
            self._places[top] = self._opened(top)
        known = self._places[top]
        return replace(known, path=path[len(top) :].strip("/"))

    def keep(self, opened: OpenedSource) -> None:
        """Close another one with this one."""
        self._deeper.append(opened)

    def _top(self, path: str) -> str:
        found, at = "", ""
        for part in path.split("/") if path else ():
            at = f"{at}/{part}" if at else part
            if self._tree.is_dir(f"{at}/{_DVC}"):
                found = at
        return found

    def _opened(self, top: str) -> Place:
        root = self.root / top
        repo = Repository(root, self.around.environ, self._overrides(top))
        remote = self.remote
        if isinstance(remote, Mapping):
            # Options alone are meant for the remote that is the default one there.
            name = repo.config.default_remote
            repo = Repository(root, self.around.environ, merged(repo.overrides or {}, {"remote": {name: dict(remote)}}))
            remote = ""
        prefix = f"{self.prefix}{top}/" if top else self.prefix
        tree = Revisions(repo, self.git, prefix).tree(self.rev)
        own = [repo.cache] if self.is_local else []
        caches = [*([self.around.cache] if self.around.cache is not None else []), *own]
        data = DataStore(repo, caches or [repo.cache], remote, _Imports(self, root))
        contents = Contents(tree, data, self.around.sources(repo))
        return Place(repo, contents, data, "", top)

    @cached_property
    def _tree(self) -> FileTree:
        """All files, whatever repositories they belong to."""
        repo = Repository(self.root, self.around.environ)
        return Revisions(repo, self.git, self.prefix).tree(self.rev) if self.rev else WorkingTree(repo)

    def _overrides(self, top: str) -> Mapping[str, Mapping[str, Any]]:
        if self.is_local:
            return self.options
        name = f"{top}/{_CONFIG}" if top else _CONFIG
        try:
            text = self._tree.read_bytes(name).decode("utf-8", "replace")
        except (FileNotFoundError, IsADirectoryError):
            return self.options
        file = self.root / name
        return merged(tree_of(read_sections(text, f"{self.url}: {name}"), file), self.options)


class _Imports:
    """The content of what the opened repository itself has imported."""

    def __init__(self, opened: OpenedSource, root: Path) -> None:
        self._opened = opened
        self._root = root
        self._known: dict[RepoSource, OpenedSource] = {}

    def manifest(self, tracked: Tracked, cache: Cache) -> Manifest:
        """As `Elsewhere.manifest`."""
        place, node = self._find(tracked)
        if node.tracked is not None and node.oid == tracked.output.oid:
            return place.contents.manifest(node.tracked)
        # The list of a part, or of files of Git, is nowhere until it is made.
        return cache.read_manifest(place.bring(cache, NamePatterns(only_of(tracked.output))).oid)

    def read(self, tracked: Tracked, oid: Oid) -> Iterator[bytes]:
        """As `Elsewhere.read`."""
        place, node = self._find(tracked)
        for one in [node] if not node.is_dir else place.contents.files(node.path):
            if one.oid == oid:
                return place.read(one)
        msg = f"{tracked.output.path!r} was imported from {place.repo.root}, which does not have {oid.value} any more."
        raise NotFound(msg)

    def fetch(self, oids: Iterable[Oid], tracked: Tracked, cache: Cache, progress: Progress) -> None:
        """As `Elsewhere.fetch`."""
        place, _ = self._find(tracked)
        place.bring(cache, NamePatterns(only_of(tracked.output)), progress)
        for oid in oids:
            if not cache.has(oid):
                msg = f"{tracked.output.path!r} was imported from {place.repo.root}, which has no {oid.value} any more."
                raise NotFound(msg)

    def _find(self, tracked: Tracked) -> tuple[Place, Node]:
        assert tracked.pointer is not None  # noqa: S101  # DataStore asks for imports alone
        dep = tracked.pointer.deps[0]
        assert dep.repo is not None  # noqa: S101
        around = self._opened.around
        if around.depth >= _DEEPEST:
            msg = f"{tracked.output.path!r} is an import of an import of an import. Import it from where it was made."
            raise InvalidInput(msg)
        if dep.repo not in self._known:
            deeper = replace(around, base=self._root, depth=around.depth + 1)
            self._known[dep.repo] = _open(dep.repo, deeper, working=False)
            self._opened.keep(self._known[dep.repo])
        place = self._known[dep.repo].at(dep.path)
        return place, place.node


@contextmanager
def open_source(source: RepoSource, around: Surroundings, *, working: bool = False) -> Iterator[OpenedSource]:
    """Open a repository for the time of a block.

    Args:
        source: Which; `rev_lock` goes before `rev`.
        working: Whether the working tree is meant where no revision is given and the repository is on this machine.

    Raises:
        NotFound: If there is none.
        UnknownRevision: If it has no such revision.
        Unavailable: If it cannot be reached.
    """
    opened = _open(source, around, working=working)
    try:
        yield opened
    finally:
        opened.close()


def _open(source: RepoSource, around: Surroundings, *, working: bool) -> OpenedSource:
    options, remote = _options(source, around), source.remote or ""
    rev = source.rev_lock or source.rev
    url = source.url or "."
    if is_git_url(url) or is_bare(around.base / Path(url).expanduser()):
        shared = site_cache(read_config(None, around.environ), around.environ)
        fresh = not source.rev_lock
        git, commit = open_git(url, shared, around.environ, rev=rev, base=around.base, fresh=fresh)
        kept = merged({"cache": {"dir": os.fspath(_own_cache(git.root, shared, around.environ))}}, options)
        return OpenedSource(source.url, commit, git.root / "tree", git, "", kept, remote, around, is_local=False)
    root = _root(around.base / Path(url).expanduser(), source.url)
    git_root = find_git_root(root)
    local = GitRepository(git_root, around.environ) if git_root is not None else None
    inside = "." if git_root is None else os.path.relpath(os.path.realpath(root), os.path.realpath(git_root))
    prefix = "" if inside == "." else f"{inside.replace(os.sep, '/')}/"
    if working and not rev:
        return OpenedSource(source.url, "", root, local, prefix, options, remote, around, is_local=True)
    if local is None:
        msg = f"{source.url!r} is not under Git, so that no revision of it can be named. Run `git init` there."
        raise InvalidInput(msg)
    commit = local.resolve(rev or "HEAD")
    return OpenedSource(source.url, commit, root, local, prefix, options, remote, around, is_local=True)


def _own_cache(git_root: Path, shared: Path, environ: Mapping[str, str]) -> Path:
    """Where lists of files of a repository elsewhere are kept: in nobody else's hands, if the user has a home."""
    # A mirror is called by a hash already; another bare repository may have any name.
    mirrored = git_root.is_relative_to(shared)
    name = git_root.name if mirrored else hashlib.sha256(os.fsencode(git_root)).hexdigest()
    home = environ.get("XDG_CACHE_HOME") or (os.path.join(environ["HOME"], ".cache") if environ.get("HOME") else "")
    return Path(home, "treering", "data", name) if home else shared / "treering" / "data" / name


def _root(folder: Path, url: str) -> Path:
    if not folder.is_dir():
        msg = f"There is no repository {url!r}: {folder} does not exist. Give a path or a URL that Git can clone."
        raise NotFound(msg)
    try:
        return Path(find_root(os.path.normpath(folder)))
    except NotARepository:
        git_root = find_git_root(folder)
        if git_root is None:
            msg = f"{url!r} is neither a DVC nor a Git repository. Give a path or URL of one."
            raise NotFound(msg) from None
        return git_root


def _options(source: RepoSource, around: Surroundings) -> Mapping[str, Mapping[str, Any]]:
    """The settings that go before those of the repository."""
    if isinstance(source.config, str):
        return read_level(around.base / source.config)
    return source.config or {}
