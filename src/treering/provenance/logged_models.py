"""Logged models: which run wrote them, and which runs read them."""

from __future__ import annotations

from collections.abc import Iterable

from treering.core.errors import NotFound
from treering.core.uri import parse_model_uri
from treering.entities.lifecycle import Lifecycle
from treering.entities.lineage import Edge, Node
from treering.entities.model import LoggedModel
from treering.provenance.base import Links
from treering.storage.metadata.base import MetadataStore

__all__ = ["LoggedModelRelations", "logged_model_uri"]

_MODEL, _RUN = "models:/m-", "runs:/"


def logged_model_uri(model_id: str) -> str:
    """`models:/m-<id>`."""
    return f"models:/{model_id}"


class LoggedModelRelations:
    """Relations of logged models with runs."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self._models: dict[str, LoggedModel | None] = {}

    def resolve(self, uri: str) -> str | None:
        """See Relations. What follows the id, such as the path of a file, makes no difference."""
        model_id = parse_model_uri(uri).model_id if uri.startswith("models:/") else ""
        return logged_model_uri(self._store.logged_models.get(model_id).model_id) if model_id else None

    def describe(self, uri: str) -> Node | None:
        """See Relations."""
        if not _is_model(uri):
            return None
        model = self._model(uri)
        if model is None:
            return Node(uri, "logged_model", _id(uri), "", "missing")
        gone = model.lifecycle_stage is Lifecycle.DELETED
        return Node(
            uri,
            "logged_model",
            model.name,
            model.model_type,
            "deleted" if gone else model.status.value.lower(),
            model.creation_time,
        )

    def up(self, uri: str, limit: int) -> Links:
        """See Relations."""
        if _is_model(uri):
            return self._writers(uri, limit)
        if uri.startswith(_RUN):
            read = self._read(uri)
            return Links([Edge(logged_model_uri(one), uri, "input") for one in read[:limit]], len(read))
        return Links()

    def down(self, uri: str, limit: int) -> Links:
        """See Relations."""
        if _is_model(uri):
            readers = self._store.relations.readers(_id(uri), limit)
            return Links([Edge(uri, _RUN + run_id, "input") for run_id in readers.items], readers.total)
        if uri.startswith(_RUN):
            made = self._store.relations.models(uri.removeprefix(_RUN), limit)
            return Links([Edge(uri, logged_model_uri(one), "output") for one in made.items], made.total)
        return Links()

    def _writers(self, uri: str, limit: int) -> Links:
        """The model's own source stands first, also where it was deleted or removed for good."""
        found = self._store.relations.writers(_id(uri), limit)
        model = self._model(uri)
        own = [model.source_run_id] if model is not None and model.source_run_id else []
        ids = list(dict.fromkeys([*own, *found.items]))
        extra = len(own) if own and own[0] not in found.items and not self._is_active(own[0]) else 0
        return Links([Edge(_RUN + run_id, uri, "output") for run_id in ids[:limit]], found.total + extra)

    def _is_active(self, run_id: str) -> bool:
        try:
            return self._store.runs.get(run_id).info.lifecycle_stage is Lifecycle.ACTIVE
        except NotFound:
            return False

    def _read(self, uri: str) -> list[str]:
        try:
            inputs: Iterable[str] = (
                one.model_id for one in self._store.runs.get(uri.removeprefix(_RUN)).inputs.model_inputs
            )
        except NotFound:
            inputs = ()
        return list(dict.fromkeys(inputs))

    def _model(self, uri: str) -> LoggedModel | None:
        if uri not in self._models:
            try:
                self._models[uri] = self._store.logged_models.get(_id(uri))
            except NotFound:
                self._models[uri] = None
        return self._models[uri]


def _is_model(uri: str) -> bool:
    return uri.startswith(_MODEL) and "/" not in _id(uri)


def _id(uri: str) -> str:
    return uri.removeprefix("models:/")
