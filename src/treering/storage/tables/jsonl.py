"""JSON lines: one object a line, with the same keys throughout."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
from pyarrow import json as arrow_json

from treering.core.errors import InvalidInput
from treering.storage.tables.lines import Layout, Lines, without_times
from treering.storage.tables.remembering import per_file

__all__ = ["FORMAT", "JsonLinesFormat", "layout_of"]

# What Python's own writer puts where JSON has no word.
_NO_JSON = (b"NaN", b"Infinity")


class JsonLinesFormat(Lines):
    """The format `jsonl`."""

    def layout(self, file: str) -> Layout:
        """See `Lines`."""
        return _layout(file)

    def parse(self, data: bytes, file: str, types: Layout) -> Any:  # noqa: ARG002 -- of the base class
        """See `Lines`."""
        return _parsed(data, types)


def _parsed(data: bytes, types: Layout) -> Any:
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
    return layout_of(FORMAT.top(file), file)


def layout_of(rows: bytes, file: str) -> Layout:
    """The columns of the first rows of a file.

    Raises:
        InvalidInput: If there are none, or they are no objects.
    """
    if not rows.strip():
        msg = f"{file} is empty. Give a file with at least one row."
        raise InvalidInput(msg)
    try:
        return without_times(_parsed(rows, {}).schema)
    except pa.ArrowInvalid as error:
        msg = f'{file} is no JSON lines: {error}. Each line has to be an object, such as {{"a": 1}}.'
        raise InvalidInput(msg) from error


FORMAT = JsonLinesFormat()
