"""Tables of named columns: what is done with them, and who can do it.

The library is reached by name, so that a model that takes arrays is served
without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from treering.core.plugins import Registry
from treering.models.schema import Schema

__all__ = ["TABLES", "TableLibrary", "is_spark_frame", "is_table"]


class TableLibrary(Protocol):
    """What a library of tables offers; `Any` stands for its own classes."""

    def schema_of(self, data: Any) -> Schema:
        """The columns of a table or of one column; raises InvalidInput on types that no schema holds."""

    def enforce(self, data: Any, schema: Schema) -> Any:
        """`data` as a table with the columns of `schema`, cast where that loses nothing.

        Raises:
            InvalidInput: If a column is missing or cannot be cast safely; the message names it.
        """

    def array_of(self, data: Any) -> Any:
        """The values of a table as a NumPy array."""

    def split(self, data: Any) -> dict[str, Any]:
        """A table as `{"columns": [...], "data": [[...]]}`, ready for JSON."""

    def from_split(self, data: Any, schema: Schema | None) -> Any:
        """The reverse of `split`, values cast to the types of `schema`."""

    def from_records(self, data: Any, schema: Schema | None) -> Any:
        """A table from one dictionary per row, values cast to the types of `schema`."""

    def from_columns(self, data: Any, schema: Schema | None) -> Any:
        """A table from a dictionary of columns or a list of rows, values cast to the types of `schema`."""

    def from_arrays(self, names: Sequence[str], columns: Sequence[Any], matrix: Any) -> Any:
        """A table from one array a column, or, if that is no `None`, from one array of all rows."""

    def from_csv(self, data: bytes, schema: Schema | None, delimiter: str = ",") -> Any:
        """A table from CSV with a heading, values cast to the types of `schema`."""

    def from_parquet(self, data: bytes) -> Any:
        """A table from a Parquet file."""

    def from_arrow(self, data: bytes) -> Any:
        """A table from Arrow's format for streams or for files."""

    def join(self, tables: Sequence[Any]) -> Any:
        """The rows of tables with the same columns, one after the other."""

    def to_records(self, data: Any) -> list[dict[str, Any]]:
        """One dictionary per row of a table or of one column."""


TABLES: Registry[TableLibrary] = Registry(
    "treering.tables",
    "table library",
    {"pandas": "treering.models.tables.pandas:TABLES"},
    extras={"pandas": "pandas"},
)


def is_table(data: Any) -> bool:
    """Whether `data` is a pandas DataFrame or Series, found out without importing pandas."""
    return any(
        cls.__name__ in {"DataFrame", "Series"} and cls.__module__.partition(".")[0] == "pandas"
        for cls in type(data).__mro__
    )


def is_spark_frame(data: Any) -> bool:
    """Whether `data` is a DataFrame of Spark, found out without importing PySpark."""
    return any(cls.__name__ == "DataFrame" and cls.__module__.startswith("pyspark.sql.") for cls in type(data).__mro__)
