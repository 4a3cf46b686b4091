"""Recorded datasets on a metadata store."""

from __future__ import annotations

from collections.abc import Sequence

from treering.entities.dataset import Dataset
from treering.storage.metadata.base import DatasetStore

__all__ = ["StoredDatasets"]

_MAX_FOUND = 1000


class StoredDatasets:
    """The `Datasets` of `treering.tracking.base`."""

    def __init__(self, store: DatasetStore) -> None:
        self._store = store

    def search(self, experiment_ids: Sequence[str]) -> Sequence[tuple[str, Dataset, str]]:
        """See the Protocol."""
        return self._store.search(experiment_ids, _MAX_FOUND)
