"""Which stage needs which: found from the paths of outputs and dependencies, walked without a library of graphs.

An edge leads from a stage to one that makes what it needs: the dependency is the
output, lies within it, or has it within.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from treering.core.errors import InvalidInput
from treering.versioning.errors import OutputClash

__all__ = ["CyclicGraph", "Graph", "Node", "Outputs", "build_graph"]


class CyclicGraph(InvalidInput):
    """Stages that need each other in a circle."""


class Node(Protocol):
    """What is to be known of a stage."""

    @property
    def address(self) -> str:
        """Its one name in the repository."""

    @property
    def frozen(self) -> bool:
        """Whether it does not follow what it needs."""

    def file_path(self) -> str:
        """The absolute path of the file that it stands in."""

    def needs(self) -> Sequence[str]:
        """The absolute paths, or URLs, of what it needs, in the order of the file."""

    def makes(self) -> Sequence[str]:
        """The absolute paths, or URLs, of what it makes."""


class _Folder:
    """A part of a path: what lies under it, and who makes it itself."""

    __slots__ = ("inner", "maker", "path")

    def __init__(self) -> None:
        self.inner: dict[str, _Folder] = {}
        self.maker = ""
        self.path = ""


class Outputs:
    """All outputs by the parts of their paths.

    Raises:
        OutputClash: While it is made, if two outputs are the same or one lies in another.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._root = _Folder()
        for node in nodes:
            for path in node.makes():
                self._add(path, node.address)

    def _add(self, path: str, address: str) -> None:
        place = self._root
        for part in path.rstrip("/").split("/"):
            if place.maker:
                raise _overlap(place, path, address)
            place = place.inner.setdefault(part, _Folder())
        if place.maker:
            makers = sorted({place.maker, address})
            msg = (
                f"output '{path}' is specified in: {', '.join(makers)}."
                if len(makers) > 1
                else f"output '{path}' is specified twice in {address}."
            )
            msg += " Leave it to one stage."
            raise OutputClash(msg)
        for below in _within(place):
            raise _overlap(below, path, address)
        place.maker, place.path = address, path

    def above(self, path: str) -> Iterator[tuple[str, str]]:
        """The outputs that a path is or lies in, as path and maker, the outermost first."""
        place = self._root
        for part in path.rstrip("/").split("/"):
            if place.maker:
                yield place.path, place.maker
            inner = place.inner.get(part)
            if inner is None:
                return
            place = inner
        if place.maker:
            yield place.path, place.maker

    def below(self, path: str) -> Iterator[tuple[str, str]]:
        """The outputs that lie within a path, itself left out."""
        place = self._root
        for part in path.rstrip("/").split("/"):
            inner = place.inner.get(part)
            if inner is None:
                return
            place = inner
        for found in _within(place):
            if found is not place:
                yield found.path, found.maker

    def makers(self, path: str) -> Iterator[str]:
        """Who makes a path, something around it or something within it."""
        for _, maker in self.above(path):
            yield maker
        for _, maker in self.below(path):
            yield maker


def _within(place: _Folder) -> Iterator[_Folder]:
    waiting = [place]
    while waiting:
        found = waiting.pop()
        if found.maker:
            yield found
        waiting.extend(reversed(found.inner.values()))


def _overlap(other: _Folder, path: str, address: str) -> OutputClash:
    outer, inner = sorted([(other.path, other.maker), (path, address)])
    return OutputClash(
        f"The output paths '{outer[0]}' ('{outer[1]}') and '{inner[0]}' ('{inner[1]}') overlap and are thus in the same"
        " tracked directory. Keep outputs in separate directories, or track them one by one."
    )


