"""Experiments in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import AlreadyExists, NotFound
from treering.core.uri import join
from treering.entities.experiment import Experiment, ExperimentActivity
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.page import Page, Query
from treering.storage.metadata.memory.state import State
from treering.storage.metadata.search.evaluate import answer
from treering.storage.metadata.search.fields import EXPERIMENTS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.readers import ExperimentReader

__all__ = ["MemoryExperiments"]


class MemoryExperiments:
    """ExperimentStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, name: str, artifact_root: str, artifact_location: str, tags: Mapping[str, str]) -> Experiment:
        """See ExperimentStore."""
        with self._state.lock:
            self._refuse_taken(name)
            number = str(max(int(known) for known in self._state.experiments) + 1)
            time = now()
            location = artifact_location or join(artifact_root, number)
            made = Experiment(number, name, location, Lifecycle.ACTIVE, time, time, dict(tags))
            self._state.experiments[number] = made
            return made

    def get(self, experiment_id: str) -> Experiment:
        """See ExperimentStore."""
        with self._state.lock:
            return self._state.experiment(experiment_id)

    def get_by_name(self, name: str) -> Experiment:
        """See ExperimentStore."""
        with self._state.lock:
            named = [known for known in self._state.experiments.values() if known.name == name]
        if not named:
            msg = f"There is no experiment called {name!r}. Create it first, or check the spelling."
            raise NotFound(msg)
        return max(
            named,
            key=lambda known: (
                known.lifecycle_stage is Lifecycle.ACTIVE,
                known.last_update_time,
                int(known.experiment_id),
            ),
        )

    def search(self, query: Query) -> Page[Experiment]:
        """See ExperimentStore."""
        search = parse_search(EXPERIMENTS, query.filter, query.order_by)
        with self._state.lock:
            seen = [known for known in self._state.experiments.values() if query.view.includes(known.lifecycle_stage)]
        return answer(seen, search, query, ExperimentReader(), EXPERIMENTS.noun)

    def overview(self, experiment_ids: Sequence[str]) -> Sequence[ExperimentActivity]:
        """See ExperimentStore."""
        with self._state.lock:
            infos = [run.info for run in self._state.runs.values() if run.info.lifecycle_stage is Lifecycle.ACTIVE]
        found = []
        for experiment_id in experiment_ids:
            own = [info for info in infos if info.experiment_id == experiment_id]
            running = sum(info.status is RunStatus.RUNNING for info in own)
            last = max((info.start_time for info in own), default=None)
            found.append(ExperimentActivity(experiment_id, len(own), running, last))
        return found

    def rename(self, experiment_id: str, name: str) -> None:
        """See ExperimentStore."""
        with self._state.lock:
            known = self._state.experiment(experiment_id)
            if known.lifecycle_stage is Lifecycle.ACTIVE and known.name != name:
                self._refuse_taken(name)
            self._put(replace(known, name=name, last_update_time=now()))

    def set_lifecycle(self, experiment_id: str, stage: Lifecycle) -> None:
        """See ExperimentStore."""
        with self._state.lock:
            known = self._state.experiment(experiment_id)
            if known.lifecycle_stage is stage:
                msg = f"The experiment {experiment_id!r} is {stage} already; there is nothing to do."
                raise NotFound(msg)
            if stage is Lifecycle.ACTIVE:
                self._refuse_taken(known.name)
            self._put(replace(known, lifecycle_stage=stage, last_update_time=now()))
            for run_id, run in self._state.runs.items():
                if run.info.experiment_id == experiment_id and self._moves_along(run_id, stage):
                    self._state.runs[run_id] = replace(run, info=replace(run.info, lifecycle_stage=stage))

    def _moves_along(self, run_id: str, stage: Lifecycle) -> bool:
        together = self._state.deleted_together
        if stage is Lifecycle.ACTIVE:
            moves = run_id in together
            together.discard(run_id)
            return moves
        moves = self._state.runs[run_id].info.lifecycle_stage is Lifecycle.ACTIVE
        if moves:
            together.add(run_id)
        return moves

    def set_tags(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """See ExperimentStore."""
        with self._state.lock:
            known = self._state.experiment(experiment_id)
            self._put(replace(known, tags={**known.tags, **tags}))

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """See ExperimentStore."""
        with self._state.lock:
            known = self._state.experiment(experiment_id)
            if key not in known.tags:
                msg = f"The experiment {experiment_id!r} has no tag {key!r}; there is nothing to delete."
                raise NotFound(msg)
            self._put(replace(known, tags={name: value for name, value in known.tags.items() if name != key}))

    def _put(self, experiment: Experiment) -> None:
        self._state.experiments[experiment.experiment_id] = experiment

    def _refuse_taken(self, name: str) -> None:
        for known in self._state.experiments.values():
            if known.name == name and known.lifecycle_stage is Lifecycle.ACTIVE:
                msg = f"An experiment called {name!r} exists already, with the id {known.experiment_id}. Use another name."
                raise AlreadyExists(msg)
