"""Data together with what is stored of it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from treering.client.dataset_sources import DatasetSource, stored_source
from treering.core.errors import InvalidInput
from treering.entities.dataset import Dataset

__all__ = ["DEFAULT_NAME", "DescribedDataset", "check_columns"]

DEFAULT_NAME = "dataset"


@dataclass(frozen=True, slots=True, eq=False)
class DescribedDataset:
    """Data with its description.

    Attributes:
        entity: What is stored.
        data: The features as they were given.
        targets: The labels: for a table the name of their column, else the values; None where there are none.
        predictions: As `targets`, for what a model predicted.
    """

    entity: Dataset
    data: Any
    targets: Any = None
    predictions: Any = None

    @property
    def name(self) -> str:
        """The name."""
        return self.entity.name

    @property
    def digest(self) -> str:
        """The fingerprint."""
        return self.entity.digest

    @property
    def df(self) -> Any:
        """The table, under the name that MLflow uses."""
        return self.data

    @property
    def features(self) -> Any:
        """The features, under the name that MLflow uses."""
        return self.data

    @property
    def profile(self) -> Any:
        """Size and shape, as a dictionary."""
        return json.loads(self.entity.profile)

    @property
    def source(self) -> DatasetSource:
        """Where it came from."""
        return stored_source(self.entity)

    @property
    def schema(self) -> Any:
        """The JSON of its columns or arrays, as a dictionary; None where nobody knows them."""
        return json.loads(self.entity.schema) if self.entity.schema else None

    def to_dict(self) -> dict[str, Any]:
        """What is stored, as MLflow's dictionary of strings."""
        return dataclasses.asdict(self.entity)

    def to_entity(self) -> Dataset:
        """What is stored."""
        return self.entity


def check_columns(columns: list[str], *wanted: str | None) -> None:
    """Raise InvalidInput if one of the columns is not there; None is no column."""
    for column in wanted:
        if column is not None and column not in columns:
            msg = f"The table has no column {column!r}. It has: {', '.join(columns[:20])}."
            raise InvalidInput(msg)
