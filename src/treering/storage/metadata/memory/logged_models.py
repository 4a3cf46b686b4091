"""Logged models in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import NotFound
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus
from treering.entities.model import LoggedModel
from treering.entities.page import Page, Query
from treering.storage.metadata.memory.state import State
from treering.storage.metadata.merge import merged_params
from treering.storage.metadata.search.evaluate import answer
from treering.storage.metadata.search.fields import LOGGED_MODELS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.readers import LoggedModelReader

__all__ = ["MemoryLoggedModels"]


class MemoryLoggedModels:
    """LoggedModelStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, model: LoggedModel) -> LoggedModel:
        """See LoggedModelStore."""
        with self._state.lock:
            self._state.experiment(model.experiment_id)
            self._state.logged_models[model.model_id] = model
            return self._shown(model)

    def get(self, model_id: str) -> LoggedModel:
        """See LoggedModelStore."""
        with self._state.lock:
            return self._shown(self._known(model_id))

    def set_status(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """See LoggedModelStore."""
        with self._state.lock:
            return self._put(replace(self._known(model_id), status=status, last_update_time=now()))

    def set_lifecycle(self, model_id: str, stage: Lifecycle) -> None:
        """See LoggedModelStore."""
        with self._state.lock:
            self._put(replace(self._known(model_id), lifecycle_stage=stage, last_update_time=now()))

    def search(self, query: Query, datasets: Sequence[Dataset]) -> Page[LoggedModel]:
        """See LoggedModelStore."""
        search = parse_search(LOGGED_MODELS, query.filter, query.order_by)
        with self._state.lock:
            seen = [
                self._shown(model)
                for model in self._state.logged_models.values()
                if model.experiment_id in query.experiment_ids and query.view.includes(model.lifecycle_stage)
            ]
        scope = [f"{dataset.name}\n{dataset.digest}" for dataset in datasets]
        return answer(seen, search, query, LoggedModelReader(datasets), LOGGED_MODELS.noun, *scope)

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """See LoggedModelStore."""
        with self._state.lock:
            known = self._known(model_id)
            return self._put(replace(known, tags={**known.tags, **tags}))

    def delete_tag(self, model_id: str, key: str) -> None:
        """See LoggedModelStore."""
        with self._state.lock:
            known = self._known(model_id)
            if key not in known.tags:
                msg = f"The logged model {model_id!r} has no tag {key!r}; there is nothing to delete."
                raise NotFound(msg)
            self._put(replace(known, tags={name: value for name, value in known.tags.items() if name != key}))

    def log_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """See LoggedModelStore."""
        with self._state.lock:
            known = self._known(model_id)
            self._put(replace(known, params=merged_params(f"logged model {model_id!r}", known.params, params)))

    def _known(self, model_id: str) -> LoggedModel:
        if model_id not in self._state.logged_models:
            msg = f"Logged model with ID '{model_id}' not found. Check the id and the tracking URI."
            raise NotFound(msg)
        return self._state.logged_models[model_id]

    def _put(self, model: LoggedModel) -> LoggedModel:
        self._state.logged_models[model.model_id] = model
        return self._shown(model)

    def _shown(self, model: LoggedModel) -> LoggedModel:
        """With what other tables know of it."""
        registrations = sorted(
            place for place, version in self._state.versions.items() if version.model_id == model.model_id
        )
        return replace(
            model, metrics=tuple(self._state.linked.get(model.model_id, ())), registrations=tuple(registrations)
        )
