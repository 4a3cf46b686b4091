"""Tables of results, for those who have pandas: reached by name, so that nobody else pays for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from treering.core.plugins import Registry
from treering.entities.model import LoggedModel
from treering.entities.run_table import RunTable

__all__ = ["FRAMES", "FrameLibrary"]


class FrameLibrary(Protocol):
    """What a library of data frames offers; `Any` stands for its own class."""

    def runs(self, pages: Sequence[RunTable]) -> Any:
        """One row for each run of all pages, with MLflow's columns."""

    def models(self, models: Sequence[LoggedModel]) -> Any:
        """One row for each logged model, with MLflow's columns."""

    def table(self, columns: Mapping[str, Sequence[Any]]) -> Any:
        """A frame of these columns."""

    def columns(self, frame: Any) -> dict[str, list[Any]]:
        """The reverse of `table`."""

    def concatenate(self, frames: Sequence[Any]) -> Any:
        """All rows, one frame below the other."""

    def to_parquet(self, columns: Mapping[str, Sequence[Any]]) -> bytes:
        """A Parquet file."""

    def from_parquet(self, data: bytes) -> Any:
        """The reverse of `to_parquet`."""

    def check_column(self, frame: Any, column: str | None) -> None:
        """Raises InvalidInput if a column is named that `frame` does not have."""

    def digest(self, frame: Any, rows: int | None = None) -> str:
        """The eight digits that MLflow gives a table: of its first 10,000 rows, its length and its column names.

        Args:
            rows: The length, where `frame` is only the beginning of the table.
        """

    def hash_values(self, values: Any) -> bytes:
        """Eight bytes for each value of an array that holds no numbers; those of its size if they cannot be hashed."""


FRAMES: Registry[FrameLibrary] = Registry(
    "treering.frames",
    "data frame library",
    {"pandas": "treering.client.frames.pandas:FRAMES"},
    extras={"pandas": "pandas"},
)
