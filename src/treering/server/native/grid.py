"""The table of runs that a person looks at, in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.grid import ChangedRuns, GroupsQuery, KeysQuery, RowsQuery, RunsChange, RunValues, ValuesQuery
from treering.server.handling import Handlers
from treering.wire.native import grid as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.ROWS)
def _rows(services: Services, asked: RowsQuery) -> wire.RunRowsBody:
    return wire.rows_body(services.tracking.grid.rows(asked))


@HANDLERS.handles(wire.GROUPS)
def _groups(services: Services, asked: GroupsQuery) -> wire.RunGroupsBody:
    return wire.groups_body(services.tracking.grid.groups(asked))


@HANDLERS.handles(wire.KEYS)
def _keys(services: Services, asked: KeysQuery) -> wire.RunKeysBody:
    return wire.keys_body(services.tracking.grid.keys(asked))


@HANDLERS.handles(wire.VALUES)
def _values(services: Services, asked: ValuesQuery) -> RunValues:
    return services.tracking.grid.values(asked)


@HANDLERS.handles(wire.CHANGE)
def _change(services: Services, asked: RunsChange) -> ChangedRuns:
    return services.tracking.grid.change(asked)
