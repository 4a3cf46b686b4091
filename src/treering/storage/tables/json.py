"""JSON: a list of objects, or what a request to `/invocations` holds. It is read whole, so for small files alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from treering.core.errors import InvalidInput, NotFound, TooLarge
from treering.storage.tables.jsonl import JsonLinesFormat, layout_of
from treering.storage.tables.lines import Layout
from treering.storage.tables.remembering import per_file
from treering.storage.tables.sections import Cutting, Section

__all__ = ["FORMAT", "JsonFormat"]

_HEAD_ROWS = 10_000
_MOST_BYTES = 256 << 20
_FORMS = ("dataframe_records", "dataframe_split")


class JsonFormat(JsonLinesFormat):
    """The format `json`: the lines that it would be, cut as those are."""

    counts_rows = True

    def layout(self, file: str) -> Layout:
        """See `Lines`."""
        return _layout(file)

    def plan(self, file: str, cutting: Cutting) -> Iterator[Section]:
        """See `TableFormat`."""
        held: list[bytes] = []
        size = place = index = 0
        for row in _rows(file):
            held.append(row)
            size += len(row) + 1
            if size >= cutting.text_bytes:
                yield Section(index, file, place, place + len(held), data=b"\n".join(held) + b"\n", weight=len(held))
                index, place, size, held = index + 1, place + len(held), 0, []
        if held:
            yield Section(index, file, place, place + len(held), data=b"\n".join(held) + b"\n", weight=len(held))

    def size(self, file: str) -> int:
        """See `TableFormat`."""
        return len(_rows(file))

    def rows_before(self, section: Section) -> int:
        """See `TableFormat`."""
        return section.start


def _read_rows(file: str) -> list[bytes]:
    try:
        size = Path(file).stat().st_size
        if size > _MOST_BYTES:
            msg = f"{file} has {size:,} bytes, and JSON is read whole. Write one object a line, and call it .jsonl."
            raise TooLarge(msg)
        data = Path(file).read_bytes()
        parsed: Any = msgspec.json.decode(data, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}. Check the input."
        raise NotFound(msg) from error
    except msgspec.DecodeError as error:
        msg = f'{file} is no JSON list of objects: {error}. Write [{{"a": 1}}, ...], or one object a line as jsonl.'
        raise InvalidInput(msg) from error
    if isinstance(parsed, list):
        return [msgspec.json.format(bytes(row), indent=-1) for row in parsed]
    forms = [name for name in _FORMS if name in parsed]
    if len(forms) != 1:
        msg = f"{file} is an object without exactly one of {', '.join(_FORMS)}. Write a list of objects."
        raise InvalidInput(msg)
    try:
        if forms[0] == "dataframe_records":
            records = msgspec.json.decode(parsed["dataframe_records"], type=list[dict[str, Any]])
        else:
            split = msgspec.json.decode(parsed["dataframe_split"], type=dict[str, list[Any]])
            records = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        msg = f"{file} holds no table under {forms[0]}: {error}."
        raise InvalidInput(msg) from error
    return [msgspec.json.encode(record) for record in records]


_rows = per_file(_read_rows, 1)


@per_file
def _layout(file: str) -> Layout:
    return layout_of(b"\n".join([*_rows(file)[:_HEAD_ROWS], b""]), file)


FORMAT = JsonFormat()
