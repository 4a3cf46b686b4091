"""Runs column by column in the native API: what `treering.search_runs` makes data frames of."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from treering.core.errors import Unavailable
from treering.entities.run_table import RunTable, TextColumn
from treering.wire.endpoint import Endpoint, Permission
from treering.wire.native.runs import SearchRuns

__all__ = ["TABLE", "RunTableBody", "TextColumnBody", "table_body", "table_from"]


class TextColumnBody(msgspec.Struct, frozen=True):
    """Texts of which many are the same.

    `codes` are signed 32-bit integers, little-endian: the place in `texts`, -1 for none.
    """

    codes: bytes
    texts: Sequence[str]


class RunTableBody(msgspec.Struct, frozen=True):
    """Runs that match, column by column; `next_token` is "" on the last page.

    Times are signed 64-bit integers, milliseconds since the epoch, the least of all for
    a run that has not ended; metrics are 64-bit floats, NaN for none; all little-endian.
    In JSON the bytes are base64.
    """

    run_ids: Sequence[str]
    experiment_ids: TextColumnBody
    statuses: TextColumnBody
    artifact_uris: Sequence[str]
    start_times: bytes
    end_times: bytes
    metrics: Mapping[str, bytes]
    params: Mapping[str, TextColumnBody]
    tags: Mapping[str, TextColumnBody]
    next_token: str = ""


TABLE = Endpoint(
    "runs.search_table",
    "POST",
    "/api/v1/runs/table",
    SearchRuns,
    RunTableBody,
    Permission.READ_EXPERIMENTS,
    "Runs that match, column by column",
)

_Kind = Literal["i", "q", "d"]


def table_body(table: RunTable) -> RunTableBody:
    """How `table` looks in the native API."""
    return RunTableBody(
        table.run_ids,
        _text_body(table.experiment_ids),
        _text_body(table.statuses),
        table.artifact_uris,
        _packed("q", table.start_times),
        _packed("q", table.end_times),
        {key: _packed("d", values) for key, values in table.metrics.items()},
        {key: _text_body(column) for key, column in table.params.items()},
        {key: _text_body(column) for key, column in table.tags.items()},
        table.next_token,
    )


def table_from(body: RunTableBody) -> RunTable:
    """The table that `body` shows. Raises Unavailable if its columns are not of one length."""
    table = RunTable(
        body.run_ids,
        _text_from(body.experiment_ids),
        _text_from(body.statuses),
        body.artifact_uris,
        _unpacked("q", body.start_times),
        _unpacked("q", body.end_times),
        {key: _unpacked("d", data) for key, data in body.metrics.items()},
        {key: _text_from(column) for key, column in body.params.items()},
        {key: _text_from(column) for key, column in body.tags.items()},
        body.next_token,
    )
    texts = (table.experiment_ids, table.statuses, *table.params.values(), *table.tags.values())
    columns = [table.artifact_uris, table.start_times, table.end_times, *table.metrics.values()]
    if {len(column) for column in (*columns, *(column.codes for column in texts))} - {len(table)}:
        msg = "The columns that the server answered with are not of one length. Check that it is a Treering server."
        raise Unavailable(msg)
    return table


def _text_body(column: TextColumn) -> TextColumnBody:
    return TextColumnBody(_packed("i", column.codes), column.texts)


def _text_from(body: TextColumnBody) -> TextColumn:
    return TextColumn(_unpacked("i", body.codes), body.texts)


def _packed(kind: _Kind, column: Sequence[Any]) -> bytes:
    # Arrays, also numpy's, give their memory as it is.
    try:
        data = memoryview(column).tobytes()  # type: ignore[arg-type]  # a tuple has none, which is the other case
    except TypeError:
        data = array(kind, column).tobytes()
    return _swapped(kind, data)


def _unpacked(kind: _Kind, data: bytes) -> Sequence[Any]:
    column: array[Any] = array(kind)
    try:
        column.frombytes(_swapped(kind, data))
    except ValueError as error:
        msg = f"The server answered with a column of {len(data)} bytes. Check that it is a Treering server."
        raise Unavailable(msg) from error
    return column


def _swapped(kind: _Kind, data: bytes) -> bytes:
    if sys.byteorder == "little":
        return data
    column: array[Any] = array(kind, data)
    column.byteswap()
    return column.tobytes()
