"""Parquet: row groups read in batches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.storage.tables.remembering import per_file
from treering.storage.tables.sections import Chunk, Cutting, Section, Wanted

__all__ = ["FORMAT", "ParquetFormat"]

_BUFFER_BYTES = 1 << 20
_CHUNK_BYTES = 32 << 20
# Fewer are not worth a section: who takes the second half of a row group has to pass over the first.
_LEAST_ROWS = 65_536
# pandas keeps an index that has no name so.
_INDEX = re.compile(r"__index_level_\d+__")


class ParquetFormat:
    """The format `parquet`."""

    counts_rows = True

    def size(self, file: str) -> int:
        """See `TableFormat`."""
        return int(_metadata(file).num_rows)

    def groups(self, file: str) -> int:
        """See `TableFormat`."""
        return int(_metadata(file).num_row_groups)

    def columns(self, file: str) -> tuple[str, ...]:
        """See `TableFormat`."""
        return _columns(file)

    def plan(self, file: str, cutting: Cutting) -> Iterator[Section]:
        """See `TableFormat`."""
        index = 0
        found = _metadata(file)
        for group in range(found.num_row_groups):
            rows = found.row_group(group).num_rows
            step = max(-(-rows // cutting.slices), min(rows, _LEAST_ROWS), 1)
            for start in range(0, rows, step):
                stop = min(start + step, rows)
                yield Section(index, file, start, stop, group, weight=stop - start)
                index += 1

    def rows_before(self, section: Section) -> int:
        """See `TableFormat`."""
        found = _metadata(section.file)
        return sum(int(found.row_group(group).num_rows) for group in range(section.group)) + section.start

    def read(self, section: Section, wanted: Wanted, chunk_rows: int) -> Iterator[Chunk]:
        """See `TableFormat`."""
        there = set(_columns(section.file))
        columns = [name for name in wanted.columns if name in there]
        group = _metadata(section.file).row_group(section.group)
        chunk_rows = max(1, min(chunk_rows, _CHUNK_BYTES * group.num_rows // max(group.total_byte_size, 1)))
        row = 0
        try:
            with parquet.ParquetFile(section.file, buffer_size=_BUFFER_BYTES) as file:
                for batch in file.iter_batches(chunk_rows, [section.group], columns, use_threads=False):
                    start, stop = max(section.start, row), min(section.stop, row + batch.num_rows)
                    if start < stop:
                        table = pa.Table.from_batches([batch.slice(start - row, stop - start)])
                        yield Chunk(_typed(table, wanted, section.file), start - section.start)
                    row += batch.num_rows
                    if row >= section.stop:
                        return
        except (pa.ArrowInvalid, OSError) as error:
            msg = f"{section.file} is damaged in row group {section.group}: {_said(error)}. Fetch or make it again."
            raise DamagedData(msg) from error


def _typed(table: Any, wanted: Wanted, file: str) -> Any:
    """Numbers as the array that a model takes; other columns are left for the signature to judge."""
    if not wanted.exact:
        return table
    fields = [field.with_type(wanted.types.get(field.name, field.type)) for field in table.schema]
    try:
        return table.cast(pa.schema(fields))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        msg = f"{file} has a column that is not of the type that is asked for: {error}. Name other columns."
        raise InvalidInput(msg) from error


@per_file
def _columns(file: str) -> tuple[str, ...]:
    _metadata(file)
    found = tuple(name for name in parquet.read_schema(file).names if not _INDEX.fullmatch(name))
    if len(set(found)) < len(found):
        twice = sorted({name for name in found if found.count(name) > 1})
        msg = f"{file} has columns of the same name: {', '.join(twice)}. Give each a name of its own."
        raise InvalidInput(msg)
    return found


@per_file
def _metadata(file: str) -> Any:
    try:
        return parquet.read_metadata(file)
    except pa.ArrowInvalid as error:
        msg = f"{file} cannot be read as Parquet: {_said(error)}. If it was cut, fetch or make it again."
        raise DamagedData(msg) from error
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or _said(error)}. Check the input."
        raise NotFound(msg) from error


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


FORMAT = ParquetFormat()
