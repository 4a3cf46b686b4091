"""What a format of scored files offers: cutting files into pieces, reading pieces in chunks, writing parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from treering.models.scoring.job import Piece

__all__ = ["Chunk", "Cutting", "Format", "Output", "PartWriter", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a file.

    Attributes:
        columns: Only these.
        types: Arrow types by column, where the model's signature says them: for files that say none themselves.
        exact: Whether columns are cast to `types` where the file has types of its own, too.
    """

    columns: tuple[str, ...]
    types: Mapping[str, Any]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Cutting:
    """How files are cut: kept with a job, so that one that goes on cuts at the same places.

    Attributes:
        text_bytes: The size of a piece of text.
        slices: Into how many pieces a row group is cut.
    """

    text_bytes: int
    slices: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a piece.

    Attributes:
        table: An Arrow table.
        first: The number of its first row within the piece.
    """

    table: Any
    first: int


class PartWriter(Protocol):
    """Writes the answers of one piece into its part."""

    def write(self, table: Any) -> None:
        """Append an Arrow table; the first one fixes the columns."""

    def close(self) -> None:
        """Finish the part."""


class Output(Protocol):
    """Puts parts together, in order."""

    def append(self, part: str, columns: Sequence[str]) -> None:
        """Append a part with rows.

        Raises:
            InvalidInput: If its columns do not fit those before.
        """

    def finish(self, columns: Sequence[str]) -> None:
        """Finish the file, safe on the disk; `columns` are what it has if no part came."""

    def close(self) -> None:
        """Let go of the file, finished or not."""


class Format(Protocol):
    """One row of `SCORING_FORMATS`."""

    suffixes: tuple[str, ...]
    """Endings of files of this format, with the dot."""

    counts_rows: bool
    """Whether `size` is a number of rows."""

    def size(self, file: str) -> int:
        """How much there is to read: what `Piece.weight` adds up to."""

    def groups(self, file: str) -> int:
        """How many parts the file itself consists of; 1 for a text.

        Raises:
            DamagedData: If the file is none of this format.
        """

    def plan(self, file: str, cutting: Cutting) -> Iterator[Piece]:
        """The pieces of a file, numbered from 0. Cut again in the same way, they are the same."""

    def columns(self, file: str) -> tuple[str, ...]:
        """The names of the columns of a file, as far as they can be known before reading all of it."""

    def rows_before(self, piece: Piece) -> int:
        """How many rows of its file stand before a piece: for messages, because it may take a while."""

    def read(self, piece: Piece, wanted: Wanted, chunk_rows: int) -> Iterator[Chunk]:
        """The rows of a piece.

        Raises:
            InvalidInput: If a value is not what its column holds; the message names the row.
        """

    def writer(self, file: BinaryIO) -> PartWriter:
        """Writes parts of this format.

        Raises:
            NotSupported: If the format is only read.
        """

    def output(self, path: str, *, compressed: bool) -> Output:
        """Puts parts together in a new file."""
