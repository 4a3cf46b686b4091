"""Registered models and their versions in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import AlreadyExists, NotFound
from treering.entities.governance import NOBODY, Actor, ApprovalRule
from treering.entities.model import ModelVersion, RegisteredModel
from treering.entities.page import Page, Query
from treering.storage.metadata.announcing import Change
from treering.storage.metadata.governing import alias_target, refuse_guarded, rules_of_new_name, stage_target
from treering.storage.metadata.memory.history import begin_life, forget_version, move_history, put_rule, record
from treering.storage.metadata.memory.state import State
from treering.storage.metadata.search.evaluate import answer
from treering.storage.metadata.search.fields import MODEL_VERSIONS, REGISTERED_MODELS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.readers import ModelVersionReader, RegisteredModelReader

__all__ = ["MemoryModelVersions", "MemoryRegisteredModels", "model_of", "version_of"]


def model_of(state: State, name: str) -> RegisteredModel:
    """Raises NotFound."""
    if name not in state.registered_models:
        msg = f"Registered Model with name={name} not found. Create it first, or check the spelling."
        raise NotFound(msg)
    return state.registered_models[name]


def version_of(state: State, name: str, version: int) -> ModelVersion:
    """With its aliases. Raises NotFound."""
    model_of(state, name)
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

    def create(self, name: str, description: str, tags: Mapping[str, str], *, by: Actor = NOBODY) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            self._refuse_taken(name)
            time = now()
            self._state.registered_models[name] = RegisteredModel(name, time, time, description, dict(tags))
            begin_life(self._state, name)
            told = {"tags": dict(tags), "description": description}
            record(self._state, Change("model.created", name, after=description, data=told), by)
            return self.get(name)

    def get(self, name: str) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            return replace(model_of(self._state, name), latest_versions=tuple(_newest(self._state, name)))

    def search(self, query: Query) -> Page[RegisteredModel]:
        """See RegisteredModelStore."""
        search = parse_search(REGISTERED_MODELS, query.filter, query.order_by)
        with self._state.lock:
            seen = [self.get(name) for name in self._state.registered_models]
        return answer(seen, search, query, RegisteredModelReader(), REGISTERED_MODELS.noun)

    def rename(self, name: str, new_name: str, *, by: Actor = NOBODY) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = model_of(self._state, name)
            rules: list[ApprovalRule] = []
            if new_name != name:
                self._refuse_taken(new_name)
                rules = rules_of_new_name(self._state.rules.values(), name, new_name, self._held(known))
                move_history(self._state, name, new_name)
            del self._state.registered_models[name]
            self._state.registered_models[new_name] = replace(known, name=new_name, last_update_time=now())
            for owner, number in list(self._state.versions):
                if owner == name:
                    moved = replace(self._state.versions.pop((owner, number)), name=new_name)
                    self._state.versions[new_name, number] = moved
            self._state.numbers[new_name] = self._state.numbers.pop(name, 0)
            record(self._state, Change("model.renamed", new_name, before=name, after=new_name), by)
            for rule in rules:
                put_rule(self._state, rule, by)
            return self.get(new_name)

    def update(self, name: str, description: str, *, by: Actor = NOBODY) -> RegisteredModel:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = model_of(self._state, name)
            record(self._state, Change("model.described", name, before=known.description, after=description), by)
            self._put(replace(known, description=description, last_update_time=now()))
            return self.get(name)

    def delete(self, name: str, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            record(self._state, Change("model.deleted", name, before=model_of(self._state, name).description), by)
            del self._state.registered_models[name]
            self._state.numbers.pop(name, None)
            self._state.lives.pop(name, None)
            for place in [place for place in self._state.versions if place[0] == name]:
                del self._state.versions[place]
                forget_version(self._state, *place)

    def set_tags(self, name: str, tags: Mapping[str, str], *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = model_of(self._state, name)
            self._put(replace(known, tags={**known.tags, **tags}))
            for key, value in tags.items():
                change = Change("model.tag_set", name, before=known.tags.get(key, ""), after=value, target=key)
                record(self._state, change, by)

    def delete_tag(self, name: str, key: str, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = model_of(self._state, name)
            self._put(replace(known, tags={tag: value for tag, value in known.tags.items() if tag != key}))
            if key in known.tags:
                record(self._state, Change("model.tag_deleted", name, before=known.tags[key], target=key), by)

    def set_alias(self, name: str, alias: str, version: int, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            version_of(self._state, name, version)
            known, target = model_of(self._state, name), alias_target(alias)
            refuse_guarded(self._state.rules.values(), name, version, target)
            self._put(replace(known, aliases={**known.aliases, alias: version}))
            before = str(known.aliases.get(alias, ""))
            record(self._state, Change("alias.set", name, version, before, str(version), target), by)

    def delete_alias(self, name: str, alias: str, *, by: Actor = NOBODY) -> None:
        """See RegisteredModelStore."""
        with self._state.lock:
            known = model_of(self._state, name)
            self._put(replace(known, aliases={other: at for other, at in known.aliases.items() if other != alias}))
            if alias in known.aliases:
                before = known.aliases[alias]
                change = Change("alias.deleted", name, before, str(before), "", alias_target(alias))
                record(self._state, change, by)

    def _held(self, model: RegisteredModel) -> dict[str, int]:
        """The stages and aliases that versions of the model have, each with one of them."""
        staged = {stage_target(one.stage): one.version for one in _newest(self._state, model.name)}
        return staged | {alias_target(alias): version for alias, version in model.aliases.items()}

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

    def create(self, version: ModelVersion, *, by: Actor = NOBODY) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            known = model_of(self._state, version.name)
            number = self._state.numbers.get(version.name, 0) + 1
            self._state.numbers[version.name] = number
            self._state.versions[version.name, number] = replace(version, version=number, aliases=())
            self._state.registered_models[version.name] = replace(known, last_update_time=now())
            told = {
                "source": version.source,
                "run_id": version.run_id,
                "tags": dict(version.tags),
                "description": version.description,
            }
            change = Change("version.created", version.name, number, after=version.source, data=told)
            record(self._state, change, by)
            return self.get(version.name, number)

    def get(self, name: str, version: int) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            return version_of(self._state, name, version)

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            aliases = model_of(self._state, name).aliases
            if alias not in aliases:
                msg = f"The registered model {name!r} has no alias {alias!r}. Set it, or use a version."
                raise NotFound(msg)
            return version_of(self._state, name, aliases[alias])

    def search(self, query: Query) -> Page[ModelVersion]:
        """See ModelVersionStore."""
        search = parse_search(MODEL_VERSIONS, query.filter, query.order_by)
        with self._state.lock:
            seen = [_with_aliases(self._state, version) for version in self._state.versions.values()]
        return answer(seen, search, query, ModelVersionReader(), MODEL_VERSIONS.noun)

    def update(self, name: str, version: int, description: str, *, by: Actor = NOBODY) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            known = self.get(name, version)
            change = Change("version.described", name, version, known.description, description)
            record(self._state, change, by)
            return self._put(replace(known, description=description, last_update_time=now()))

    def transition(
        self, name: str, version: int, stage: str, *, archive_existing: bool, by: Actor = NOBODY
    ) -> ModelVersion:
        """See ModelVersionStore."""
        with self._state.lock:
            known = self.get(name, version)
            if known.stage != stage:
                refuse_guarded(self._state.rules.values(), name, version, stage_target(stage))
            time = now()
            for other in list(self._state.versions.values()):
                if archive_existing and other.name == name and other.stage == stage and other.version != version:
                    self._put(replace(other, stage="Archived", last_update_time=time))
                    archived = stage_target("Archived")
                    change = Change("version.stage", name, other.version, stage, "Archived", archived)
                    record(self._state, change, by)
            change = Change("version.stage", name, version, known.stage, stage, stage_target(stage))
            record(self._state, change, by)
            return self._put(replace(known, stage=stage, last_update_time=time))

    def latest(self, name: str, stages: Sequence[str]) -> Sequence[ModelVersion]:
        """See ModelVersionStore."""
        with self._state.lock:
            model_of(self._state, name)
            return [version for version in _newest(self._state, name) if not stages or version.stage in stages]

    def delete(self, name: str, version: int, *, by: Actor = NOBODY) -> None:
        """See ModelVersionStore."""
        with self._state.lock:
            change = Change("version.deleted", name, version, before=self.get(name, version).source)
            record(self._state, change, by)
            del self._state.versions[name, version]
            forget_version(self._state, name, version)
            known = self._state.registered_models[name]
            aliases = {alias: at for alias, at in known.aliases.items() if at != version}
            self._state.registered_models[name] = replace(known, aliases=aliases, last_update_time=now())

    def set_tags(self, name: str, version: int, tags: Mapping[str, str], *, by: Actor = NOBODY) -> None:
        """See ModelVersionStore."""
        with self._state.lock:
            known = self.get(name, version)
            self._put(replace(known, tags={**known.tags, **tags}))
            for key, value in tags.items():
                change = Change("version.tag_set", name, version, known.tags.get(key, ""), value, key)
                record(self._state, change, by)

    def delete_tag(self, name: str, version: int, key: str, *, by: Actor = NOBODY) -> None:
        """See ModelVersionStore."""
        with self._state.lock:
            known = self.get(name, version)
            self._put(replace(known, tags={tag: value for tag, value in known.tags.items() if tag != key}))
            if key in known.tags:
                record(self._state, Change("version.tag_deleted", name, version, known.tags[key], "", key), by)

    def _put(self, version: ModelVersion) -> ModelVersion:
        self._state.versions[version.name, version.version] = version
        return self.get(version.name, version.version)
