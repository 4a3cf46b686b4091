"""Parquet: row groups read in batches; parts are Arrow files, so that an interrupted job keeps what it has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.models.scoring.formats.base import Chunk, Cutting, Wanted
from treering.models.scoring.formats.remembering import per_file
from treering.models.scoring.job import Piece

__all__ = ["FORMAT", "ParquetFormat"]

_BUFFER_BYTES = 1 << 20
_CHUNK_BYTES = 32 << 20
# Fewer are not worth a piece: who takes the second half of a row group has to pass over the first.
_LEAST_ROWS = 65_536
# pandas keeps an index that has no name so.
_INDEX = re.compile(r"__index_level_\d+__")


class ParquetFormat:
    """The format `parquet`."""

    suffixes: tuple[str, ...] = (".parquet", ".pq")
    counts_rows = True

    def size(self, file: str) -> int:
        """See `Format`."""
        return int(_metadata(file).num_rows)

    def groups(self, file: str) -> int:
        """See `Format`."""
        return int(_metadata(file).num_row_groups)

    def plan(self, file: str, cutting: Cutting) -> Iterator[Piece]:
        """See `Format`."""
        index = 0
        found = _metadata(file)
        for group in range(found.num_row_groups):
            rows = found.row_group(group).num_rows
            step = max(-(-rows // cutting.slices), min(rows, _LEAST_ROWS), 1)
            for start in range(0, rows, step):
                stop = min(start + step, rows)
                yield Piece(index, file, start, stop, group, weight=stop - start)
                index += 1

    def columns(self, file: str) -> tuple[str, ...]:
        """See `Format`."""
        return _columns(file)

    def rows_before(self, piece: Piece) -> int:
        """See `Format`."""
        found = _metadata(piece.file)
        return sum(int(found.row_group(group).num_rows) for group in range(piece.group)) + piece.start

    def read(self, piece: Piece, wanted: Wanted, chunk_rows: int) -> Iterator[Chunk]:
        """See `Format`."""
        names = _columns(piece.file)
        columns = [name for name in wanted.columns if name in names]
        group = _metadata(piece.file).row_group(piece.group)
        chunk_rows = max(1, min(chunk_rows, _CHUNK_BYTES * group.num_rows // max(group.total_byte_size, 1)))
        row = 0
        try:
            with parquet.ParquetFile(piece.file, buffer_size=_BUFFER_BYTES) as file:
                for batch in file.iter_batches(chunk_rows, [piece.group], columns, use_threads=False):
                    start, stop = max(piece.start, row), min(piece.stop, row + batch.num_rows)
                    if start < stop:
                        table = pa.Table.from_batches([batch.slice(start - row, stop - start)])
                        yield Chunk(_typed(table, wanted, piece.file), start - piece.start)
                    row += batch.num_rows
                    if row >= piece.stop:
                        return
        except (pa.ArrowInvalid, OSError) as error:
            msg = f"{piece.file} is damaged in row group {piece.group}: {error}. Fetch or make it again."
            raise DamagedData(msg) from error

    def writer(self, file: BinaryIO) -> _ArrowWriter:
        """See `Format`."""
        return _ArrowWriter(file)

    def output(self, path: str, *, compressed: bool) -> ParquetOutput:  # noqa: ARG002 -- Parquet compresses by itself
        """See `Format`."""
        return ParquetOutput(path)


class _ArrowWriter:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: Any = None
        self._schema: Any = None

    def write(self, table: Any) -> None:
        if self._writer is None:
            self._schema = table.schema
            self._writer = pa.ipc.new_file(self._file, self._schema)
        self._writer.write_table(cast_to(table, self._schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class ParquetOutput:
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
            self._writer.write_table(cast_to(table, self._writer.schema))

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


def cast_to(table: Any, schema: Any) -> Any:
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


def _typed(table: Any, wanted: Wanted, file: str) -> Any:
    """Numbers as the array that a model takes; other columns are left for the signature to judge."""
    if not wanted.exact:
        return table
    fields = [field.with_type(wanted.types.get(field.name, field.type)) for field in table.schema]
    try:
        return table.cast(pa.schema(fields))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        msg = f"{file} has a column that is not of the type that the model takes: {error}. Name others by --columns."
        raise InvalidInput(msg) from error


@per_file
def _columns(file: str) -> tuple[str, ...]:
    return tuple(name for name in parquet.read_schema(file).names if not _INDEX.fullmatch(name))


@per_file
def _metadata(file: str) -> Any:
    try:
        return parquet.read_metadata(file)
    except pa.ArrowInvalid as error:
        msg = f"{file} is no Parquet file: {error}. Name the format it has by --input-format."
        raise DamagedData(msg) from error
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}. Check the input."
        raise NotFound(msg) from error


FORMAT = ParquetFormat()
