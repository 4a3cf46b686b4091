"""Versions of registered models in MLflow's API, where a version number is a string."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from treering.entities.lifecycle import ModelVersionStatus
from treering.entities.model import ModelVersion
from treering.entities.page import Page
from treering.wire.endpoint import Empty, Permission
from treering.wire.mlflow.fields import Entry, Int64, KeyValue, Message, Text, declare, key_values, shown

__all__ = [
    "CREATE",
    "DELETE",
    "DELETE_TAG",
    "GET",
    "GET_DOWNLOAD_URI",
    "SEARCH",
    "SET_TAG",
    "TRANSITION_STAGE",
    "UPDATE",
    "CreateVersion",
    "DeleteVersionTag",
    "DownloadUri",
    "FoundVersion",
    "FoundVersions",
    "ModelVersionMessage",
    "SearchVersions",
    "SetVersionTag",
    "TransitionStage",
    "UpdateVersion",
    "VersionId",
    "Versions",
    "version_message",
    "versions_page",
]


class ModelVersionMessage(Message, frozen=True):
    """One version of a registered model. Times are milliseconds since the epoch."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    current_stage: str
    description: str
    source: str
    run_id: str
    status: ModelVersionStatus
    user_id: str | UnsetType = UNSET
    status_message: str | UnsetType = UNSET
    tags: tuple[KeyValue, ...] = ()
    run_link: str | UnsetType = UNSET
    aliases: tuple[str, ...] = ()
    model_id: str | UnsetType = UNSET


class CreateVersion(Message, frozen=True):
    """Register a version."""

    name: Text
    source: Text
    run_id: str = ""
    tags: tuple[Entry, ...] = ()
    run_link: str = ""
    description: str = ""
    model_id: str = ""


class VersionId(Message, frozen=True):
    """One version."""

    name: Text
    version: Text


class FoundVersion(Message, frozen=True):
    """The version asked for."""

    model_version: ModelVersionMessage


class UpdateVersion(Message, frozen=True):
    """Change the description."""

    name: Text
    version: Text
    description: str | UnsetType = UNSET


class TransitionStage(Message, frozen=True):
    """Move a version to a stage."""

    name: Text
    version: Text
    stage: Text
    archive_existing_versions: bool = False


class SearchVersions(Message, frozen=True):
    """Versions that match a filter."""

    filter: str = ""
    max_results: Int64 = 200_000
    order_by: tuple[str, ...] = ()
    page_token: str = ""


class FoundVersions(Message, frozen=True):
    """One page of versions."""

    model_versions: tuple[ModelVersionMessage, ...] = ()
    next_page_token: str | UnsetType = UNSET


class Versions(Message, frozen=True):
    """Some versions."""

    model_versions: tuple[ModelVersionMessage, ...] = ()


class DownloadUri(Message, frozen=True):
    """Where a version's files lie."""

    artifact_uri: str


class SetVersionTag(Message, frozen=True):
    """Add or change a tag."""

    name: Text
    version: Text
    key: Text
    value: str = ""


class DeleteVersionTag(Message, frozen=True):
    """Remove a tag."""

    name: Text
    version: Text
    key: Text


_AT = "2.0/mlflow/model-versions"
_READ, _EDIT = Permission.READ_MODELS, Permission.EDIT_MODELS

CREATE = declare("model_versions.create", "POST", f"{_AT}/create", CreateVersion, FoundVersion, _EDIT)
UPDATE = declare("model_versions.update", "PATCH", f"{_AT}/update", UpdateVersion, FoundVersion, _EDIT)
TRANSITION_STAGE = declare(
    "model_versions.transition_stage", "POST", f"{_AT}/transition-stage", TransitionStage, FoundVersion, _EDIT
)
DELETE = declare("model_versions.delete", "DELETE", f"{_AT}/delete", VersionId, Empty, _EDIT)
GET = declare("model_versions.get", "GET", f"{_AT}/get", VersionId, FoundVersion, _READ)
SEARCH = declare("model_versions.search", "GET", f"{_AT}/search", SearchVersions, FoundVersions, _READ)
GET_DOWNLOAD_URI = declare(
    "model_versions.get_download_uri", "GET", f"{_AT}/get-download-uri", VersionId, DownloadUri, _READ
)
SET_TAG = declare("model_versions.set_tag", "POST", f"{_AT}/set-tag", SetVersionTag, Empty, _EDIT)
DELETE_TAG = declare("model_versions.delete_tag", "DELETE", f"{_AT}/delete-tag", DeleteVersionTag, Empty, _EDIT)


def version_message(version: ModelVersion) -> ModelVersionMessage:
    """How a version looks in MLflow's API."""
    return ModelVersionMessage(
        version.name,
        str(version.version),
        version.creation_time,
        version.last_update_time,
        version.stage,
        version.description,
        version.source,
        version.run_id,
        version.status,
        shown(version.user_id),
        shown(version.status_message),
        key_values(version.tags),
        version.run_link,
        tuple(version.aliases),
        shown(version.model_id),
    )


def versions_page(page: Page[ModelVersion]) -> FoundVersions:
    """How a page of versions looks in MLflow's API."""
    return FoundVersions(tuple(map(version_message, page.items)), shown(page.next_token))
