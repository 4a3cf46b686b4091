"""What `log_input` takes: anything that names and fingerprints a dataset; it does not look into the data."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Protocol

from treering.entities.dataset import Dataset

__all__ = ["LoggedDataset", "dataset_of", "described"]

# It needs more than most who log, and what is here.
_DATASETS = "treering.client.path_datasets"


class LoggedDataset(Protocol):
    """A dataset as `treering.data.from_pandas` and its like make it."""

    def to_entity(self) -> Dataset:
        """Name, digest, source, schema and profile."""
        ...


def dataset_of(dataset: LoggedDataset | Dataset) -> Dataset:
    """The description of a dataset that is stored."""
    return dataset if isinstance(dataset, Dataset) else dataset.to_entity()


def described(dataset: LoggedDataset | Dataset | str | Path) -> tuple[Dataset, Mapping[str, str]]:
    """The description, and what is kept with each run that uses it; a path or URL is described by its content."""
    found: LoggedDataset | Dataset = (
        import_module(_DATASETS).at_path(dataset) if isinstance(dataset, str | Path) else dataset
    )
    return dataset_of(found), getattr(found, "tags", None) or {}
