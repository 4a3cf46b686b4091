"""CSV and Parquet read by Arrow.

The types of CSV are found piece by piece: a column may be whole numbers in one and texts in the next. Who reads
decides what it is then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from treering.core.errors import InvalidInput
from treering.storage.tables import GAPS, PIECE, Column, Piece
from treering.storage.tables.plain import PlainCsvFile

__all__ = ["CsvFile", "ParquetFile"]

Places = np.ndarray[Any, np.dtype[np.intp]]

_BLOCK = 1 << 23
_KINDS: tuple[Any, ...] = (pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"))


class CsvFile:
    """See `TableFile`."""

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter
        self.names: Sequence[str] = self._reader(None).schema.names

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """See `TableFile`."""
        first: dict[str, int] = {}
        try:
            for batch in self._reader(columns):
                for start in range(0, len(batch), PIECE):
                    some = batch.slice(start, PIECE)
                    yield {
                        name: _typed(column, name, first)
                        for name, column in zip(some.schema.names, some.columns, strict=True)
                    }
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """See `TableFile`; texts are copied as they stand."""
        PlainCsvFile(self._path, self._delimiter).divide(parts, paths)

    def _reader(self, columns: Sequence[str] | None) -> Any:
        names = self.names if columns is not None else []
        try:
            if columns is None:
                names = self._heading()
            return pa_csv.open_csv(
                pa.input_stream(str(self._path)),
                pa_csv.ReadOptions(block_size=_BLOCK),
                pa_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=list(GAPS),
                    strings_can_be_null=True,
                    include_columns=None if columns is None else [name for name in self.names if name in set(columns)],
                ),
            )
        except (pa.ArrowInvalid, OSError) as error:
            raise self._unreadable(error) from error

    def _heading(self) -> list[str]:
        options = pa_csv.ReadOptions(block_size=_BLOCK)
        parse = pa_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True)
        names: list[str] = pa_csv.open_csv(pa.input_stream(str(self._path)), options, parse).schema.names
        return names

    def _unreadable(self, error: Exception) -> InvalidInput:
        return InvalidInput(f"{self._path.name!r} cannot be read as CSV in UTF-8: {str(error).rstrip('.')}.")


class ParquetFile:
    """See `TableFile`."""

    def __init__(self, path: Path, _delimiter: str) -> None:
        self._path = path
        try:
            with pq.ParquetFile(path) as file:
                self.names: Sequence[str] = file.schema_arrow.names
        except (pa.ArrowInvalid, OSError) as error:
            raise self._unreadable(error) from error

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """See `TableFile`."""
        names = None if columns is None else [name for name in self.names if name in set(columns)]
        try:
            with pq.ParquetFile(self._path) as file:
                for batch in file.iter_batches(PIECE, columns=names):
                    yield {
                        name: _values(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)
                    }
        except (pa.ArrowInvalid, OSError) as error:
            raise self._unreadable(error) from error

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """See `TableFile`."""
        with pq.ParquetFile(self._path) as file, ExitStack() as stack:
            if file.metadata.num_rows != len(parts):
                msg = f"{self._path.name!r} has {file.metadata.num_rows:,} rows and had {len(parts):,}. Split it again."
                raise InvalidInput(msg)
            writers = [stack.enter_context(pq.ParquetWriter(path, file.schema_arrow)) for path in paths]
            start = 0
            for batch in file.iter_batches(PIECE):
                of_batch = parts[start : start + len(batch)]
                start += len(batch)
                for place, writer in enumerate(writers):
                    writer.write_batch(batch.filter(pa.array(of_batch == place)))

    def _unreadable(self, error: Exception) -> InvalidInput:
        return InvalidInput(f"{self._path.name!r} cannot be read as Parquet: {str(error).rstrip('.')}.")


def _typed(column: Any, name: str, first: dict[str, int]) -> Column:
    """A column of texts as what it is; what it was in the last piece is tried first, and never what failed before."""
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    for place in range(first.get(name, 0), len(_KINDS)):
        try:
            cast = pc.cast(column, _KINDS[place])
        except pa.ArrowInvalid:
            continue
        first[name] = place
        return _values(cast)
    first[name] = len(_KINDS)
    return _values(column)


def _values(column: Any) -> Column:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_decimal(kind):
        column = pc.cast(column, pa.float64())
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        column = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64()).to_numpy(zero_copy_only=False)
        return _times(column)
    elif pa.types.is_boolean(kind) and column.null_count:
        return np.array(column.to_pylist(), object)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _times(micros: Column) -> Column:
    """Microseconds as times; a gap has made them floats."""
    if micros.dtype.kind != "f":
        return micros.view("datetime64[us]")
    gaps = np.isnan(micros)
    times = np.where(gaps, 0, micros).astype(np.int64).view("datetime64[us]")
    times[gaps] = np.datetime64("NaT")
    return times
