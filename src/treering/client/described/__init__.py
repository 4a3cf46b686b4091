"""Libraries whose data can be described as datasets: reached by name, so that nobody else pays for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from treering.core.plugins import Registry
from treering.models.schema import Schema

__all__ = ["DESCRIBED", "DataLibrary", "Description"]


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
