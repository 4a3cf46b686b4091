"""Logged models on a metadata store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound
from treering.core.ids import new_model_id, new_run_name
from treering.core.uri import join
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus
from treering.entities.model import LoggedModel
from treering.entities.page import Page, Query
from treering.storage.metadata.base import LoggedModelStore, RunStore
from treering.tracking.base import Experiments, NewLoggedModel
from treering.tracking.limits import Lengths, check_key, check_max_results, check_model_name, check_present

__all__ = ["StoredLoggedModels"]


class StoredLoggedModels:
    """The `LoggedModels` of `treering.tracking.base`; a deleted model is found by `allow_deleted` alone."""

    def __init__(self, experiments: Experiments, runs: RunStore, models: LoggedModelStore, lengths: Lengths) -> None:
        self._experiments = experiments
        self._runs = runs
        self._models = models
        self._lengths = lengths

    def create(self, new: NewLoggedModel) -> LoggedModel:
        """See the Protocol."""
        check_present(new.experiment_id, "experiment_id")
        name = check_model_name(new.name or new_run_name())
        params, tags = self._lengths.params(new.params or {}), self._lengths.tags(new.tags or {})
        experiment = self._experiments.get(new.experiment_id)
        if experiment.lifecycle_stage is not Lifecycle.ACTIVE:
            msg = f"The experiment {new.experiment_id} must be in the 'active' state. Restore it, or choose another."
            raise InvalidInput(msg)
        if new.source_run_id:
            self._runs.get(new.source_run_id)
        model_id, time = new_model_id(), now()
        return self._models.create(
            LoggedModel(
                model_id,
                new.experiment_id,
                name,
                artifact_uri=join(experiment.artifact_location, "models", model_id, "artifacts"),
                status=LoggedModelStatus.PENDING,
                lifecycle_stage=Lifecycle.ACTIVE,
                creation_time=time,
                last_update_time=time,
                model_type=new.model_type,
                source_run_id=new.source_run_id,
                params=params,
                tags=tags,
            )
        )

    def get(self, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """See the Protocol."""
        model = self._models.get(check_present(model_id, "model_id"))
        if model.lifecycle_stage is Lifecycle.DELETED and not allow_deleted:
            msg = f"Logged model with ID '{model_id}' not found. It was deleted."
            raise NotFound(msg)
        return model

    def finalize(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """See the Protocol."""
        self.get(model_id)
        return self._models.set_status(model_id, status)

    def delete(self, model_id: str) -> None:
        """See the Protocol."""
        self.get(model_id)
        self._models.set_lifecycle(model_id, Lifecycle.DELETED)

    def search(self, query: Query, datasets: Sequence[Dataset] = ()) -> Page[LoggedModel]:
        """See the Protocol."""
        check_max_results(query.max_results)
        return self._models.search(query, datasets)

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """See the Protocol."""
        checked = self._lengths.tags(tags)
        self.get(model_id)
        return self._models.set_tags(model_id, checked)

    def delete_tag(self, model_id: str, key: str) -> None:
        """See the Protocol."""
        check_key(key, "key")
        self.get(model_id)
        self._models.delete_tag(model_id, key)

    def log_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """See the Protocol."""
        checked = self._lengths.params(params)
        self.get(model_id)
        self._models.log_params(model_id, checked)
