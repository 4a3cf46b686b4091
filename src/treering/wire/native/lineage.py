"""Lineage in the native API."""

from __future__ import annotations

import msgspec

from treering.entities.lineage import Graph
from treering.wire.endpoint import Endpoint, Permission

__all__ = ["GET", "AskLineage"]


class AskLineage(msgspec.Struct, frozen=True):
    """Of what, how many steps in each direction, and how many neighbours of one thing at most (the newest)."""

    uri: str
    up: int = 3
    down: int = 3
    limit: int = 10


GET = Endpoint(
    "lineage.get", "GET", "/api/v1/lineage", AskLineage, Graph, Permission.READ_EXPERIMENTS,
    "What something came of, and what came of it",
)  # fmt: skip
