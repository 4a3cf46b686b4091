"""Registered versions: the logged model, the run or the other version that each was made of."""

from __future__ import annotations

from collections.abc import Sequence

from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import ModelUri, parse_model_uri
from treering.entities.lineage import Edge, Node
from treering.entities.model import ModelVersion
from treering.provenance.base import Links
from treering.storage.metadata.base import MetadataStore

__all__ = ["VersionRelations", "version_uri"]

_RUN, _MODEL = "runs:/", "models:/"


def version_uri(name: str, version: int) -> str:
    """`models:/<name>/<version>`."""
    return f"{_MODEL}{name}/{version}"


class VersionRelations:
    """Relations of registered versions with what they were made of."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self._versions: dict[str, ModelVersion | None] = {}

    def resolve(self, uri: str) -> str | None:
        """See Relations. An alias and a stage stand for the version that they name."""
        if not uri.startswith(_MODEL):
            return None
        wanted = parse_model_uri(uri)
        if wanted.model_id:
            return None
        found = self._find(wanted)
        return version_uri(found.name, found.version)

    def describe(self, uri: str) -> Node | None:
        """See Relations."""
        wanted = _parsed(uri)
        if wanted is None:
            return None
        version = self._version(uri)
        label = f"{wanted.name} v{wanted.version}"
        if version is None:
            return Node(uri, "model_version", label, "", "missing")
        stage = "" if version.stage in {"", "None"} else version.stage
        marks = [f"@{alias}" for alias in version.aliases] + ([stage] if stage else [])
        return Node(uri, "model_version", label, ", ".join(marks), version.status.value.lower(), version.creation_time)

    def up(self, uri: str, limit: int) -> Links:
        """See Relations."""
        version = self._version(uri) if _parsed(uri) else None
        if version is None:
            return Links()
        origin = self._origin(version)
        return Links([Edge(origin, uri, "registered")] if limit and origin else (), 1 if origin else 0)

    def down(self, uri: str, limit: int) -> Links:
        """See Relations."""
        run_id = uri.removeprefix(_RUN) if uri.startswith(_RUN) else ""
        model_id = source = ""
        if uri.startswith(_MODEL):
            if _parsed(uri):
                source = uri
            else:
                model_id = uri.removeprefix(_MODEL)
        if not (run_id or model_id or source):
            return Links()
        found = self._store.relations.versions(run_id, model_id, source, limit)
        return Links([Edge(uri, version_uri(*one), "registered") for one in found.items], found.total)

    def _origin(self, version: ModelVersion) -> str:
        """The URI of what a version was made of; "" where only its files are known.

        A copy of another version carries the ids of the first, but came of the other.
        """
        copied = _parsed(version.source)
        if copied is not None:
            return version_uri(copied.name, copied.version or 0)
        if version.model_id:
            return f"{_MODEL}{version.model_id}"
        return f"{_RUN}{version.run_id}" if version.run_id else ""

    def _find(self, wanted: ModelUri) -> ModelVersion:
        versions = self._store.model_versions
        if wanted.version is not None:
            return versions.get(wanted.name, wanted.version)
        if wanted.alias and wanted.alias != "latest":
            return versions.get_by_alias(wanted.name, wanted.alias)
        found: Sequence[ModelVersion] = versions.latest(wanted.name, [wanted.stage] if wanted.stage else [])
        if not found:
            what = f"is in the stage {wanted.stage!r}" if wanted.stage else "exists"
            msg = f"No version of the registered model {wanted.name!r} {what}. Register one, or name another."
            raise NotFound(msg)
        return max(found, key=lambda one: one.version)

    def _version(self, uri: str) -> ModelVersion | None:
        if uri not in self._versions:
            try:
                self._versions[uri] = self._find(parse_model_uri(uri))
            except NotFound:
                self._versions[uri] = None
        return self._versions[uri]


def _parsed(uri: str) -> ModelUri | None:
    """A URI of a version by number; None for every other."""
    try:
        found = parse_model_uri(uri) if uri.startswith(_MODEL) else None
    except InvalidInput:
        return None
    return found if found is not None and found.version is not None else None