@dataclass(frozen=True, slots=True)
class Graph:
    """Stages by address, in the order in which they were found, and the edges between them.

    Attributes:
        upstream: For each stage those whose outputs it needs, in the order of its dependencies.
        downstream: For each stage those that need its outputs.
    """

    upstream: Mapping[str, tuple[str, ...]]
    downstream: Mapping[str, tuple[str, ...]]

    def without_edges_of(self, cut: Iterable[str]) -> Graph:
        """The same, but these stages need nothing: how frozen stages are seen."""
        cut = set(cut)
        if not cut:
            return self
        return _both_ways({address: () if address in cut else needed for address, needed in self.upstream.items()})

    def reached(self, starts: Iterable[str], *, downstream: bool = False) -> set[str]:
        """Stages that can be reached, the starts with them."""
        edges = self.downstream if downstream else self.upstream
        waiting = list(starts)
        found = set(waiting)
        while waiting:
            for other in edges[waiting.pop()]:
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found

    def connected(self, starts: Iterable[str]) -> set[str]:
        """The whole pipelines that stages belong to: everything that is linked with them in whatever direction."""
        waiting = list(starts)
        found = set(waiting)
        while waiting:
            one = waiting.pop()
            for other in (*self.upstream[one], *self.downstream[one]):
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found

    def components(self) -> list[list[str]]:
        """The pipelines: stages that are linked, each group in the order of the graph."""
        groups, seen = [], set[str]()
        for address in self.upstream:
            if address not in seen:
                group = self.connected([address])
                seen |= group
                groups.append([other for other in self.upstream if other in group])
        return groups

    def ordered(self, within: set[str] | None = None, starts: Sequence[str] | None = None) -> list[str]:
        """Stages in the order in which to run them: depth first, what is needed before who needs it.

        Args:
            within: Only these; all where nothing is given.
            starts: Where to begin; each stage in the order of the graph where nothing is given.
        """
        done: dict[str, None] = {}
        seen: set[str] = set()
        for start in self.upstream if starts is None else starts:
            if start in seen or (within is not None and start not in within):
                continue
            seen.add(start)
            path = [(start, iter(self.upstream[start]))]
            while path:
                address, needed = path[-1]
                for other in needed:
                    if other not in seen and (within is None or other in within):
                        seen.add(other)
                        path.append((other, iter(self.upstream[other])))
                        break
                else:
                    path.pop()
                    done[address] = None
        return list(done)


def _both_ways(upstream: Mapping[str, tuple[str, ...]]) -> Graph:
    downstream: dict[str, list[str]] = {address: [] for address in upstream}
    for address, needed in upstream.items():
        for other in needed:
            downstream[other].append(address)
    return Graph(upstream, {address: tuple(others) for address, others in downstream.items()})


def build_graph(nodes: Sequence[Node], outputs: Outputs | None = None) -> Graph:
    """The graph of all stages of a repository.

    Raises:
        OutputClash: If outputs are the same or overlap.
        InvalidInput: If a stage's file lies in an output, or stages need each other in a circle.
    """
    outputs = outputs or Outputs(nodes)
    upstream = {}
    for node in nodes:
        for path, maker in outputs.above(node.file_path()):
            msg = f"'{node.address}' is within an output '{path}' of '{maker}'. Move one of them elsewhere."
            raise InvalidInput(msg)
        needed = dict.fromkeys(maker for path in node.needs() for maker in outputs.makers(path))
        upstream[node.address] = tuple(needed)
    graph = _both_ways(upstream)
    _refuse_circles(graph)
    return graph


def _refuse_circles(graph: Graph) -> None:
    done: set[str] = set()
    for start in graph.upstream:
        path: dict[str, Iterator[str]] = {}
        if start not in done:
            path[start] = iter(graph.upstream[start])
        while path:
            address = next(reversed(path))
            for other in path[address]:
                if other in path:
                    circle = list(path)
                    raise _circle([*circle[circle.index(other) :], other])
                if other not in done:
                    path[other] = iter(graph.upstream[other])
                    break
            else:
                done.add(address)
                del path[address]


def _circle(addresses: Sequence[str]) -> CyclicGraph:
    return CyclicGraph(
        f"Pipeline has a cycle involving: {' → '.join(addresses)}. Each needs what the next one makes:"
        " take away one of the dependencies."
    )
