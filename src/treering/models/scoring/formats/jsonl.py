"""JSON lines: one object a line, with the same keys throughout."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
from pyarrow import json as arrow_json

from treering.core.errors import InvalidInput
from treering.models.scoring.formats.base import PartWriter
from treering.models.scoring.formats.remembering import per_file
from treering.models.scoring.formats.text import Layout, Lines, head_of, without_times

__all__ = ["FORMAT", "JsonLinesFormat"]

# What Python's own writer puts where JSON has no word.
_NO_JSON = (b"NaN", b"Infinity")


class JsonLinesFormat(Lines):
    """The format `jsonl`."""

    suffixes: tuple[str, ...] = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")

    def layout(self, file: str) -> Layout:
        """See `Lines`."""
        return _layout(file)

    def parse(self, data: bytes, file: str, types: Layout) -> Any:  # noqa: ARG002 -- of the base class
        """See `Lines`."""
        return parse(data, types)

    def writer(self, file: BinaryIO) -> PartWriter:
        """See `Format`."""
        return _LinesWriter(file)

    def head(self, columns: Sequence[str]) -> bytes:  # noqa: ARG002 -- of the base class
        """See `Lines`."""
        return b""


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


def parse(data: bytes, types: Layout) -> Any:
    """An Arrow table of lines, with these columns; empty `types`: with those that are there, types guessed.

    Raises:
        pa.ArrowInvalid: If the lines are no JSON, or a value is not of its column's type.
    """
    if not data.strip():
        return pa.schema(list(types.items())).empty_table()
    if any(word in data for word in _NO_JSON):
        return _slowly(data, types)
    schema = pa.schema(list(types.items())) if types else None
    return arrow_json.read_json(
        io.BytesIO(data),
        arrow_json.ReadOptions(use_threads=False, block_size=max(len(data), 1)),
        arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore" if types else "infer"),
    )


def _slowly(data: bytes, types: Layout) -> Any:
    rows = []
    for number, line in enumerate(data.splitlines()):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                msg = f"JSON parse error: {error} in row {number}"
                raise pa.ArrowInvalid(msg) from error
    try:
        return pa.Table.from_pylist(rows, schema=pa.schema(list(types.items())) if types else None)
    except (pa.ArrowTypeError, AttributeError) as error:
        raise pa.ArrowInvalid(str(error)) from error


@per_file
def _layout(file: str) -> Layout:
    return layout_of(head_of(file), file)


def layout_of(head: bytes, file: str) -> Layout:
    """The columns of the first lines of a file; the last of them may be cut."""
    rows = head[: head.rfind(b"\n") + 1] or head
    if not rows.strip():
        msg = f"{file} is empty, so there is nothing to score. Give a file with at least one row."
        raise InvalidInput(msg)
    try:
        return without_times(parse(rows, {}).schema)
    except pa.ArrowInvalid as error:
        msg = f'{file} is no JSON lines: {error}. Each line has to be an object, such as {{"a": 1}}.'
        raise InvalidInput(msg) from error


def _values(column: Any) -> list[Any]:
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or not pa.types.is_temporal(kind):
        found: list[Any] = column.to_pylist()
        return found
    return [None if value is None else str(value) for value in column.to_pylist()]


_ENCODER = msgspec.json.Encoder()

FORMAT = JsonLinesFormat()
