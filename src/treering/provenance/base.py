"""What a source of relations promises, and what the whole of them gives.

A relation is an edge from a thing to one that came of it. Each source knows some kinds
of things, by the form of their URIs, and edges between these and things of other kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from treering.entities.lineage import Edge, Graph, Node
from treering.storage.metadata.base import MetadataStore

__all__ = ["Lineage", "Links", "OpenRelations", "Relations"]


@dataclass(frozen=True, slots=True)
class Links:
    """Edges on one side of a thing, the newest first.

    Attributes:
        total: How many there are in all, listed or not.
    """

    edges: Sequence[Edge] = ()
    total: int = 0


class Relations(Protocol):
    """One source of relations, for one question; it may remember what it has read."""

    def resolve(self, uri: str) -> str | None:
        """The one URI of the thing that `uri` names; None if it is of a kind that others know.

        Raises:
            NotFound: If there is no such thing.
            InvalidInput: If `uri` is malformed.
        """
        ...

    def describe(self, uri: str) -> Node | None:
        """The thing with this resolved URI, also one that is gone; None if it is of a kind that others know."""
        ...

    def up(self, uri: str, limit: int) -> Links:
        """What the thing came of, as far as this source knows; at most `limit` are listed."""
        ...

    def down(self, uri: str, limit: int) -> Links:
        """What came of the thing, as far as this source knows; at most `limit` are listed."""
        ...


OpenRelations = Callable[[MetadataStore], Relations]


class Lineage(Protocol):
    """What something came of, and what came of it."""

    def get(self, uri: str, up: int = 3, down: int = 3, limit: int = 10) -> Graph:
        """The graph around a thing.

        Args:
            uri: `runs:/<id>`, `models:/<name>/<version>`, `models:/<name>@<alias>`, `models:/<name>/<stage>`,
                `models:/m-<id>`, `datasets:/<name>/<digest>`, `code:/<commit>` or `deployments:/<name>`.
            up: How many steps towards what it came of, 0 to 20.
            down: How many steps towards what came of it, 0 to 20.
            limit: How many neighbours of one thing and one kind are listed at most, 1 to 100; the newest are.

        Raises:
            NotFound: If there is no such thing.
            InvalidInput: If `uri` is malformed, or a number is out of range.
        """
        ...
