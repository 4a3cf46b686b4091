"""Predictions as JSON lines: an object a line."""

from __future__ import annotations

from typing import Any, BinaryIO

import msgspec
import pyarrow as pa

from treering.models.scoring.outputs.text import TextOutput

__all__ = ["FORMAT", "JsonLinesOutput"]

_ENCODER = msgspec.json.Encoder()


class JsonLinesOutput:
    """The format `jsonl`."""

    suffix = ".jsonl"

    def writer(self, file: BinaryIO) -> _LinesWriter:
        """See `OutputFormat`."""
        return _LinesWriter(file)

    def output(self, path: str, *, compressed: bool) -> TextOutput:
        """See `OutputFormat`."""
        return TextOutput(path, lambda _columns: b"", compressed=compressed)


class _LinesWriter:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, table: Any) -> None:
        names = table.column_names
        columns = [_values(column) for column in table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        self._file.write(_ENCODER.encode_lines(rows))

    def close(self) -> None:
        """Nothing is held back."""


def _values(column: Any) -> list[Any]:
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or not pa.types.is_temporal(kind):
        found: list[Any] = column.to_pylist()
        return found
    return [None if value is None else str(value) for value in column.to_pylist()]


FORMAT = JsonLinesOutput()
