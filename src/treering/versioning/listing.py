"""Lists what a repository contains, in Git and tracked, or what lies at a URL."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from treering.versioning.contents import Contents, Level, Node
from treering.versioning.external import Place
from treering.versioning.url_source import UrlSource

__all__ = ["ListOptions", "Listed", "list_place", "list_url", "listed_tree", "url_tree"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a listing.

    Attributes:
        path: Relative to what was listed.
        is_out: Whether it is an output or lies in one.
        md5: Of a tracked file or folder.
        contents: In a tree: what lies in a folder; None for files, and below the last level.
    """

    path: str
    is_out: bool
    is_dir: bool
    is_exec: bool
    size: int | None
    md5: str | None
    contents: tuple[Listed, ...] | None = None

    def to_json(self) -> dict[str, object]:
        """As DVC prints it."""
        return {
            "isout": self.is_out,
            "isdir": self.is_dir,
            "isexec": self.is_exec,
            "size": self.size,
            "md5": self.md5,
            "path": self.path,
        }


@dataclass(frozen=True, slots=True)
class ListOptions:
    """How to list.

    Attributes:
        recursive: Files at any depth; folders only where `depth` ends.
        dvc_only: Only outputs, and folders that lead there.
        depth: How many levels; None for all.
    """

    recursive: bool = False
    dvc_only: bool = False
    depth: int | None = None


def list_place(place: Place, options: ListOptions | None = None) -> list[Listed]:
    """What lies in a folder, sorted by path; for a file, itself.

    Raises:
        NotFound: If there is no such path, or a folder's list of files is nowhere.
    """
    options = options or ListOptions()
    node = place.node
    depth = options.depth if options.recursive else None
    if not node.is_dir or depth == 0:
        return [_listed(place.contents, node, node.name or ".")]
    return sorted(_rows(place.contents, node, options, depth), key=lambda row: row.path)


def _rows(contents: Contents, top: Node, options: ListOptions, depth: int | None) -> Iterator[Listed]:
    start = len(top.path) + 1 if top.path else 0
    for level in contents.walk(top.path, dvc_only=options.dvc_only, dvc_files=True):
        below = level.path[start:].count("/") + 1 if level.path != top.path else 0
        is_last = not options.recursive or (depth is not None and below >= depth - 1)
        for node in [*level.files, *(level.dirs if is_last else ())]:
            yield _listed(contents, node, node.path[start:])
        if is_last:
            level.dirs.clear()


def list_url(source: UrlSource, options: ListOptions | None = None) -> list[Listed]:
    """What lies at a URL, as `list_place`. Raises NotFound, or NotSupported where nothing can be listed."""
    options = options or ListOptions()
    if not source.is_dir or (options.recursive and options.depth == 0):
        size = None if source.is_dir else source.files()[0][1]
        return [Listed(source.name, False, source.is_dir, False, size, None)]
    levels = (options.depth if options.recursive else 1) or sys.maxsize
    rows: dict[str, Listed] = {}
    for name, size in source.files():
        parts = name.split("/")
        if len(parts) <= levels:
            rows[name] = Listed(name, False, False, False, size, None)
        else:
            folder = "/".join(parts[:levels])
            rows[folder] = Listed(folder, False, True, False, None, None)
    return sorted(rows.values(), key=lambda row: row.path)


def url_tree(source: UrlSource, name: str, depth: int | None = None) -> Listed:
    """What lies at a URL, folder in folder; raises as `list_url`."""
    if not source.is_dir:
        return Listed(name, False, False, False, source.files()[0][1], None)
    return _nested(name, [(path.split("/"), size) for path, size in source.files()], depth)


def _nested(name: str, files: Sequence[tuple[list[str], int | None]], depth: int | None) -> Listed:
    if depth == 0:
        return Listed(name, False, True, False, None, None)
    inner: dict[str, list[tuple[list[str], int | None]]] = {}
    rows = []
    for parts, size in files:
        if len(parts) == 1:
            rows.append(Listed(parts[0], False, False, False, size, None))
        else:
            inner.setdefault(parts[0], []).append((parts[1:], size))
    deeper = None if depth is None else depth - 1
    rows += [_nested(folder, below, deeper) for folder, below in inner.items()]
    return Listed(name, False, True, False, None, None, tuple(sorted(rows, key=lambda row: row.path)))


def listed_tree(place: Place, options: ListOptions | None = None) -> Listed:
    """A path with all that lies below it, folder in folder; raises as `list_place`."""
    options = options or ListOptions()
    return _tree(place.contents, place.node, options, options.depth, place.path or ".")


def _tree(contents: Contents, node: Node, options: ListOptions, depth: int | None, name: str) -> Listed:
    row = _listed(contents, node, name)
    if not node.is_dir or depth == 0:
        return row
    level: Level = contents.level(node.path, dvc_only=options.dvc_only, dvc_files=True)
    inner = sorted([*level.dirs, *level.files], key=lambda one: one.path)
    deeper = None if depth is None else depth - 1
    rows = tuple(_tree(contents, one, options, deeper, one.name) for one in inner)
    return Listed(row.path, row.is_out, True, False, row.size, row.md5, rows)


def _listed(contents: Contents, node: Node, path: str) -> Listed:
    """A thing as a row."""
    md5 = None if node.oid is None else node.oid.value
    return Listed(path, node.tracked is not None, node.is_dir, node.is_exec, contents.size(node), md5)
