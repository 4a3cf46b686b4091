"""What a repository contains for those who use it: files under Git, or in the working tree, and tracked data, as one tree.

Data need not be there: a folder's list of files is looked for in the cache, and else
asked for where the data is.
"""

from __future__ import annotations

import os
import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

from treering.core.errors import NotFound
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.discovery import is_stage_file
from treering.versioning.ignore import IGNORE_FILE
from treering.versioning.pointers import Output
from treering.versioning.sources import FileTree, OutputSource, PointerSource, Tracked

__all__ = ["Contents", "Data", "Level", "Node", "clean_path"]


class Node(NamedTuple):
    """A file or folder.

    Attributes:
        path: Relative to the root, with `/`; "" is the root.
        oid: What a tracked file or a whole output contains, by what tracks it.
        size: In bytes, as far as is known; of an output that is a folder, that of the files in it, and
            of any other folder that of the list of what lies in it.
        tracked: The output that it is or lies in.
        inside: The path below that output; "" for the output itself.
        in_tree: Whether the tree of files has it; otherwise it is only known by what tracks it.
        leads_to_data: Whether it is tracked, or a folder with something tracked below it.
    """

    path: str
    is_dir: bool
    oid: Oid | None = None
    size: int | None = None
    is_exec: bool = False
    tracked: Tracked | None = None
    inside: str = ""
    in_tree: bool = False
    leads_to_data: bool = False

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Level(NamedTuple):
    """A folder with what lies directly in it, sorted by name."""

    path: str
    dirs: list[Node]
    files: list[Node]


class Data(Protocol):
    """Where tracked content is."""

    def manifest(self, tracked: Tracked) -> Manifest:
        """The list of files of an output that is a folder. Raises NotFound if it is nowhere."""
        ...

    def size(self, oid: Oid) -> int | None:
        """Bytes of an object, if that is known without asking another machine."""
        ...

    def asked_size(self, tracked: Tracked, oid: Oid) -> int:
        """Bytes of an object; if need be, whoever has it is asked. Raises NotFound if nobody has it."""
        ...


def clean_path(path: str) -> str:
    """A path as `Node.path` has it. What climbs above the root ends at the root, as everywhere in a file system."""
    return posixpath.normpath(f"/{path.replace(os.sep, '/')}").strip("/")


@dataclass(slots=True)
class _Outputs:
    """Outputs by their paths relative to the root, and the folders above them with the names in these."""

    at: dict[str, Tracked] = field(default_factory=dict)
    above: dict[str, set[str]] = field(default_factory=lambda: {"": set()})

    def add(self, path: str, tracked: Tracked) -> None:
        self.at.setdefault(path, tracked)
        while path:
            folder, _, name = path.rpartition("/")
            names = self.above.setdefault(folder, set())
            if name in names:
                return
            names.add(name)
            path = folder

    def around(self, path: str) -> str | None:
        """The path of the output that a path is or lies in."""
        at = path
        while at and at not in self.at:
            at = at.rpartition("/")[0]
        return at or None


