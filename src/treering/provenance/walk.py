"""A walk over relations: breadth first, in both directions, bounded in depth and in the number of things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from treering.core.errors import InvalidInput
from treering.entities.lineage import Edge, Graph, Node
from treering.provenance.base import Links, Relations

__all__ = ["MOST_NODES", "walk"]

MOST_NODES = 300
"""How many things a graph has at most."""

Direction = Literal["up", "down"]


def walk(sources: Sequence[Relations], uri: str, up: int, down: int, limit: int, most: int = MOST_NODES) -> Graph:
    """The graph around the thing that `uri` names.

    Going up, only what something came of is followed, and going down only what came of
    it: another run on the same data is a neighbour of the data, not of this run.

    Raises:
        NotFound: If there is no such thing.
        InvalidInput: If no source knows the form of `uri`.
    """
    root = _resolved(sources, uri)
    seen = _Seen(sources, limit, most)
    seen.add(root)
    seen.follow(root, "up", up)
    seen.follow(root, "down", down)
    return Graph(root, seen.described(), list(seen.edges), seen.truncated)


@dataclass(slots=True)
class _Seen:
    """What the walk has come by so far; `nodes` and `edges` are kept in the order in which they were met."""

    sources: Sequence[Relations]
    limit: int
    most: int
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    totals: dict[tuple[str, Direction], int] = field(default_factory=dict)
    truncated: bool = False

    def add(self, uri: str) -> bool:
        """Whether it is in the graph now."""
        if uri in self.nodes:
            return True
        if len(self.nodes) >= self.most:
            self.truncated = True
            return False
        self.nodes[uri] = _described(self.sources, uri)
        return True

    def follow(self, root: str, direction: Direction, depth: int) -> None:
        frontier, done = [root], {root}
        for _ in range(depth):
            ahead: list[str] = []
            for uri in frontier:
                for edge in self._links(uri, direction, self.limit).edges:
                    other = edge.source if direction == "up" else edge.target
                    if not self.add(other):
                        continue
                    self.edges[edge] = None
                    if other not in done:
                        done.add(other)
                        ahead.append(other)
            frontier = ahead

    def described(self) -> list[Node]:
        """All nodes, each with how many neighbours it has that are not in the graph."""
        into = Counter(edge.target for edge in self.edges)
        out = Counter(edge.source for edge in self.edges)
        return [
            replace(
                node,
                more_up=max(0, self._total(uri, "up") - into[uri]),
                more_down=max(0, self._total(uri, "down") - out[uri]),
            )
            for uri, node in self.nodes.items()
        ]

    def _total(self, uri: str, direction: Direction) -> int:
        if (uri, direction) not in self.totals:
            self._links(uri, direction, 0)
        return self.totals[uri, direction]

    def _links(self, uri: str, direction: Direction, limit: int) -> Links:
        found = [source.up(uri, limit) if direction == "up" else source.down(uri, limit) for source in self.sources]
        links = Links([edge for one in found for edge in one.edges], sum(one.total for one in found))
        self.totals[uri, direction] = links.total
        return links


def _resolved(sources: Sequence[Relations], uri: str) -> str:
    for source in sources:
        found = source.resolve(uri)
        if found is not None:
            return found
    msg = (
        f"Nothing is known of the lineage of {uri!r}. Write runs:/<id>, models:/<name>/<version>,"
        " models:/<name>@<alias>, models:/m-<id> or datasets:/<name>/<digest>."
    )
    raise InvalidInput(msg)


def _described(sources: Sequence[Relations], uri: str) -> Node:
    for source in sources:
        found = source.describe(uri)
        if found is not None:
            return found
    return Node(uri, "other", uri)
