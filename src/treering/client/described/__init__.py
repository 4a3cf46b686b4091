"""Libraries whose data can be described as datasets: reached by name, so that nobody else pays for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from treering.core.plugins import Registry
from treering.models.schema import Schema

__all__ = ["DESCRIBED", "TABLE_ENGINES", "TENSORS", "DataLibrary", "Description", "TableEngine", "TensorLibrary"]


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of data.

    Attributes:
        schema: None where the data has types that no schema holds.
        profile: Its size.
    """

    digest: str
    schema: Schema | None
    profile: Mapping[str, Any]


class DataLibrary(Protocol):
    """What is asked of a library of data."""

    def columns(self, data: Any) -> list[str]:
        """The names of the columns."""

    def describe(self, data: Any) -> Description:
        """Fingerprint, schema and size."""


class TensorLibrary(Protocol):
    """What is asked of a library of tensors, and of pipelines that give them one by one."""

    def check(self, features: Any, targets: Any) -> None:
        """Raise InvalidInput if these are not its own, or not of one kind; `targets` may be None."""

    def digest(self, features: Any, targets: Any) -> str:
        """The fingerprint. Raises InvalidInput if there is no data, or no end of it."""

    def schema(self, data: Any) -> Schema | None:
        """The tensor, or those of the first element; None if that holds something else."""

    def size(self, data: Any) -> int:
        """Values of a tensor; elements of a pipeline, where below 0 stands for an endless or an unknown number."""


class TableEngine(Protocol):
    """What is asked of an engine that has tables of its own."""

    def columns(self, data: Any) -> list[str]:
        """The names of the columns."""

    def digest(self, data: Any) -> str:
        """The fingerprint."""

    def schema(self, data: Any) -> list[dict[str, Any]] | None:
        """The columns, as MLflow writes them; None if one has a type for which it has no word."""

    def profile(self, data: Any) -> dict[str, Any] | None:
        """The size; None if the engine does not tell."""

    def load(self, fields: Mapping[str, Any]) -> Any:
        """The table of a source's JSON: a path, a table or a statement."""

    def load_versioned(self, fields: Mapping[str, Any]) -> Any:
        """The same for a table whose versions are kept."""

    def full_name(self, table: str) -> str:
        """The name of a table with those of its catalogue and schema, where these are not the usual ones."""

    def is_versioned(self, table: str) -> bool:
        """Whether the versions of a table are kept."""

    def latest_version(self, table: str = "", path: str = "") -> int | None:
        """The newest version of a table or folder; None if the engine does not tell."""


TABLE_ENGINES: Registry[TableEngine] = Registry(
    "treering.table_engines", "table engine", {"spark": "treering.client.described.spark:ENGINE"}
)
TENSORS: Registry[TensorLibrary] = Registry(
    "treering.tensors", "library of tensors", {"tensorflow": "treering.client.described.tensorflow:TENSORS"}
)
DESCRIBED: Registry[DataLibrary] = Registry(
    "treering.described",
    "data library",
    {
        "arrow": "treering.client.described.arrow:DATA",
        "huggingface": "treering.client.described.huggingface:DATA",
        "polars": "treering.client.described.polars:DATA",
    },
    extras={"arrow": "pandas", "huggingface": "pandas", "polars": "polars"},
)
