"""Tracking, near: the use cases on a metadata store, put together."""

from __future__ import annotations

from treering.storage.metadata.base import MetadataStore
from treering.tracking.base import Tracking
from treering.tracking.datasets import StoredDatasets
from treering.tracking.experiments import StoredExperiments
from treering.tracking.grid import StoredGrid
from treering.tracking.limits import Lengths
from treering.tracking.logged_models import StoredLoggedModels
from treering.tracking.metrics import StoredMetrics
from treering.tracking.runs import StoredRuns
from treering.tracking.upkeep import StoredUpkeep
from treering.tracking.views import StoredViews

__all__ = ["open_tracking"]


def open_tracking(store: MetadataStore, artifact_root: str, *, truncate_long_values: bool = True) -> Tracking:
    """All of tracking on `store`.

    Args:
        artifact_root: URI below which experiments that name no place keep their artifacts.
        truncate_long_values: Cut params and tags that are too long, instead of refusing them.
    """
    lengths = Lengths(truncate_long_values)
    experiments = StoredExperiments(store.experiments, artifact_root)
    return Tracking(
        experiments,
        StoredRuns(experiments, store.runs, store.series, lengths),
        StoredMetrics(store.runs, store.series),
        StoredLoggedModels(experiments, store.runs, store.logged_models, lengths),
        StoredDatasets(store.datasets),
        StoredViews(store.views),
        StoredUpkeep(store),
        StoredGrid(store.runs, store.grid, lengths),
    )