class Contents:
    """One tree of files with what is tracked in it.

    Args:
        tree: The files.
        data: Where tracked content is.
        sources: Who knows of outputs.
    """

    def __init__(self, tree: FileTree, data: Data, sources: Sequence[OutputSource] = ()) -> None:
        self.tree = tree
        self.data = data
        self._sources = sources or (PointerSource(),)
        self._manifests: dict[str, Manifest] = {}
        # By output: the sizes of files whose pointer tells of each of them.
        self._told: dict[os.PathLike[str], dict[str, int | None]] = {}

    @cached_property
    def _outputs(self) -> _Outputs:
        found = _Outputs()
        start = len(os.fspath(self.tree.root).rstrip(os.sep)) + 1
        prefix = os.fspath(self.tree.root).rstrip(os.sep) + os.sep
        for source in self._sources:
            for tracked in source.outputs(self.tree):
                path = os.fspath(tracked.path)
                if tracked.output.cache and path.startswith(prefix):
                    found.add(path[start:].replace(os.sep, "/"), tracked)
        return found

    def outputs(self) -> Iterator[tuple[str, Tracked]]:
        """All cached outputs of the repository, with their paths relative to its root, sorted."""
        return iter(sorted(self._outputs.at.items()))

    def find(self, path: str) -> Node | None:
        """What is at a path, which is relative to the root; None for nothing, and for what is ignored."""
        path = clean_path(path)
        data = self._find_data(path)
        node = self._find_file(path)
        if node is not None:
            return _merged(node, data)
        # Below a file of the working tree nothing can be, whatever was tracked there.
        folder = path.rpartition("/")[0]
        while data is not None and folder:
            if self.tree.exists(folder):
                return data if self.tree.is_dir(folder) else None
            folder = folder.rpartition("/")[0]
        return data

    def get(self, path: str) -> Node:
        """As `find`. Raises NotFound."""
        found = self.find(path)
        if found is None:
            where = f"the revision {self.tree.rev[:7]} of {self.tree.root}" if self.tree.rev else str(self.tree.root)
            msg = f"There is no file or folder {path!r} in {where}, neither in Git nor tracked. Look with `list`."
            raise NotFound(msg)
        return found

    def level(self, path: str, *, dvc_only: bool = False, dvc_files: bool = False) -> Level:
        """What lies directly in a folder.

        Args:
            dvc_only: Only what is tracked, and folders that lead there.
            dvc_files: Pointers, dvc.yaml and ignore files, too.

        Raises:
            NotFound: If there is no such folder.
        """
        folder = self.get(path)
        found: dict[str, Node] = {}
        if folder.is_dir and not dvc_only and folder.in_tree:
            found = {node.name: node for node in self._files_in(folder.path)}
        if folder.leads_to_data:
            for node in self._data_in(folder):
                known = found.get(node.name)
                found[node.name] = node if known is None else _merged(known, node)
        shown = [found[name] for name in sorted(found) if dvc_files or not _is_dvc_file(name)]
        return Level(folder.path, [node for node in shown if node.is_dir], [node for node in shown if not node.is_dir])

    def walk(self, path: str = "", *, dvc_only: bool = False, dvc_files: bool = False) -> Iterator[Level]:
        """The folders from one down, as `os.walk`: what is taken out of `dirs` is not entered.

        Raises:
            NotFound: As `level`.
        """
        waiting = [clean_path(path)]
        while waiting:
            level = self.level(waiting.pop(), dvc_only=dvc_only, dvc_files=dvc_files)
            yield level
            waiting += [node.path for node in reversed(level.dirs)]

    def files(self, path: str = "") -> Iterator[Node]:
        """All files below a folder, or the one file at `path`. Raises NotFound."""
        node = self.get(path)
        if not node.is_dir:
            yield node
            return
        for level in self.walk(node.path, dvc_files=True):
            yield from level.files

    def size(self, node: Node) -> int | None:
        """The size of a node; that of a file in a revision is asked for only here."""
        if node.size is None and node.in_tree:
            return self.tree.size(node.path)
        return node.size

    def manifest(self, tracked: Tracked) -> Manifest:
        """The list of files of an output that is a folder. Raises NotFound."""
        key = os.fspath(tracked.path)
        if key not in self._manifests:
            self._manifests[key] = self.data.manifest(tracked)
        return self._manifests[key]

    def _find_file(self, path: str) -> Node | None:
        if not path:
            return Node("", is_dir=True, in_tree=True, leads_to_data=bool(self._outputs.at))
        is_dir = self.tree.is_dir(path)
        if not (is_dir or self.tree.exists(path)) or self.tree.ignore.is_ignored(path, is_dir=is_dir):
            return None
        return next((node for node in self._files_in(path.rpartition("/")[0]) if node.path == path), None)

    def _files_in(self, folder: str) -> Iterator[Node]:
        inside = f"{folder}/" if folder else ""
        ignored = self.tree.ignore.is_ignored
        for entry in self.tree.list(folder):
            path = inside + entry.name
            # A repository inside of this one is not looked into; of a revision `ignore` does not know.
            is_other = entry.is_dir and bool(self.tree.rev) and self.tree.is_dir(f"{path}/.dvc")
            if not is_other and not ignored(path, is_dir=entry.is_dir):
                yield Node(path, entry.is_dir, None, entry.size, entry.is_exec, in_tree=True)

    def _find_data(self, path: str) -> Node | None:
        if path in self._outputs.above:
            return Node(path, is_dir=True, leads_to_data=True)
        top = self._outputs.around(path)
        if top is None:
            return None
        tracked = self._outputs.at[top]
        out = tracked.output
        if path == top:
            is_dir = _is_dir(out)
            return Node(path, is_dir, out.oid, out.size, out.isexec, tracked, leads_to_data=True)
        return self._find_in_output(path, path[len(top) + 1 :], tracked) if _is_dir(out) else None

    def _find_in_output(self, path: str, inside: str, tracked: Tracked) -> Node | None:
        manifest = self.manifest(tracked)
        at = bisect_left(manifest.paths, inside)
        if at < len(manifest) and manifest.paths[at] == inside:
            return self._file(path, inside, tracked, manifest, at)
        at = bisect_left(manifest.paths, f"{inside}/")
        if at < len(manifest) and manifest.paths[at].startswith(f"{inside}/"):
            return Node(path, is_dir=True, tracked=tracked, inside=inside, leads_to_data=True)
        return None

    def _file(self, path: str, inside: str, tracked: Tracked, manifest: Manifest, at: int) -> Node:
        legacy = tracked.output.oid is not None and tracked.output.oid.legacy
        oid = Oid(manifest[at][1], legacy)
        size = self._told_size(tracked, inside) if tracked.output.files else self.data.size(oid)
        return Node(path, False, oid, size, False, tracked, inside, leads_to_data=True)

    def _told_size(self, tracked: Tracked, inside: str) -> int | None:
        told = self._told.get(tracked.path)
        if told is None:
            told = self._told[tracked.path] = {one.relpath: one.size for one in tracked.output.files or ()}
        return told.get(inside)

    def _data_in(self, folder: Node) -> Iterator[Node]:
        names = self._outputs.above.get(folder.path)
        if names is not None:
            for name in names:
                node = self._find_data(f"{folder.path}/{name}" if folder.path else name)
                if node is not None:
                    yield node
        elif folder.tracked is not None and folder.is_dir:
            yield from self._in_output(folder, folder.tracked)

    def _in_output(self, folder: Node, tracked: Tracked) -> Iterator[Node]:
        manifest = self.manifest(tracked)
        paths = manifest.paths
        prefix = f"{folder.inside}/" if folder.inside else ""
        at = bisect_left(paths, prefix)
        while at < len(paths) and paths[at].startswith(prefix):
            name, slash, _ = paths[at][len(prefix) :].partition("/")
            path, inside = f"{folder.path}/{name}", prefix + name
            if not slash:
                yield self._file(path, inside, tracked, manifest, at)
                at += 1
                continue
            yield Node(path, is_dir=True, tracked=tracked, inside=inside, leads_to_data=True)
            # Behind the slash comes the zero: the next path outside of this folder.
            at = bisect_left(paths, f"{inside}0", at)


def _merged(node: Node, data: Node | None) -> Node:
    """What lies in the tree, with what is tracked of it; if that is of another kind, it is not the same thing."""
    if data is None or data.is_dir != node.is_dir:
        return node
    return data._replace(
        size=data.size if node.size is None else node.size, is_exec=node.is_exec or data.is_exec, in_tree=True
    )


def _is_dir(out: Output) -> bool:
    return out.files is not None or (out.oid is not None and out.oid.is_dir)


def _is_dvc_file(name: str) -> bool:
    return is_stage_file(name) or name == IGNORE_FILE
