"""Registered models and their versions in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import AlreadyExists, NotFound
from treering.entities.model import ModelVersion, RegisteredModel
from treering.entities.page import Page, Query
from treering.storage.metadata.memory.state import State
from treering.storage.metadata.search.evaluate import answer
from treering.storage.metadata.search.fields import MODEL_VERSIONS, REGISTERED_MODELS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.readers import ModelVersionReader, RegisteredModelReader

__all__ = ["MemoryModelVersions", "MemoryRegisteredModels"]


def _model(state: State, name: str) -> RegisteredModel:
    if name not in state.registered_models:
        msg = f"Registered Model with name={name} not found. Create it first, or check the spelling."
        raise NotFound(msg)
    return state.registered_models[name]


def _version(state: State, name: str, version: int) -> ModelVersion:
    _model(state, name)
    if (name, version) not in state.versions:
        msg = f"Model Version (name={name}, version={version}) not found. Search its versions to see which there are."
        raise NotFound(msg)
    return _with_aliases(state, state.versions[name, version])


def _with_aliases(state: State, version: ModelVersion) -> ModelVersion:
    aliases = state.registered_models[version.name].aliases
    return replace(version, aliases=tuple(sorted(alias for alias, at in aliases.items() if at == version.version)))


def _newest(state: State, name: str) -> list[ModelVersion]:
    newest: dict[str, ModelVersion] = {}
    for (owner, number), version in state.versions.items():
        if owner == name and (version.stage not in newest or newest[version.stage].version < number):
            newest[version.stage] = version
    return [_with_aliases(state, version) for version in sorted(newest.values(), key=lambda found: found.version)]


class MemoryRegisteredModels:
    """RegisteredModelStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, name: str, description: str, tags: Mapping[str, str]) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            self._refuse_taken(name)
            time = now()
            self._state.registered_models[name] = RegisteredModel(name, time, time, description, dict(tags))
            return self.get(name)

    def get(self, name: str) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            return replace(_model(self._state, name), latest_versions=tuple(_newest(self._state, name)))

    def search(self, query: Query) -> Page[RegisteredModel]:
        """See RegisteredModelStore."""
        search = parse_search(REGISTERED_MODELS, query.filter, query.order_by)
        with self._state.lock:
            seen = [self.get(name) for name in self._state.registered_models]
        return answer(seen, search, query, RegisteredModelReader(), REGISTERED_MODELS.noun)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = _model(self._state, name)
            if new_name != name:
                self._refuse_taken(new_name)
            del self._state.registered_models[name]
            self._state.registered_models[new_name] = replace(known, name=new_name, last_update_time=now())
            for owner, number in list(self._state.versions):
                if owner == name:
                    moved = replace(self._state.versions.pop((owner, number)), name=new_name)
                    self._state.versions[new_name, number] = moved
            self._state.numbers[new_name] = self._state.numbers.pop(name, 0)
            return self.get(new_name)

    def update(self, name: str, description: str) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            self._put(replace(_model(self._state, name), description=description, last_update_time=now()))
            return self.get(name)

    def delete(self, name: str) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            _model(self._state, name)
            del self._state.registered_models[name]
            self._state.numbers.pop(name, None)
            for place in [place for place in self._state.versions if place[0] == name]:
                del self._state.versions[place]

    def set_tags(self, name: str, tags: Mapping[str, str]) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = _model(self._state, name)
            self._put(replace(known, tags={**known.tags, **tags}))

    def delete_tag(self, name: str, key: str) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = _model(self._state, name)
            self._put(replace(known, tags={tag: value for tag, value in known.tags.items() if tag != key}))

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            _version(self._state, name, version)
            known = _model(self._state, name)
            self._put(replace(known, aliases={**known.aliases, alias: version}))

    def delete_alias(self, name: str, alias: str) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = _model(self._state, name)
            self._put(replace(known, aliases={other: at for other, at in known.aliases.items() if other != alias}))

    def _put(self, model: RegisteredModel) -> None:
        self._state.registered_models[model.name] = model

    def _refuse_taken(self, name: str) -> None:
        if name in self._state.registered_models:
            msg = f"A registered model called {name!r} exists already. Use another name."
            raise AlreadyExists(msg)


class MemoryModelVersions:
    """ModelVersionStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, version: ModelVersion) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            known = _model(self._state, version.name)
            number = self._state.numbers.get(version.name, 0) + 1
            self._state.numbers[version.name] = number
            self._state.versions[version.name, number] = replace(version, version=number, aliases=())
            self._state.registered_models[version.name] = replace(known, last_update_time=now())
            return self.get(version.name, number)

    def get(self, name: str, version: int) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            return _version(self._state, name, version)

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            aliases = _model(self._state, name).aliases
            if alias not in aliases:
                msg = f"The registered model {name!r} has no alias {alias!r}. Set it, or use a version."
                raise NotFound(msg)
            return _version(self._state, name, aliases[alias])

    def search(self, query: Query) -> Page[ModelVersion]:
        """See ModelVersionStore."""
        search = parse_search(MODEL_VERSIONS, query.filter, query.order_by)
        with self._state.lock:
            seen = [_with_aliases(self._state, version) for version in self._state.versions.values()]
        return answer(seen, search, query, ModelVersionReader(), MODEL_VERSIONS.noun)

    def update(self, name: str, version: int, description: str) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            return self._put(replace(self.get(name, version), description=description, last_update_time=now()))

    def transition(self, name: str, version: int, stage: str, *, archive_existing: bool) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            known = self.get(name, version)
            time = now()
            for other in list(self._state.versions.values()):
                if archive_existing and other.name == name and other.stage == stage and other.version != version:
                    self._put(replace(other, stage="Archived", last_update_time=time))
            return self._put(replace(known, stage=stage, last_update_time=time))

    def latest(self, name: str, stages: Sequence[str]) -> Sequence[ModelVersion]:
        """See ModelVersionStore."""
        with self._state.lock:
            _model(self._state, name)
            return [version for version in _newest(self._state, name) if not stages or version.stage in stages]

    def delete(self, name: str, version: int) -> None:
        """See ModelVersionStore."""
        with self._state.lock:
            self.get(name, version)
            del self._state.versions[name, version]
            known = self._state.registered_models[name]
            aliases = {alias: at for alias, at in known.aliases.items() if at != version}
            self._state.registered_models[name] = replace(known, aliases=aliases, last_update_time=now())

    def set_tags(self, name: str, version: int, tags: Mapping[str, str]) -> None:
        """See ModelVersionStore."""
        with self._state.lock:
            known = self.get(name, version)
            self._put(replace(known, tags={**known.tags, **tags}))

    def delete_tag(self, name: str, version: int, key: str) -> None:
        """See ModelVersionStore."""
        with self._state.lock:
            known = self.get(name, version)
            self._put(replace(known, tags={tag: value for tag, value in known.tags.items() if tag != key}))

    def _put(self, version: ModelVersion) -> ModelVersion:
        self._state.versions[version.name, version.version] = version
        return self.get(version.name, version.version)
