"""Pieces of columns from files that Arrow reads.

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
import pyarrow.parquet as pq

from treering.core.errors import InvalidInput
from treering.storage.tables import PIECE, CodedPiece, Column, Piece, csv, parquet
from treering.storage.tables.plain import divide_rows
from treering.storage.tables.rows import Places
from treering.storage.tables.sections import Cutting, TableFormat, Wanted
from treering.storage.tables.texts import Texts, coded

__all__ = ["CsvFile", "ParquetFile"]

_CUTTING = Cutting(text_bytes=1 << 23, slices=1)
_TRIED = 50
_KINDS: tuple[Any, ...] = (pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"))


class CsvFile:
    """See `TableFile`."""

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter
        self.names: Sequence[str] = csv.FORMAT.columns(str(path))

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """See `TableFile`."""
        for some, kinds in self._batches(columns):
            yield {name: _values(_typed(column, name, kinds)) for name, column in _columns(some)}

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """See `TableFile`."""
        for some, kinds in self._batches(None):
            yield {name: _coded(_typed(column, name, kinds)) for name, column in _columns(some)}

    def _batches(self, columns: Sequence[str] | None) -> Iterator[tuple[Any, dict[str, int]]]:
        """Rows as texts, and what each column was up to there."""
        kinds: dict[str, int] = {}
        names = _chosen(self.names, columns)
        for batch in _batches(csv.FORMAT, self._path, Wanted(names, dict.fromkeys(names, pa.string()))):
            yield batch, kinds

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """See `TableFile`."""
        divide_rows(self._path, self._delimiter, parts, paths)


class ParquetFile:
    """See `TableFile`."""

    def __init__(self, path: Path, _delimiter: str) -> None:
        self._path = path
        self.names: Sequence[str] = parquet.FORMAT.columns(str(path))

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """See `TableFile`."""
        for batch in self._batches(columns):
            yield {name: _values(column) for name, column in _columns(batch)}

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """See `TableFile`."""
        for batch in self._batches(None):
            yield {name: _coded(column) for name, column in _columns(batch)}

    def _batches(self, columns: Sequence[str] | None) -> Iterator[Any]:
        return _batches(parquet.FORMAT, self._path, Wanted(_chosen(self.names, columns), {}))

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """See `TableFile`."""
        with pq.ParquetFile(self._path) as file, ExitStack() as stack:
            if file.metadata.num_rows != len(parts):
                msg = f"{self._path} has {file.metadata.num_rows:,} rows and had {len(parts):,}. Split it again."
                raise InvalidInput(msg)
            writers = [stack.enter_context(pq.ParquetWriter(path, file.schema_arrow)) for path in paths]
            start = 0
            for batch in file.iter_batches(PIECE):
                of_batch = parts[start : start + len(batch)]
                start += len(batch)
                for place, writer in enumerate(writers):
                    writer.write_batch(batch.filter(pa.array(of_batch == place)))


def _chosen(names: Sequence[str], columns: Sequence[str] | None) -> tuple[str, ...]:
    wanted = None if columns is None else set(columns)
    return tuple(name for name in names if wanted is None or name in wanted)


def _batches(form: TableFormat, path: Path, wanted: Wanted) -> Iterator[Any]:
    for section in form.plan(str(path), _CUTTING):
        for chunk in form.read(section, wanted, PIECE):
            yield from chunk.table.combine_chunks().to_batches()


def _columns(batch: Any) -> Iterator[tuple[str, Any]]:
    return zip(batch.schema.names, batch.columns, strict=True)


def _typed(column: Any, name: str, first: dict[str, int]) -> Any:
    """A column of texts as what it is; what it was in the last piece is tried first, and never what failed before."""
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.float64())
    for place in range(first.get(name, 0), len(_KINDS)):
        try:
            # What fails is as slow as what does not, and most of it fails at once.
            pc.cast(column.slice(0, _TRIED), _KINDS[place])
            cast = pc.cast(column, _KINDS[place])
        except pa.ArrowInvalid:
            continue
        first[name] = place
        return cast
    first[name] = len(_KINDS)
    return column


def _coded(column: Any) -> Column | Texts:
    """A column whose texts are not made into Python's row by row."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return coded(_values(column))
    plain = column.dictionary_decode() if kind is not column.type else column
    encoded = plain.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
    return Texts(codes, encoded.dictionary.to_pylist())


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
