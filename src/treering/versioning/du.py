"""How much room the files of a repository take, whether they are there or not."""

from __future__ import annotations

from collections.abc import Iterator

from treering.versioning.contents import Contents, Node
from treering.versioning.external import Place
from treering.versioning.run_many import Stop, run_many

__all__ = ["disk_usage"]

# Questions to a remote that travel at once.
_JOBS = 16


def disk_usage(place: Place, *, summarize: bool = False) -> list[tuple[str, int]]:
    """Paths with their bytes: what lies in a folder, and the folder itself as the last; or that alone.

    Raises:
        NotFound: If there is no such path, or nobody knows of a file how large it is.
    """
    node = place.node
    if summarize or not node.is_dir:
        return [(node.path, _size(place, node))]
    level = place.contents.level(node.path)
    inner = sorted([*level.dirs, *level.files], key=lambda one: one.path)
    rows = [(one.path, _size(place, one)) for one in inner]
    return [*rows, (node.path, sum(size for _, size in rows))]


def _size(place: Place, node: Node) -> int:
    if _is_whole(node):
        return node.size or 0
    total, unknown = 0, []
    for one in _parts(place.contents, node):
        size = place.contents.size(one)
        if size is not None:
            total += size
        elif one.tracked is not None and one.oid is not None:
            unknown.append((one.tracked, one.oid))
    asked: list[int] = []
    run_many(lambda pair: asked.append(place.data.asked_size(*pair)), unknown, min(_JOBS, len(unknown)), Stop())
    return total + sum(asked)


def _parts(contents: Contents, node: Node) -> Iterator[Node]:
    """The files of a folder, and whole outputs in it, whose pointers tell the size of all their files."""
    if not node.is_dir or _is_whole(node):
        yield node
        return
    level = contents.level(node.path)
    for one in [*level.dirs, *level.files]:
        yield from _parts(contents, one)


def _is_whole(node: Node) -> bool:
    """Whether it is an output that is not there, and known by its pointer alone."""
    return node.tracked is not None and not node.inside and not node.in_tree and node.size is not None
