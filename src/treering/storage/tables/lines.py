"""Formats whose rows are lines: files cut behind rows, plain or compressed by gzip, without reading them twice."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.storage.tables.rows import Text, blocks_of_rows, count_rows, is_packed, opened
from treering.storage.tables.sections import Chunk, Cutting, Section, Wanted

__all__ = ["Layout", "Lines", "without_times"]

_HEAD_BYTES = 1 << 20
_COUNT_BYTES = 1 << 22
_CHUNK_BYTES = 32 << 20
_ROW = re.compile(r"(?: in row |Row #)(\d+):? ?")

Layout = Mapping[str, Any]
"""The columns of a file with the Arrow types that its first rows have; null where they have no value."""


class Lines(ABC):
    """A format of lines.

    Attributes:
        heading: Whether the first row is the names of the columns.
    """

    counts_rows = False
    heading = False

    @abstractmethod
    def layout(self, file: str) -> Layout:
        """The columns of a file."""

    @abstractmethod
    def parse(self, data: bytes, file: str, types: Layout) -> Any:
        """An Arrow table of whole lines, with these columns; raises ArrowInvalid."""

    def separator(self, file: str) -> str:  # noqa: ARG002 -- for formats that have one
        """What stands between values, if they may be quoted and hold line ends then."""
        return ""

    def size(self, file: str) -> int:
        """See `TableFormat`."""
        return _stat(file).st_size

    def groups(self, file: str) -> int:
        """See `TableFormat`."""
        _stat(file)
        return 1

    def columns(self, file: str) -> tuple[str, ...]:
        """See `TableFormat`."""
        return tuple(self.layout(file))

    def top(self, file: str) -> bytes:
        """The first rows of a file."""
        with self._open(file) as text:
            return next(blocks_of_rows(text.stream, _HEAD_BYTES, file, self.separator(file)), b"")

    def plan(self, file: str, cutting: Cutting) -> Iterator[Section]:
        """See `TableFormat`."""
        packed = is_packed(file)
        seen = 0
        with self._open(file) as text:
            place = text.stream.tell()
            blocks = blocks_of_rows(text.stream, cutting.text_bytes, file, self.separator(file))
            for index, data in enumerate(blocks):
                end = place + len(data)
                # How far the file itself was read: what is unpacked of it is not known beforehand.
                told = text.raw.tell() if packed else end
                yield Section(index, file, place, end, data=data if packed else b"", weight=told - seen)
                place, seen = end, told

    def rows_before(self, section: Section) -> int:
        """See `TableFormat`."""
        separator = self.separator(section.file)
        count = 0
        with self._open(section.file) as text:
            left = section.start - text.stream.tell()
            for data in blocks_of_rows(text.stream, _COUNT_BYTES, section.file, separator) if left else ():
                count += count_rows(data[:left], separator)
                left -= len(data)
                if left <= 0:
                    break
        return count

    def read(self, section: Section, wanted: Wanted, chunk_rows: int) -> Iterator[Chunk]:
        """See `TableFormat`."""
        data = section.data or _bytes_of(section)
        table = self._table(data, section, wanted)
        if table.num_rows:
            chunk_rows = max(1, min(chunk_rows, _CHUNK_BYTES * table.num_rows // max(table.nbytes, 1)))
        for first in range(0, table.num_rows, chunk_rows):
            yield Chunk(table.slice(first, chunk_rows), first)

    def _table(self, data: bytes, section: Section, wanted: Wanted) -> Any:
        found = self.layout(section.file)
        names = [name for name in wanted.columns if name in found]
        told = {name: wanted.types.get(name) for name in names}
        last: pa.ArrowInvalid | None = None
        for attempt in (_as_seen, _wider):
            types = {name: told[name] or attempt(found[name]) for name in names}
            try:
                return self.parse(data, section.file, types)
            except pa.ArrowInvalid as error:
                last = last or error
        raise self._told(last, section) from last

    def _told(self, error: pa.ArrowInvalid | None, section: Section) -> InvalidInput:
        text = str(error).partition("\n")[0].rstrip(".")
        found = _ROW.search(text)
        where = ""
        if found:
            # Counted from 1, and within the section alone.
            number = self.rows_before(section) + int(found[1]) + (1 if found[0].startswith(" in") else 0)
            where = f" in row {number}"
            text = _ROW.sub("", text)
        msg = f"{section.file} has a value that cannot be read{where}: {text}. Correct it, or the type of the column."
        return InvalidInput(msg)

    def _open(self, file: str) -> AbstractContextManager[Text]:
        return opened(file, self.separator(file), heading=self.heading)


def without_times(schema: pa.Schema) -> dict[str, Any]:
    """The types of a schema that was guessed: texts that look like times stay texts, as other readers leave them."""
    return {field.name: _plain(field.type) for field in schema}


def _plain(kind: Any) -> Any:
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(one.name, _plain(one.type)) for one in kind])
    # What is not UTF-8 is guessed to be bytes; as a text it is refused, with its row.
    return pa.string() if pa.types.is_temporal(kind) or pa.types.is_binary(kind) else kind


def _as_seen(kind: Any) -> Any:
    # The first rows may have no value where later ones have.
    return pa.float64() if pa.types.is_null(kind) else kind


def _wider(kind: Any) -> Any:
    if pa.types.is_null(kind):
        return pa.string()
    return pa.float64() if pa.types.is_integer(kind) else kind


def _bytes_of(section: Section) -> bytes:
    with Path(section.file).open("rb") as stream:
        stream.seek(section.start)
        data = stream.read(section.stop - section.start)
    if len(data) < section.stop - section.start:
        msg = f"{section.file} was made shorter while it was read. Read it again when nobody writes it."
        raise Conflict(msg)
    return data


def _stat(file: str) -> os.stat_result:
    try:
        return Path(file).stat()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}. Check the input."
        raise NotFound(msg) from error
