"""What `log_input` takes: anything that names and fingerprints a dataset; it does not look into the data."""

from __future__ import annotations

from typing import Protocol

from treering.entities.dataset import Dataset

__all__ = ["LoggedDataset", "dataset_of"]


class LoggedDataset(Protocol):
    """A dataset as `treering.data.from_pandas` and its like make it."""

    def to_entity(self) -> Dataset:
        """Name, digest, source, schema and profile."""
        ...


def dataset_of(dataset: LoggedDataset | Dataset) -> Dataset:
    """The description of a dataset that is stored."""
    return dataset if isinstance(dataset, Dataset) else dataset.to_entity()
