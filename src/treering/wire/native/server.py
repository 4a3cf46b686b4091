"""What a server says of itself in the native API, and datasets."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.dataset import Dataset
from treering.wire.endpoint import Empty, Endpoint, Permission, Stream

__all__ = ["DATASETS", "DESCRIPTION", "INFO", "DatasetList", "DatasetUse", "SearchDatasets", "ServerInfo"]


class ServerInfo(msgspec.Struct, frozen=True):
    """Which server this is, where a client without an own place puts artifacts, and the server's time in milliseconds."""

    version: str
    database: str
    default_artifact_root: str
    serves_artifacts: bool
    time: int = 0


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


INFO = Endpoint("server.info", "GET", "/api/v1/server", Empty, ServerInfo, Permission.OPEN, "Which server this is")
DESCRIPTION = Endpoint(
    "server.description", "GET", "/api/v1/openapi.json", Empty, Stream, Permission.OPEN, "This description"
)
DATASETS = Endpoint(
    "datasets.search", "POST", "/api/v1/datasets/search", SearchDatasets, DatasetList, Permission.READ_EXPERIMENTS,
    "Datasets that runs recorded",
)  # fmt: skip
