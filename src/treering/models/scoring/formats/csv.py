"""CSV, with a heading, and quotes as RFC 4180 has them; the separator of files called .tsv is a tabulator.

Read as pandas reads it: what it takes for a missing value is one, and texts that look like times stay texts.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from treering.core.errors import InvalidInput
from treering.models.scoring.formats.remembering import per_file
from treering.models.scoring.formats.text import Layout, Lines, head_of, without_times

__all__ = ["FORMAT", "CsvFormat"]

_MISSING = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
)


class CsvFormat(Lines):
    """The format `csv`."""

    suffixes = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
    quote = b'"'
    heading = 1

    def layout(self, file: str) -> Layout:
        """See `Lines`."""
        return _layout(file)

    def parse(self, data: bytes, file: str, types: Layout) -> Any:
        """See `Lines`."""
        return _parse(data, _separator(file), list(self.layout(file)), types, list(types))

    def writer(self, file: BinaryIO) -> _CsvWriter:
        """See `Format`."""
        return _CsvWriter(file)

    def head(self, columns: Sequence[str]) -> bytes:
        """See `Lines`."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(columns)
        return text.getvalue().encode()


class _CsvWriter:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._options = arrow_csv.WriteOptions(include_header=False)

    def write(self, table: Any) -> None:
        for place, field in enumerate(table.schema):
            if pa.types.is_nested(field.type):
                texts = [
                    None if value is None else json.dumps(value, default=str) for value in table[place].to_pylist()
                ]
                table = table.set_column(place, field.name, pa.array(texts, pa.string()))
        arrow_csv.write_csv(table, self._file, self._options)

    def close(self) -> None:
        """Nothing is held back."""


@per_file
def _layout(file: str) -> Layout:
    head = head_of(file)
    if not head.strip():
        msg = f"{file} is empty: it has not even a heading. Begin it with the names of its columns."
        raise InvalidInput(msg)
    names = next(csv.reader(io.StringIO(head.decode(errors="replace"), newline=""), delimiter=_separator(file)))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"{file} has more than one column called {', '.join(twice)}. Give each a name of its own."
        raise InvalidInput(msg)
    rows = head[FORMAT.skip_heading(io.BytesIO(head)) :]
    rows = rows[: FORMAT.cut(rows) or len(rows)]
    if not rows.strip():
        return dict.fromkeys(names, pa.null())
    try:
        return without_times(_parse(rows, _separator(file), names, {}, names).schema)
    except pa.ArrowInvalid:
        # What is wrong is told when the piece is read, with its row.
        return dict.fromkeys(names, pa.null())


def _parse(data: bytes, separator: str, names: list[str], types: Layout, include: list[str]) -> Any:
    if not include:
        msg = "None of the columns that the model needs is there. Check --columns, and the heading of the file."
        raise InvalidInput(msg)
    return arrow_csv.read_csv(
        io.BytesIO(data),
        arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=max(len(data), 1)),
        arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict(types),
            include_columns=include,
            null_values=_MISSING,
            true_values=["1", "True", "TRUE", "true"],
            false_values=["0", "False", "FALSE", "false"],
            strings_can_be_null=True,
        ),
    )


def _separator(file: str) -> str:
    return "\t" if file.removesuffix(".gz").endswith(".tsv") else ","


FORMAT = CsvFormat()
