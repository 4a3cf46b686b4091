"""Lineage of a server over HTTP."""

from __future__ import annotations

from treering.client.channel import Channel
from treering.entities.lineage import Graph
from treering.wire.native import lineage

__all__ = ["FarLineage"]


class FarLineage:
    """The `Lineage` of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def get(self, uri: str, up: int = 3, down: int = 3, limit: int = 10) -> Graph:
        """As `Lineage.get`."""
        return self._call(lineage.GET, lineage.AskLineage(uri, up, down, limit))
