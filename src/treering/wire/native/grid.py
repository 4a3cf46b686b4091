"""The table of runs that a person looks at, in the native API: rows, groups, keys, values, changes in bulk."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from treering.entities.grid import (
    Cell,
    ChangedRuns,
    Figures,
    GroupsQuery,
    KeyKind,
    KeysQuery,
    RowsQuery,
    RunGroup,
    RunGroups,
    RunKey,
    RunKeys,
    RunRows,
    RunsChange,
    RunValues,
    ValuesQuery,
)
from treering.wire.endpoint import Endpoint, Permission
from treering.wire.native.numbers import Number, from_number, to_number

__all__ = [
    "CHANGE",
    "GROUPS",
    "KEYS",
    "ROWS",
    "VALUES",
    "FiguresBody",
    "RunGroupBody",
    "RunGroupsBody",
    "RunKeyBody",
    "RunKeysBody",
    "RunRowsBody",
    "groups_body",
    "groups_from",
    "keys_body",
    "keys_from",
    "rows_body",
    "rows_from",
]


class RunRowsBody(msgspec.Struct, frozen=True):
    """Rows of the runs that match, column by column, one entry for each row.

    `total` counts all rows. `parents` is "" for none; `children` counts direct ones, whether they match or not.
    `columns` has a list of cells for each field asked for, null for none; floats that are not finite are "NaN",
    "Infinity" or "-Infinity". `version` is another one when anything in the experiments has changed.
    """

    total: int
    run_ids: Sequence[str]
    names: Sequence[str]
    statuses: Sequence[str]
    experiment_ids: Sequence[str]
    start_times: Sequence[int]
    end_times: Sequence[int | None]
    users: Sequence[str]
    active: Sequence[bool]
    parents: Sequence[str]
    children: Sequence[int]
    columns: Sequence[Sequence[Cell]]
    version: str


class FiguresBody(msgspec.Struct, frozen=True):
    """What many numbers come to, NaN left aside; `deviation` is that of a sample, null for one number."""

    count: int
    mean: Number
    minimum: Number
    maximum: Number
    deviation: Number | None
    median: Number


class RunGroupBody(msgspec.Struct, frozen=True):
    """Runs that have the same values; `filter` finds exactly them among those that match."""

    values: Sequence[Cell]
    count: int
    run_ids: Sequence[str]
    filter: str
    columns: Sequence[FiguresBody | None]


class RunGroupsBody(msgspec.Struct, frozen=True):
    """Some of the groups; `total` counts all, `runs` the runs in them."""

    total: int
    runs: int
    groups: Sequence[RunGroupBody]
    version: str


class RunKeyBody(msgspec.Struct, frozen=True):
    """A key that `runs` active runs have, and `field` as it is written in filters and columns.

    `distinct` counts texts, at most 1000; it is 0 for metrics and times.
    """

    kind: KeyKind
    key: str
    field: str
    runs: int
    distinct: int
    numeric: bool
    minimum: Number | None
    maximum: Number | None


class RunKeysBody(msgspec.Struct, frozen=True):
    """Keys, the most frequent first; `total` counts all that contain the text."""

    keys: Sequence[RunKeyBody]
    total: int
    version: str


_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS

ROWS = Endpoint(
    "runs.rows",
    "POST",
    "/api/v1/runs/rows",
    RowsQuery,
    RunRowsBody,
    _READ,
    "Rows of the runs that match, at any offset",
)
GROUPS = Endpoint(
    "runs.groups",
    "POST",
    "/api/v1/runs/groups",
    GroupsQuery,
    RunGroupsBody,
    _READ,
    "Runs that match, by what they share",
)
KEYS = Endpoint("runs.keys", "POST", "/api/v1/runs/keys", KeysQuery, RunKeysBody, _READ, "Which keys active runs have")
VALUES = Endpoint(
    "runs.values",
    "POST",
    "/api/v1/runs/values",
    ValuesQuery,
    RunValues,
    _READ,
    "Which texts active runs have for a field",
)
CHANGE = Endpoint(
    "runs.change", "POST", "/api/v1/runs/change", RunsChange, ChangedRuns, _EDIT, "Change many runs, or all that match"
)


def rows_body(rows: RunRows) -> RunRowsBody:
    """How `rows` look in the native API."""
    return RunRowsBody(
        rows.total,
        rows.run_ids,
        rows.names,
        rows.statuses,
        rows.experiment_ids,
        rows.start_times,
        rows.end_times,
        rows.users,
        rows.active,
        rows.parents,
        rows.children,
        [_cells_body(column) for column in rows.columns],
        rows.version,
    )


def rows_from(body: RunRowsBody, numeric: Sequence[bool]) -> RunRows:
    """The rows that `body` shows; `numeric` says of each column whether it holds numbers."""
    return RunRows(
        body.total,
        body.run_ids,
        body.names,
        body.statuses,
        body.experiment_ids,
        body.start_times,
        body.end_times,
        body.users,
        body.active,
        body.parents,
        body.children,
        [_cells_from(column, of_numbers) for column, of_numbers in zip(body.columns, numeric, strict=True)],
        body.version,
    )


def groups_body(groups: RunGroups) -> RunGroupsBody:
    """How `groups` look in the native API."""
    bodies = [
        RunGroupBody(
            _cells_body(group.values),
            group.count,
            group.run_ids,
            group.filter,
            [None if figures is None else _figures_body(figures) for figures in group.columns],
        )
        for group in groups.groups
    ]
    return RunGroupsBody(groups.total, groups.runs, bodies, groups.version)


def groups_from(body: RunGroupsBody, numeric: Sequence[bool]) -> RunGroups:
    """The groups that `body` shows; `numeric` says of each field they share whether it holds numbers."""
    groups = [
        RunGroup(
            [_cells_from([value], of_numbers)[0] for value, of_numbers in zip(one.values, numeric, strict=True)],
            one.count,
            one.run_ids,
            one.filter,
            [None if figures is None else _figures_from(figures) for figures in one.columns],
        )
        for one in body.groups
    ]
    return RunGroups(body.total, body.runs, groups, body.version)


def keys_body(keys: RunKeys) -> RunKeysBody:
    """How `keys` look in the native API."""
    bodies = [
        RunKeyBody(
            one.kind,
            one.key,
            one.field,
            one.runs,
            one.distinct,
            one.numeric,
            None if one.minimum is None else to_number(one.minimum),
            None if one.maximum is None else to_number(one.maximum),
        )
        for one in keys.keys
    ]
    return RunKeysBody(bodies, keys.total, keys.version)


def keys_from(body: RunKeysBody) -> RunKeys:
    """The keys that `body` shows."""
    keys = [
        RunKey(
            one.kind,
            one.key,
            one.field,
            one.runs,
            one.distinct,
            one.numeric,
            None if one.minimum is None else from_number(one.minimum),
            None if one.maximum is None else from_number(one.maximum),
        )
        for one in body.keys
    ]
    return RunKeys(keys, body.total, body.version)


def _cells_body(cells: Sequence[Cell]) -> Sequence[Cell]:
    if any(isinstance(cell, float) and not math.isfinite(cell) for cell in cells):
        return [to_number(cell) if isinstance(cell, float) else cell for cell in cells]
    return cells


def _cells_from(cells: Sequence[Cell], of_numbers: bool) -> Sequence[Cell]:  # noqa: FBT001  # one of many in a list
    return [float(cell) if isinstance(cell, str) else cell for cell in cells] if of_numbers else cells


def _figures_body(figures: Figures) -> FiguresBody:
    return FiguresBody(
        figures.count,
        to_number(figures.mean),
        to_number(figures.minimum),
        to_number(figures.maximum),
        None if figures.deviation is None else to_number(figures.deviation),
        to_number(figures.median),
    )


def _figures_from(body: FiguresBody) -> Figures:
    return Figures(
        body.count,
        from_number(body.mean),
        from_number(body.minimum),
        from_number(body.maximum),
        None if body.deviation is None else from_number(body.deviation),
        from_number(body.median),
    )
