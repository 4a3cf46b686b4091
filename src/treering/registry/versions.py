"""Versions of registered models on a metadata store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound
from treering.entities.governance import Actor
from treering.entities.lifecycle import ModelVersionStatus
from treering.entities.model import STAGES, ModelVersion
from treering.entities.page import Page, Query
from treering.registry.base import NewModelVersion, RegisteredModels, VersionedModels
from treering.registry.names import (
    check_max_results,
    check_present,
    check_stage,
    check_tag_key,
    check_tags,
    check_text,
    check_version,
)
from treering.registry.sources import resolve
from treering.storage.metadata.base import ModelVersionStore
from treering.tracking.base import Tracking

__all__ = ["REGISTRATIONS_TAG", "StoredModelVersions"]

REGISTRATIONS_TAG = "mlflow.modelVersions"
"""On a logged model: JSON that lists the versions it was registered as."""

_MAX_SEARCH_RESULTS = 200_000
_LATEST = "latest"
_USED_STAGES = ("Staging", "Production")


class StoredModelVersions:
    """The `ModelVersions` of `treering.registry.base`.

    Args:
        tracking: Where the runs and logged models are that versions come from; near or far.
        who: Tells whom this process, or the request that is answered, acts for.
    """

    def __init__(
        self, store: ModelVersionStore, models: RegisteredModels, tracking: Tracking, who: Callable[[], str]
    ) -> None:
        self._store = store
        self._models = models
        self._tracking = tracking
        self._who = who

    def _by(self) -> Actor:
        return Actor(self._who())

    def create(self, new: NewModelVersion) -> ModelVersion:
        """See the Protocol."""
        self._models.get(new.name)
        tags = check_tags(new.tags)
        source = resolve(new, self._tracking, VersionedModels(self._models, self))
        time = now()
        version = self._store.create(
            ModelVersion(
                new.name,
                version=0,
                source=new.source,
                storage_uri=source.storage_uri,
                status=ModelVersionStatus.READY,
                stage=STAGES[0],
                creation_time=time,
                last_update_time=time,
                description=check_text(new.description, "description"),
                run_id=source.run_id,
                run_link=new.run_link,
                model_id=source.model_id,
                user_id=new.user_id,
                tags=tags,
            ),
            by=Actor(self._who() or new.user_id),
        )
        if version.model_id:
            self._note_registration(version)
        return version

    def get(self, name: str, version: int) -> ModelVersion:
        """See the Protocol."""
        return self._store.get(check_present(name, "name"), check_version(version))

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """See the Protocol."""
        check_present(name, "name")
        if check_present(alias, "alias").lower() != _LATEST:
            return self._store.get_by_alias(name, alias)
        newest = max(self._store.latest(name, ()), key=lambda version: version.version, default=None)
        if newest is None:
            msg = f"The registered model '{name}' has no versions, so there is no latest one. Register one first."
            raise NotFound(msg)
        return newest

    def search(self, query: Query) -> Page[ModelVersion]:
        """See the Protocol."""
        check_max_results(query.max_results, _MAX_SEARCH_RESULTS)
        return self._store.search(query)

    def update(self, name: str, version: int, description: str) -> ModelVersion:
        """See the Protocol."""
        text = check_text(description, "description")
        return self._store.update(check_present(name, "name"), check_version(version), text, by=self._by())

    def transition(self, name: str, version: int, stage: str, *, archive_existing: bool = False) -> ModelVersion:
        """See the Protocol; only from Staging and Production can the others be archived."""
        check_present(name, "name")
        target = check_stage(stage)
        if archive_existing and target not in _USED_STAGES:
            msg = (
                f"Model version transition cannot archive existing model versions because '{target}' is not an"
                f" Active stage. Valid stages are {', '.join(_USED_STAGES)}."
            )
            raise InvalidInput(msg)
        return self._store.transition(
            name, check_version(version), target, archive_existing=archive_existing, by=self._by()
        )

    def latest(self, name: str, stages: Sequence[str] = ()) -> Sequence[ModelVersion]:
        """See the Protocol."""
        return self._store.latest(check_present(name, "name"), [check_stage(stage) for stage in stages])

    def delete(self, name: str, version: int) -> None:
        """See the Protocol."""
        self._store.delete(check_present(name, "name"), check_version(version), by=self._by())

    def set_tags(self, name: str, version: int, tags: Mapping[str, str]) -> None:
        """See the Protocol."""
        self._store.set_tags(check_present(name, "name"), check_version(version), check_tags(tags), by=self._by())

    def delete_tag(self, name: str, version: int, key: str) -> None:
        """See the Protocol."""
        self._store.delete_tag(check_present(name, "name"), check_version(version), check_tag_key(key), by=self._by())

    def _note_registration(self, version: ModelVersion) -> None:
        try:
            model = self._tracking.models.get(version.model_id)
        except NotFound:
            return  # registered from a model that is tracked elsewhere, or deleted
        entry = {"name": version.name, "version": version.version}
        noted = _registrations(model.tags.get(REGISTRATIONS_TAG, ""))
        if not any(
            str(known.get("version")) == str(entry["version"]) and known.get("name") == entry["name"] for known in noted
        ):
            self._tracking.models.set_tags(version.model_id, {REGISTRATIONS_TAG: json.dumps([*noted, entry])})


def _registrations(text: str) -> list[dict[str, object]]:
    """What the tag lists; anyone can write the tag, so what is not a list of objects counts as empty."""
    try:
        noted = json.loads(text or "[]")
    except ValueError:
        return []
    return [known for known in noted if isinstance(known, dict)] if isinstance(noted, list) else []
