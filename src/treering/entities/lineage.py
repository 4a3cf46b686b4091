"""Lineage: what came of what, as a graph of things that have URIs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Edge", "Graph", "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that something came of, or that came of something.

    Attributes:
        id: Its URI, such as `runs:/<id>`.
        kind: `dataset`, `run`, `logged_model`, `model_version`, `code` or `deployment`; more may come.
        label: What people call it.
        detail: A second line: whose it is, or which one of several.
        state: Where it stands, in lower case, such as `finished`, `ready`, `deleted`; "" where it has no state.
        at: When it came to be, in milliseconds since the epoch; None where nobody knows.
        more_up: How many things that it came of are not in the graph.
        more_down: How many things that came of it are not in the graph.
    """

    id: str
    kind: str
    label: str
    detail: str = ""
    state: str = ""
    at: int | None = None
    more_up: int = 0
    more_down: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` came of `source`.

    Attributes:
        kind: How: `input` (read), `output` (written), `child` (started within), `registered`, `code` (started from),
            `deployed`; more may come.
        detail: In which role, such as `train`; "" where none is known.
    """

    source: str
    target: str
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """What `root` came of, and what came of it.

    Attributes:
        root: The URI of the thing that was asked for, without an alias.
        nodes: The root first, then by distance from it.
        truncated: Whether nodes were left out because there would have been too many of all.
    """

    root: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    truncated: bool = False
