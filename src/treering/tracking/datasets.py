"""Recorded datasets on a metadata store."""

from __future__ import annotations

from collections.abc import Sequence

from treering.entities.dataset import Dataset, DatasetVersion
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

    def overview(self, experiment_ids: Sequence[str] = (), name: str = "") -> tuple[Sequence[DatasetVersion], bool]:
        """See the Protocol."""
        found = self._store.overview(experiment_ids, name, _MAX_FOUND + 1)
        return found[:_MAX_FOUND], len(found) > _MAX_FOUND
