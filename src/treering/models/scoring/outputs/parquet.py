"""Predictions as Parquet; parts are Arrow files, so that an interrupted job keeps what it has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet

from treering.core.errors import InvalidInput

__all__ = ["FORMAT", "ParquetOutput"]


class ParquetOutput:
    """The format `parquet`."""

    suffix = ".parquet"

    def writer(self, file: BinaryIO) -> _ArrowWriter:
        """See `OutputFormat`."""
        return _ArrowWriter(file)

    def output(self, path: str, *, compressed: bool) -> _ParquetOutput:  # noqa: ARG002 -- Parquet compresses by itself
        """See `OutputFormat`."""
        return _ParquetOutput(path)


class _ArrowWriter:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: Any = None
        self._schema: Any = None

    def write(self, table: Any) -> None:
        if self._writer is None:
            self._schema = table.schema
            self._writer = pa.ipc.new_file(self._file, self._schema)
        self._writer.write_table(_cast_to(table, self._schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _ParquetOutput:
    """Arrow files put together as one Parquet file; the first one fixes the types."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._writer: Any = None

    def append(self, part: str, columns: Sequence[str]) -> None:  # noqa: ARG002 -- they stand in the part
        """See `Output`."""
        with pa.memory_map(part) as source:
            table = pa.ipc.open_file(source).read_all()
            if self._writer is None:
                self._writer = parquet.ParquetWriter(self._path, table.schema)
            self._writer.write_table(_cast_to(table, self._writer.schema))

    def finish(self, columns: Sequence[str]) -> None:
        """See `Output`."""
        if self._writer is None:
            empty = pa.schema([(name, pa.null()) for name in columns]).empty_table()
            parquet.write_table(empty, self._path)
        else:
            self._writer.close()
        with Path(self._path).open("rb+") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """See `Output`."""
        if self._writer is not None:
            self._writer.close()


def _cast_to(table: Any, schema: Any) -> Any:
    """A table with the types of those before it, where that loses nothing.

    Raises:
        InvalidInput: If it has other columns, or values that do not fit.
    """
    if table.schema.equals(schema):
        return table
    try:
        return table.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        msg = (
            f"The model's answers do not fit those before: {error}. Let it answer the same types for all rows,"
            " or write jsonl or csv."
        )
        raise InvalidInput(msg) from error


FORMAT = ParquetOutput()
