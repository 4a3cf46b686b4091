"""Lineage in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.lineage import Graph
from treering.server.handling import Handlers
from treering.wire.native import lineage as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.AskLineage) -> Graph:
    return services.lineage.get(asked.uri, asked.up, asked.down, asked.limit)
