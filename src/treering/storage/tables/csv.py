"""CSV, with a heading, and quotes as RFC 4180 has them; the separator of files called .tsv is a tabulator.

Read as pandas reads it: what it takes for a missing value is one, and texts that look like times stay texts.
"""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from treering.core.errors import InvalidInput
from treering.storage.tables import GAPS
from treering.storage.tables.lines import Layout, Lines, without_times
from treering.storage.tables.remembering import per_file
from treering.storage.tables.rows import names_of, opened

__all__ = ["FORMAT", "CsvFormat"]


class CsvFormat(Lines):
    """The format `csv`."""

    heading = True

    def separator(self, file: str) -> str:
        """See `Lines`."""
        return "\t" if file.lower().removesuffix(".gz").endswith(".tsv") else ","

    def columns(self, file: str) -> tuple[str, ...]:
        """See `TableFormat`."""
        return _names(file)

    def layout(self, file: str) -> Layout:
        """See `Lines`."""
        return _layout(file)

    def parse(self, data: bytes, file: str, types: Layout) -> Any:
        """See `Lines`."""
        return _parse(data, self.separator(file), list(_names(file)), types, list(types))


@per_file
def _names(file: str) -> tuple[str, ...]:
    separator = FORMAT.separator(file)
    with opened(file, separator, heading=True) as text:
        return tuple(names_of(text.heading, file, separator))


@per_file
def _layout(file: str) -> Layout:
    names, rows, separator = list(_names(file)), FORMAT.top(file), FORMAT.separator(file)
    if not rows.strip():
        return dict.fromkeys(names, pa.null())
    try:
        return without_times(_parse(rows, separator, names, {}, names).schema)
    except pa.ArrowInvalid:
        # What is wrong is told when the section is read, with its row.
        return dict.fromkeys(names, pa.null())


def _parse(data: bytes, separator: str, names: list[str], types: Layout, include: list[str]) -> Any:
    if not include:
        msg = "None of the columns that are asked for is there. Check their names, and the heading of the file."
        raise InvalidInput(msg)
    return arrow_csv.read_csv(
        io.BytesIO(data),
        arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=max(len(data), 1)),
        arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict(types),
            include_columns=include,
            null_values=list(GAPS),
            true_values=["1", "True", "TRUE", "true"],
            false_values=["0", "False", "FALSE", "false"],
            strings_can_be_null=True,
        ),
    )


FORMAT = CsvFormat()
