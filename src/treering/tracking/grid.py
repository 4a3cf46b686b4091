"""The table of runs on a metadata store: limits, and changes to many runs in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from treering.core.errors import InvalidInput, NotFound
from treering.entities.grid import (
    ChangedRuns,
    GroupOrdering,
    GroupsQuery,
    KeysQuery,
    RowsQuery,
    RunAction,
    RunGroups,
    RunKeys,
    RunRows,
    RunsChange,
    RunValues,
    ValuesQuery,
)
from treering.entities.lifecycle import Lifecycle
from treering.entities.run import RunChanges
from treering.storage.metadata.base import GridStore, RunStore
from treering.tracking.limits import Lengths, check_key

__all__ = ["MAX_ROWS", "StoredGrid"]

MAX_ROWS = 5000
"""Rows of one page."""

_MAX_COLUMNS = 500
_MAX_BY = 5
_MAX_GROUPS = 1000
_MAX_MEMBERS = 1000
_MAX_LISTED = 10_000
_INT64 = (1 << 63) - 1

_AT_ONCE = 500
"""Runs that are changed in one transaction; while one lasts, others wait."""


class StoredGrid:
    """The `Grid` of `treering.tracking.base`."""

    def __init__(self, runs: RunStore, grid: GridStore, lengths: Lengths) -> None:
        self._runs = runs
        self._grid = grid
        self._lengths = lengths

    def rows(self, query: RowsQuery) -> RunRows:
        """See the Protocol."""
        _check_page(query.offset, query.limit, MAX_ROWS)
        _check("columns", len(query.columns), 0, _MAX_COLUMNS)
        return self._grid.rows(query)

    def groups(self, query: GroupsQuery) -> RunGroups:
        """See the Protocol."""
        _check_page(query.offset, query.limit, _MAX_GROUPS)
        _check("by", len(query.by), 1, _MAX_BY)
        _check("columns", len(query.columns), 0, _MAX_COLUMNS)
        _check("members", query.members, 0, _MAX_MEMBERS)
        if query.order.by is GroupOrdering.COLUMN and not 0 <= query.order.column < len(query.columns):
            msg = (
                f"Invalid value {query.order.column} for parameter 'order.column' supplied: It must be the place of"
                f" one of the {len(query.columns)} columns, counted from 0."
            )
            raise InvalidInput(msg)
        return self._grid.groups(query)

    def keys(self, query: KeysQuery) -> RunKeys:
        """See the Protocol."""
        _check("limit", query.limit, 1, _MAX_LISTED)
        return self._grid.keys(query)

    def values(self, query: ValuesQuery) -> RunValues:
        """See the Protocol."""
        _check("limit", query.limit, 1, _MAX_LISTED)
        return self._grid.values(query)

    def change(self, change: RunsChange) -> ChangedRuns:
        """See the Protocol."""
        changes = self._changes(change)
        run_ids = self._meant(change, editing=changes is not None)
        changed: list[str] = []
        for piece in _pieces(run_ids):
            if changes is None:
                stage = Lifecycle.DELETED if change.action is RunAction.DELETE else Lifecycle.ACTIVE
                moved = set(self._runs.set_lifecycles(piece, stage))
                changed += [run_id for run_id in piece if run_id in moved]
            else:
                tags, dropped = changes.tags, changes.dropped_tags
                self._runs.apply([RunChanges(run_id, tags=tags, dropped_tags=dropped) for run_id in piece], None)
                changed += piece
        return ChangedRuns(changed, len(changed))

    def _changes(self, change: RunsChange) -> RunChanges | None:
        """What is done to the tags of each run; None where it is deleted or restored. Raises InvalidInput."""
        if bool(change.tags) != (change.action is RunAction.SET_TAGS):
            _refuse("tags", change.action, RunAction.SET_TAGS)
        if bool(change.keys) != (change.action is RunAction.DELETE_TAGS):
            _refuse("keys", change.action, RunAction.DELETE_TAGS)
        match change.action:
            case RunAction.SET_TAGS:
                return RunChanges("", tags=self._lengths.tags(change.tags))
            case RunAction.DELETE_TAGS:
                return RunChanges("", dropped_tags=[check_key(key, "keys") for key in change.keys])
            case _:
                return None

    def _meant(self, change: RunsChange, *, editing: bool) -> list[str]:
        """The runs to be changed, each once; all exist, and where tags are changed none is deleted."""
        if change.run_ids is None:
            if not change.experiment_ids:
                msg = "Neither 'run_ids' nor 'experiment_ids' are given. Say which runs are meant, or where they are."
                raise InvalidInput(msg)
            found = self._grid.ids(change.experiment_ids, change.filter, change.view)
        else:
            found = change.run_ids
        left = set(change.except_run_ids)
        run_ids = [run_id for run_id in dict.fromkeys(found) if run_id not in left]
        if change.run_ids is not None or editing:
            self._check_there(run_ids, editing=editing)
        return run_ids

    def _check_there(self, run_ids: Sequence[str], *, editing: bool) -> None:
        stages = self._runs.stages(run_ids)
        missing = [run_id for run_id in run_ids if run_id not in stages]
        if missing:
            msg = (
                f"Run with id={missing[0]} not found, as {len(missing)} of the {len(run_ids)} runs; nothing was changed."
                " Leave out those that are gone."
            )
            raise NotFound(msg)
        deleted = [run_id for run_id in run_ids if stages[run_id] is not Lifecycle.ACTIVE]
        if deleted and editing:
            msg = (
                f"The run {deleted[0]!r} is deleted, as {len(deleted)} of the {len(run_ids)} runs; it must be in the"
                " 'active' state to be changed, and nothing was. Restore it first."
            )
            raise InvalidInput(msg)


def _refuse(field: str, action: RunAction, its: RunAction) -> None:
    reason = "is empty" if action is its else f"does not belong to the action {str(action)!r}"
    msg = f"'{field}' {reason}. It says which tags the action {str(its)!r} is about."
    raise InvalidInput(msg)


def _pieces(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(run_ids), _AT_ONCE):
        yield run_ids[start : start + _AT_ONCE]


def _check_page(offset: int, limit: int, most: int) -> None:
    _check("offset", offset, 0, _INT64)
    _check("limit", limit, 1, most)


def _check(what: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        msg = f"Invalid value {count} for parameter '{what}' supplied: It must be at least {least} and at most {most}."
        if what in {"by", "columns"}:
            msg = f"'{what}' has {count} fields; it must have at least {least} and at most {most}."
        raise InvalidInput(msg)
