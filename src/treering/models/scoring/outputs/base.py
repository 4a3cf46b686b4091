"""What a format of predictions offers: writing parts, and putting them together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Protocol

__all__ = ["Output", "OutputFormat", "PartWriter"]


class PartWriter(Protocol):
    """Writes the answers for one section into its part."""

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


class OutputFormat(Protocol):
    """One row of `OUTPUT_FORMATS`."""

    suffix: str
    """What the names of its files end with."""

    def writer(self, file: BinaryIO) -> PartWriter:
        """Writes parts."""

    def output(self, path: str, *, compressed: bool) -> Output:
        """Puts parts together in a new file."""
