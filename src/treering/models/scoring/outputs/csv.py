"""Predictions as CSV, with a heading; what is neither text nor number is written as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from treering.models.scoring.outputs.text import TextOutput

__all__ = ["FORMAT", "CsvOutput"]


class CsvOutput:
    """The format `csv`."""

    suffix = ".csv"

    def writer(self, file: BinaryIO) -> _CsvWriter:
        """See `OutputFormat`."""
        return _CsvWriter(file)

    def output(self, path: str, *, compressed: bool) -> TextOutput:
        """See `OutputFormat`."""
        return TextOutput(path, _head, compressed=compressed)


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


def _head(columns: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(columns)
    return text.getvalue().encode()


FORMAT = CsvOutput()
