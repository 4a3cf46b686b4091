"""A file of a table cut into sections, which can be read by themselves, by several processes at once, in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Chunk", "Cutting", "Section", "TableFormat", "Wanted"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of one file.

    Attributes:
        index: From 0 within the file; who reads several files counts on.
        start: The first byte of a text, or the first row of a row group.
        stop: Behind the last one.
        group: The row group of a Parquet file.
        data: The text itself, where a file cannot be read from its middle.
        weight: How much of its file it is, for telling how far a reader is.
    """

    index: int
    file: str
    start: int
    stop: int
    group: int = 0
    data: bytes = b""
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Cutting:
    """How files are cut.

    Attributes:
        text_bytes: The size of a section of text.
        slices: Into how many sections a row group is cut.
    """

    text_bytes: int
    slices: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a file.

    Attributes:
        columns: Only these.
        types: Arrow types by column, where the reader knows them: for files that say none themselves.
        exact: Whether columns are cast to `types` where the file has types of its own, too.
    """

    columns: tuple[str, ...]
    types: Mapping[str, Any]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a section.

    Attributes:
        table: An Arrow table.
        first: The number of its first row within the section.
    """

    table: Any
    first: int


class TableFormat(Protocol):
    """One row of `TABLE_FORMATS`.

    All of it raises NotFound where the file is not there, InvalidInput where it is not what its format is, with
    the row as far as there is one, and DamagedData where it is not whole.
    """

    counts_rows: bool
    """Whether `size` is a number of rows."""

    def size(self, file: str) -> int:
        """How much there is to read: what `Section.weight` adds up to."""

    def groups(self, file: str) -> int:
        """How many parts the file itself consists of; 1 for a text."""

    def columns(self, file: str) -> tuple[str, ...]:
        """The names of the columns of a file, as far as they can be known before reading all of it."""

    def plan(self, file: str, cutting: Cutting) -> Iterator[Section]:
        """The sections of a file, in order. Cut again in the same way, they are the same."""

    def rows_before(self, section: Section) -> int:
        """How many rows of its file stand before a section: for messages, because it may take a while."""

    def read(self, section: Section, wanted: Wanted, chunk_rows: int) -> Iterator[Chunk]:
        """The rows of a section, at most so many at once.

        Raises:
            Conflict: If the file is shorter than it was when it was cut.
        """
