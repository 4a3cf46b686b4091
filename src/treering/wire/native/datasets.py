"""Datasets in the native API: those that runs recorded, and how they were used."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.dataset import Dataset, DatasetVersion
from treering.wire.endpoint import Endpoint, Permission

__all__ = [
    "OVERVIEW",
    "SEARCH",
    "AskDatasets",
    "DatasetList",
    "DatasetOverview",
    "DatasetUse",
    "NamedDataset",
    "SearchDatasets",
]


class SearchDatasets(msgspec.Struct, frozen=True):
    """Of which experiments the datasets are wanted."""

    experiment_ids: Sequence[str]


class DatasetUse(msgspec.Struct, frozen=True):
    """A dataset and the role in which runs of an experiment used it."""

    experiment_id: str
    dataset: Dataset
    context: str


class DatasetList(msgspec.Struct, frozen=True):
    """Datasets that runs recorded, at most 1000."""

    datasets: Sequence[DatasetUse]


class AskDatasets(msgspec.Struct, frozen=True):
    """Of which experiments (none given: of all) datasets are wanted, and of which name ("": of all names)."""

    experiment_ids: Sequence[str] = ()
    name: str = ""


class NamedDataset(msgspec.Struct, frozen=True):
    """All versions of a dataset that runs used, the one used last first; schemas only where one name was asked for."""

    name: str
    runs: int
    first_used: int
    last_used: int
    versions: Sequence[DatasetVersion]


class DatasetOverview(msgspec.Struct, frozen=True):
    """Datasets, the one used last first; `truncated` where not all versions could be listed."""

    datasets: Sequence[NamedDataset]
    truncated: bool = False


_READ = Permission.READ_EXPERIMENTS

SEARCH = Endpoint(
    "datasets.search", "POST", "/api/v1/datasets/search", SearchDatasets, DatasetList, _READ,
    "Datasets that runs recorded",
)  # fmt: skip
OVERVIEW = Endpoint(
    "datasets.overview", "POST", "/api/v1/datasets/overview", AskDatasets, DatasetOverview, _READ,
    "Versions of datasets, and how many runs used each",
)  # fmt: skip
