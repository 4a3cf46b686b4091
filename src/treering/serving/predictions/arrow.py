"""Parquet and Arrow bodies as rows."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from treering.core.errors import InvalidInput

__all__ = ["read_parquet", "read_stream"]


def read_parquet(body: bytes) -> tuple[list[str], list[list[object]]]:
    """Columns and rows.

    Raises:
        InvalidInput: If it is no Parquet.
    """
    try:
        return _rows(pq.read_table(io.BytesIO(body)))
    except pa.ArrowException as error:
        msg = f"it is no Parquet: {error}"
        raise InvalidInput(msg) from error


def read_stream(body: bytes) -> tuple[list[str], list[list[object]]]:
    """As `read_parquet`, of Arrow's IPC stream."""
    try:
        with pa.ipc.open_stream(body) as stream:
            return _rows(stream.read_all())
    except pa.ArrowException as error:
        msg = f"it is no Arrow stream: {error}"
        raise InvalidInput(msg) from error


def _rows(table: pa.Table) -> tuple[list[str], list[list[object]]]:
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, [list(row) for row in zip(*columns, strict=True)]
