"""Experiments on a metadata store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from treering.core.errors import InvalidInput
from treering.core.uri import join
from treering.entities.experiment import Experiment, ExperimentActivity
from treering.entities.lifecycle import Lifecycle
from treering.entities.page import Page, Query
from treering.storage.metadata.base import ExperimentStore
from treering.tracking.limits import (
    check_experiment_name,
    check_experiment_tags,
    check_key,
    check_location,
    check_max_results,
    check_present,
)

__all__ = ["StoredExperiments"]

_AT_ONCE = 5000


class StoredExperiments:
    """The `Experiments` of `treering.tracking.base`.

    Args:
        artifact_root: URI below which experiments that name no place keep their artifacts.
    """

    def __init__(self, store: ExperimentStore, artifact_root: str) -> None:
        self._store = store
        self._artifact_root = artifact_root

    def create(self, name: str, artifact_location: str = "", tags: Mapping[str, str] | None = None) -> Experiment:
        """See the Protocol."""
        check_experiment_name(name)
        check_location(artifact_location)
        check_experiment_tags(tags or {})
        return self._placed(self._store.create(name, self._artifact_root, artifact_location, tags or {}))

    def get(self, experiment_id: str) -> Experiment:
        """See the Protocol."""
        return self._placed(self._store.get(check_present(experiment_id, "experiment_id")))

    def get_by_name(self, name: str) -> Experiment:
        """See the Protocol."""
        return self._placed(self._store.get_by_name(check_present(name, "experiment_name")))

    def search(self, query: Query) -> Page[Experiment]:
        """See the Protocol."""
        check_max_results(query.max_results)
        page = self._store.search(query)
        return replace(page, items=[self._placed(found) for found in page.items])

    def overview(self, experiment_ids: Sequence[str]) -> Sequence[ExperimentActivity]:
        """See the Protocol."""
        if len(experiment_ids) > _AT_ONCE:
            msg = f"experiment_ids names {len(experiment_ids)} experiments; ask for at most {_AT_ONCE} at once."
            raise InvalidInput(msg)
        return self._store.overview(experiment_ids)

    def rename(self, experiment_id: str, name: str) -> None:
        """See the Protocol."""
        check_experiment_name(name)
        self._store.rename(experiment_id, name)

    def delete(self, experiment_id: str) -> None:
        """See the Protocol."""
        self._store.set_lifecycle(experiment_id, Lifecycle.DELETED)

    def restore(self, experiment_id: str) -> None:
        """See the Protocol."""
        self._store.set_lifecycle(experiment_id, Lifecycle.ACTIVE)

    def set_tags(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """See the Protocol."""
        check_experiment_tags(tags)
        self._store.set_tags(experiment_id, tags)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """See the Protocol."""
        self._store.delete_tag(experiment_id, check_key(key, "key"))

    def _placed(self, experiment: Experiment) -> Experiment:
        """The experiment `Default`, which a database has from the start, is stored without a place for artifacts."""
        if experiment.artifact_location:
            return experiment
        return replace(experiment, artifact_location=join(self._artifact_root, experiment.experiment_id))
