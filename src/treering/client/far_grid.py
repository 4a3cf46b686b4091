"""The table of runs of a server."""

from __future__ import annotations

import re

from treering.client.channel import Channel
from treering.entities.grid import (
    ChangedRuns,
    GroupsQuery,
    KeysQuery,
    RowsQuery,
    RunGroups,
    RunKeys,
    RunRows,
    RunsChange,
    RunValues,
    ValuesQuery,
)
from treering.wire.native import grid

__all__ = ["FarGrid"]

# Of a field that has floats, which may be "NaN" on the wire: a metric, or a param read as a number.
_FLOATS = re.compile(r"\s*`?metrics?`?\s*\..*|.*\sAS\s+NUMBER\s*", re.IGNORECASE | re.DOTALL)


class FarGrid:
    """As `Grid`, each method one request."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def rows(self, query: RowsQuery) -> RunRows:
        """As `Grid.rows`."""
        return grid.rows_from(self._call(grid.ROWS, query), [_has_floats(field) for field in query.columns])

    def groups(self, query: GroupsQuery) -> RunGroups:
        """As `Grid.groups`."""
        return grid.groups_from(self._call(grid.GROUPS, query), [_has_floats(field) for field in query.by])

    def keys(self, query: KeysQuery) -> RunKeys:
        """As `Grid.keys`."""
        return grid.keys_from(self._call(grid.KEYS, query))

    def values(self, query: ValuesQuery) -> RunValues:
        """As `Grid.values`."""
        return self._call(grid.VALUES, query)

    def change(self, change: RunsChange) -> ChangedRuns:
        """As `Grid.change`."""
        return self._call(grid.CHANGE, change)


def _has_floats(field: str) -> bool:
    return _FLOATS.fullmatch(field) is not None
