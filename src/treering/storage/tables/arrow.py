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
from treering.storage.tables import GAPS, PIECE, CodedPiece, Column, Piece
from treering.storage.tables.plain import PlainCsvFile
from treering.storage.tables.texts import Texts, coded

__all__ = ["CsvFile", "ParquetFile"]

Places = np.ndarray[Any, np.dtype[np.intp]]

_BLOCK = 1 << 23
_SMALL_BLOCK = 1 << 16
_TRIED = 50
_KINDS: tuple[Any, ...] = (pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"))


class CsvFile:
    """See `TableFile`."""

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter
        self.names: Sequence[str] = self._heading()

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
        try:
            for batch in self._reader(columns):
                for start in range(0, len(batch), PIECE):
                    yield batch.slice(start, PIECE), kinds
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error

    def divide(self, parts: Places, paths: Sequence[Path]) -> None:
        """See `TableFile`; texts are copied as they stand."""
        PlainCsvFile(self._path, self._delimiter).divide(parts, paths)

    def _reader(self, columns: Sequence[str] | None) -> Any:
        try:
            return pa_csv.open_csv(
                pa.input_stream(str(self._path)),
                pa_csv.ReadOptions(block_size=_BLOCK),
                pa_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.string()),
                    null_values=list(GAPS),
                    strings_can_be_null=True,
                    include_columns=None if columns is None else [name for name in self.names if name in set(columns)],
                ),
            )
        except (pa.ArrowInvalid, OSError) as error:
            raise self._unreadable(error) from error

    def _heading(self) -> list[str]:
        try:
            return self._heading_within(_SMALL_BLOCK)
        except pa.ArrowInvalid:  # a line may be longer than that
            try:
                return self._heading_within(_BLOCK)
            except (pa.ArrowInvalid, OSError) as error:
                raise self._unreadable(error) from error
        except OSError as error:
            raise self._unreadable(error) from error

    def _heading_within(self, block: int) -> list[str]:
        options = pa_csv.ReadOptions(block_size=block)
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
        for batch in self._batches(columns):
            yield {name: _values(column) for name, column in _columns(batch)}

    def coded_pieces(self) -> Iterator[CodedPiece]:
        """See `TableFile`."""
        for batch in self._batches(None):
            yield {name: _coded(column) for name, column in _columns(batch)}

    def _batches(self, columns: Sequence[str] | None) -> Iterator[Any]:
        names = None if columns is None else [name for name in self.names if name in set(columns)]
        try:
            with pq.ParquetFile(self._path) as file:
                yield from file.iter_batches(PIECE, columns=names)
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
