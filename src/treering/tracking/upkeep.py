"""Keeping the house on a metadata store: taking in exactly, and removing for good."""

from __future__ import annotations

from collections.abc import Sequence

from treering.core.errors import InvalidInput, NotFound
from treering.entities.deleted import DeletedItem
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID, Experiment
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import Run, RunChanges
from treering.storage.metadata.base import MetadataStore
from treering.tracking.limits import check_experiment_name, check_location, check_present

__all__ = ["StoredUpkeep"]


class StoredUpkeep:
    """The `Upkeep` of `treering.tracking.base`."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def put_experiment(self, given: Experiment) -> Experiment:
        """See the Protocol."""
        check_experiment_name(given.name)
        check_location(given.artifact_location)
        return self._store.upkeep.put_experiment(given)

    def put_run(self, given: Run) -> Run:
        """See the Protocol."""
        check_present(given.info.run_id, "run_id")
        made = self._store.runs.create(given.info, given.data.tags)
        changes = RunChanges(
            given.info.run_id,
            params={key: value for key, value in given.data.params.items() if key not in made.data.params},
            dataset_inputs=given.inputs.dataset_inputs,
            model_inputs=given.inputs.model_inputs,
            model_outputs=given.outputs.model_outputs,
        )
        if changes != RunChanges(given.info.run_id):
            self._store.runs.apply([changes], None)
        return self._store.runs.get(given.info.run_id)

    def put_logged_model(self, given: LoggedModel) -> LoggedModel:
        """See the Protocol."""
        try:
            return self._store.logged_models.get(check_present(given.model_id, "model_id"))
        except NotFound:
            return self._store.logged_models.create(given)

    def put_registered_model(self, given: RegisteredModel) -> None:
        """See the Protocol."""
        self._store.upkeep.put_registered_model(given)

    def put_version(self, given: ModelVersion) -> None:
        """See the Protocol."""
        self._store.upkeep.put_version(given)

    def deleted(self) -> Sequence[DeletedItem]:
        """See the Protocol."""
        return self._store.upkeep.deleted()

    def purge_runs(self, run_ids: Sequence[str]) -> int:
        """See the Protocol."""
        return self._store.upkeep.purge_runs(list(dict.fromkeys(run_ids)))

    def purge_logged_models(self, model_ids: Sequence[str]) -> int:
        """See the Protocol."""
        return self._store.upkeep.purge_logged_models(list(dict.fromkeys(model_ids)))

    def purge_experiment(self, experiment_id: str) -> int:
        """See the Protocol."""
        if experiment_id == DEFAULT_EXPERIMENT_ID:
            msg = "The experiment '0' always exists and cannot be removed for good. Remove its runs instead."
            raise InvalidInput(msg)
        return self._store.upkeep.purge_experiment(experiment_id)
