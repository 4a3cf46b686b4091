"""Keeping the house in memory: things taken in as they were elsewhere, and things removed for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.entities.deleted import DeletedItem, Kind
from treering.entities.experiment import Experiment
from treering.entities.governance import NOBODY, Actor
from treering.entities.lifecycle import Lifecycle
from treering.entities.model import ModelVersion, RegisteredModel
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.memory.history import begin_life, record
from treering.storage.metadata.memory.state import State

__all__ = ["MemoryUpkeep"]


class MemoryUpkeep:
    """UpkeepStore over a State; it does not know when a run was deleted."""

    def __init__(self, state: State) -> None:
        self._state = state

    def put_experiment(self, given: Experiment) -> Experiment:
        """See UpkeepStore."""
        with self._state.lock:
            known = self._state.experiments
            for one in known.values():
                if one.name == given.name and one.lifecycle_stage is Lifecycle.ACTIVE:
                    msg = f"An experiment called {given.name!r} exists already. Use another name."
                    raise AlreadyExists(msg)
            free = given.experiment_id.isdecimal() and given.experiment_id not in known
            number = given.experiment_id if free else str(max(int(one) for one in known) + 1)
            known[number] = replace(given, experiment_id=number, lifecycle_stage=Lifecycle.ACTIVE)
            return known[number]

    def put_registered_model(self, given: RegisteredModel) -> None:
        """See UpkeepStore."""
        with self._state.lock:
            if given.name not in self._state.registered_models:
                self._state.registered_models[given.name] = replace(given, aliases={}, latest_versions=())
                begin_life(self._state, given.name)
                record(self._state, Change("model.brought", given.name, after=given.description), NOBODY)

    def put_version(self, given: ModelVersion) -> None:
        """See UpkeepStore."""
        with self._state.lock:
            if given.name not in self._state.registered_models:
                msg = f"Registered Model with name={given.name} not found. Create it first, or check the spelling."
                raise NotFound(msg)
            if (given.name, given.version) not in self._state.versions:
                self._state.versions[given.name, given.version] = replace(given, aliases=())
                change = Change("version.brought", given.name, given.version, after=given.stage)
                record(self._state, change, Actor(given.user_id))
            self._state.numbers[given.name] = max(self._state.numbers.get(given.name, 0), given.version)

    def deleted(self) -> Sequence[DeletedItem]:
        """See UpkeepStore."""
        gone = Lifecycle.DELETED
        with self._state.lock:
            runs = sorted((run.info for run in self._state.runs.values()), key=lambda info: info.run_id)
            models = sorted(self._state.logged_models.values(), key=lambda model: model.model_id)
            experiments = self._state.experiments.values()
            return [
                *(
                    DeletedItem(Kind.RUN, info.run_id, info.experiment_id, info.artifact_uri, None)
                    for info in runs
                    if info.lifecycle_stage is gone
                ),
                *(
                    DeletedItem(
                        Kind.LOGGED_MODEL, one.model_id, one.experiment_id, one.artifact_uri, one.last_update_time
                    )
                    for one in models
                    if one.lifecycle_stage is gone
                ),
                *(
                    DeletedItem(
                        Kind.EXPERIMENT,
                        one.experiment_id,
                        one.experiment_id,
                        one.artifact_location,
                        one.last_update_time,
                    )
                    for one in experiments
                    if one.lifecycle_stage is gone
                ),
            ]

    def purge_runs(self, run_ids: Sequence[str]) -> int:
        """See UpkeepStore."""
        with self._state.lock:
            known = [run_id for run_id in dict.fromkeys(run_ids) if run_id in self._state.runs]
            for run_id in known:
                _refuse_active(run_id, self._state.runs[run_id].info.lifecycle_stage)
            self._forget_runs(known)
            return len(known)

    def purge_logged_models(self, model_ids: Sequence[str]) -> int:
        """See UpkeepStore."""
        with self._state.lock:
            known = [model_id for model_id in dict.fromkeys(model_ids) if model_id in self._state.logged_models]
            for model_id in known:
                _refuse_active(model_id, self._state.logged_models[model_id].lifecycle_stage)
            self._forget_models(known)
            return len(known)

    def purge_experiment(self, experiment_id: str) -> int:
        """See UpkeepStore."""
        with self._state.lock:
            state = self._state
            if experiment_id not in state.experiments:
                return 0
            _refuse_active(experiment_id, state.experiments[experiment_id].lifecycle_stage)
            self._forget_runs([key for key, run in state.runs.items() if run.info.experiment_id == experiment_id])
            self._forget_models([key for key, one in state.logged_models.items() if one.experiment_id == experiment_id])
            for view_id in [key for key, view in state.views.items() if view.experiment_id == experiment_id]:
                del state.views[view_id]
            del state.experiments[experiment_id]
            return 1

    def _forget_runs(self, run_ids: Sequence[str]) -> None:
        state, gone = self._state, set(run_ids)
        for run_id in gone:
            del state.runs[run_id]
        state.deleted_together -= gone
        for series in [series for series in state.segments if series[0] in gone]:
            del state.segments[series]
        for model_id, points in state.linked.items():
            state.linked[model_id] = [point for point in points if point.run_id not in gone]
        used = {
            (run.info.experiment_id, one.dataset.name, one.dataset.digest)
            for run in state.runs.values()
            for one in run.inputs.dataset_inputs
        }
        for place in [place for place in state.datasets if place not in used]:
            del state.datasets[place]

    def _forget_models(self, model_ids: Sequence[str]) -> None:
        for model_id in model_ids:
            del self._state.logged_models[model_id]
            self._state.linked.pop(model_id, None)


def _refuse_active(item_id: str, stage: Lifecycle) -> None:
    if stage is Lifecycle.ACTIVE:
        msg = f"{item_id!r} is active. Delete it first, then remove it for good."
        raise InvalidInput(msg)
