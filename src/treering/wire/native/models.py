"""Logged models, registered models and their versions in the native API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from treering.entities.dataset import Dataset
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus
from treering.entities.metric import Metric
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native.numbers import from_number, to_number
from treering.wire.native.query import SearchBody, SearchInExperiments
from treering.wire.native.runs import LinkedMetric

__all__ = [
    "CREATE_LOGGED_MODEL",
    "CREATE_REGISTERED_MODEL",
    "CREATE_VERSION",
    "DELETE_ALIAS",
    "DELETE_LOGGED_MODEL",
    "DELETE_LOGGED_MODEL_TAG",
    "DELETE_REGISTERED_MODEL",
    "DELETE_REGISTERED_MODEL_TAG",
    "DELETE_VERSION",
    "DELETE_VERSION_TAG",
    "FINALIZE_LOGGED_MODEL",
    "GET_BY_ALIAS",
    "GET_LOGGED_MODEL",
    "GET_REGISTERED_MODEL",
    "GET_VERSION",
    "LATEST_VERSIONS",
    "LOG_LOGGED_MODEL_PARAMS",
    "RENAME_REGISTERED_MODEL",
    "SEARCH_LOGGED_MODELS",
    "SEARCH_REGISTERED_MODELS",
    "SEARCH_VERSIONS",
    "SET_ALIAS",
    "SET_LOGGED_MODEL_TAGS",
    "SET_REGISTERED_MODEL_TAGS",
    "SET_VERSION_TAGS",
    "TRANSITION_VERSION",
    "UPDATE_REGISTERED_MODEL",
    "UPDATE_VERSION",
    "Alias",
    "CreateLoggedModel",
    "CreateRegisteredModel",
    "CreateVersion",
    "FinalizeLoggedModel",
    "GetLoggedModel",
    "LatestVersions",
    "LoggedModelBody",
    "LoggedModelId",
    "LoggedModelPage",
    "LoggedModelParams",
    "LoggedModelTag",
    "LoggedModelTags",
    "RegisteredModelName",
    "RegisteredModelPage",
    "RegisteredModelTag",
    "RegisteredModelTags",
    "RenameRegisteredModel",
    "SearchLoggedModels",
    "SearchModels",
    "SetAlias",
    "TransitionVersion",
    "UpdateRegisteredModel",
    "UpdateVersion",
    "VersionNumber",
    "VersionPage",
    "VersionTag",
    "VersionTags",
    "Versions",
    "logged_model_body",
    "logged_model_from",
]


class LoggedModelBody(msgspec.Struct, frozen=True):
    """A model folder that a run wrote. Times are milliseconds since the epoch."""

    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    status: LoggedModelStatus
    lifecycle_stage: Lifecycle
    creation_time: int
    last_update_time: int
    model_type: str
    source_run_id: str
    status_message: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Sequence[LinkedMetric]
    registrations: Sequence[tuple[str, int]]


class CreateLoggedModel(msgspec.Struct, frozen=True):
    """A model to be logged; an empty name is made up."""

    experiment_id: str
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}


class LoggedModelId(msgspec.Struct, frozen=True):
    """One logged model."""

    model_id: str


class GetLoggedModel(msgspec.Struct, frozen=True):
    """One logged model, if need be a deleted one."""

    model_id: str
    allow_deleted: bool = False


class FinalizeLoggedModel(msgspec.Struct, frozen=True):
    """Whether the model's files are complete."""

    model_id: str
    status: LoggedModelStatus


class SearchLoggedModels(SearchInExperiments, frozen=True, kw_only=True):
    """A search over logged models; `datasets` narrow what metric conditions look at."""

    datasets: Sequence[Dataset] = ()


class LoggedModelPage(msgspec.Struct, frozen=True):
    """Logged models that match; `next_token` is "" on the last page."""

    models: Sequence[LoggedModelBody]
    next_token: str = ""
    total: int | None = None


class LoggedModelTags(msgspec.Struct, frozen=True):
    """Tags to add or change."""

    model_id: str
    tags: Mapping[str, str]


class LoggedModelTag(msgspec.Struct, frozen=True):
    """A tag to remove."""

    model_id: str
    key: str


class LoggedModelParams(msgspec.Struct, frozen=True):
    """Params to add."""

    model_id: str
    params: Mapping[str, str]


class CreateRegisteredModel(msgspec.Struct, frozen=True):
    """A name to register."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = {}


class RegisteredModelName(msgspec.Struct, frozen=True):
    """One registered model."""

    name: str


class SearchModels(SearchBody, frozen=True, kw_only=True):
    """A search over registered models or versions."""


class RegisteredModelPage(msgspec.Struct, frozen=True):
    """Registered models that match; `next_token` is "" on the last page."""

    models: Sequence[RegisteredModel]
    next_token: str = ""
    total: int | None = None


class RenameRegisteredModel(msgspec.Struct, frozen=True):
    """A new name for a registered model."""

    name: str
    new_name: str


class UpdateRegisteredModel(msgspec.Struct, frozen=True):
    """A new description; "" clears it."""

    name: str
    description: str


class RegisteredModelTags(msgspec.Struct, frozen=True):
    """Tags to add or change."""

    name: str
    tags: Mapping[str, str]


class RegisteredModelTag(msgspec.Struct, frozen=True):
    """A tag to remove."""

    name: str
    key: str


class Alias(msgspec.Struct, frozen=True):
    """One alias of a registered model."""

    name: str
    alias: str


class SetAlias(msgspec.Struct, frozen=True):
    """Where an alias is to point."""

    name: str
    alias: str
    version: int


class CreateVersion(msgspec.Struct, frozen=True):
    """A version to register from `source`."""

    name: str
    source: str
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    description: str = ""
    user_id: str = ""
    tags: Mapping[str, str] = {}


class VersionNumber(msgspec.Struct, frozen=True):
    """One version."""

    name: str
    version: int


class VersionPage(msgspec.Struct, frozen=True):
    """Versions that match; `next_token` is "" on the last page."""

    versions: Sequence[ModelVersion]
    next_token: str = ""
    total: int | None = None


class LatestVersions(msgspec.Struct, frozen=True):
    """Of which stages the newest version is wanted; none means all."""

    name: str
    stages: Sequence[str] = ()


class Versions(msgspec.Struct, frozen=True):
    """Some versions."""

    versions: Sequence[ModelVersion]


class UpdateVersion(msgspec.Struct, frozen=True):
    """A new description."""

    name: str
    version: int
    description: str


class TransitionVersion(msgspec.Struct, frozen=True):
    """A stage to move to; with `archive_existing` the others in that stage go to Archived."""

    name: str
    version: int
    stage: str
    archive_existing: bool = False


class VersionTags(msgspec.Struct, frozen=True):
    """Tags to add or change."""

    name: str
    version: int
    tags: Mapping[str, str]


class VersionTag(msgspec.Struct, frozen=True):
    """A tag to remove."""

    name: str
    version: int
    key: str


_LOGGED = "/api/v1/logged-models"
_LOGGED_ONE = "/api/v1/logged-models/{model_id}"
_MODELS = "/api/v1/registered-models"
_MODEL = "/api/v1/registered-models/{name}"
_VERSION = "/api/v1/registered-models/{name}/versions/{version}"
_SEE, _LOG = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS
_READ, _EDIT = Permission.READ_MODELS, Permission.EDIT_MODELS

# fmt: off
CREATE_LOGGED_MODEL = Endpoint("logged_models.create", "POST", _LOGGED, CreateLoggedModel, LoggedModelBody, _LOG, "Begin to log a model")
GET_LOGGED_MODEL = Endpoint("logged_models.get", "GET", _LOGGED_ONE, GetLoggedModel, LoggedModelBody, _SEE, "One logged model")
FINALIZE_LOGGED_MODEL = Endpoint("logged_models.finalize", "PATCH", _LOGGED_ONE, FinalizeLoggedModel, LoggedModelBody, _LOG, "Say whether its files are complete")
DELETE_LOGGED_MODEL = Endpoint("logged_models.delete", "DELETE", _LOGGED_ONE, LoggedModelId, Empty, _LOG, "Delete a logged model softly")
SEARCH_LOGGED_MODELS = Endpoint("logged_models.search", "POST", _LOGGED + "/search", SearchLoggedModels, LoggedModelPage, _SEE, "Logged models that match a filter")
SET_LOGGED_MODEL_TAGS = Endpoint("logged_models.set_tags", "POST", _LOGGED_ONE + "/tags", LoggedModelTags, LoggedModelBody, _LOG, "Set tags")
DELETE_LOGGED_MODEL_TAG = Endpoint("logged_models.delete_tag", "DELETE", _LOGGED_ONE + "/tags/{key:path}", LoggedModelTag, Empty, _LOG, "Remove a tag")
LOG_LOGGED_MODEL_PARAMS = Endpoint("logged_models.log_params", "POST", _LOGGED_ONE + "/params", LoggedModelParams, Empty, _LOG, "Add params")

CREATE_REGISTERED_MODEL = Endpoint("registered_models.create", "POST", _MODELS, CreateRegisteredModel, RegisteredModel, _EDIT, "Register a name")
GET_REGISTERED_MODEL = Endpoint("registered_models.get", "GET", _MODEL, RegisteredModelName, RegisteredModel, _READ, "One registered model")
SEARCH_REGISTERED_MODELS = Endpoint("registered_models.search", "POST", _MODELS + "/search", SearchModels, RegisteredModelPage, _READ, "Registered models that match a filter")
RENAME_REGISTERED_MODEL = Endpoint("registered_models.rename", "POST", _MODEL + "/rename", RenameRegisteredModel, RegisteredModel, _EDIT, "Rename, with versions and aliases")
UPDATE_REGISTERED_MODEL = Endpoint("registered_models.update", "PATCH", _MODEL, UpdateRegisteredModel, RegisteredModel, _EDIT, "Set the description")
DELETE_REGISTERED_MODEL = Endpoint("registered_models.delete", "DELETE", _MODEL, RegisteredModelName, Empty, _EDIT, "Delete for good, with its versions")
SET_REGISTERED_MODEL_TAGS = Endpoint("registered_models.set_tags", "POST", _MODEL + "/tags", RegisteredModelTags, Empty, _EDIT, "Set tags")
DELETE_REGISTERED_MODEL_TAG = Endpoint("registered_models.delete_tag", "DELETE", _MODEL + "/tags/{key:path}", RegisteredModelTag, Empty, _EDIT, "Remove a tag")
SET_ALIAS = Endpoint("registered_models.set_alias", "PUT", _MODEL + "/aliases/{alias}", SetAlias, Empty, _EDIT, "Point an alias at a version")
DELETE_ALIAS = Endpoint("registered_models.delete_alias", "DELETE", _MODEL + "/aliases/{alias}", Alias, Empty, _EDIT, "Remove an alias")
GET_BY_ALIAS = Endpoint("model_versions.get_by_alias", "GET", _MODEL + "/aliases/{alias}", Alias, ModelVersion, _READ, "The version an alias points at")

CREATE_VERSION = Endpoint("model_versions.create", "POST", _MODEL + "/versions", CreateVersion, ModelVersion, _EDIT, "Register a version")
SEARCH_VERSIONS = Endpoint("model_versions.search", "POST", "/api/v1/model-versions/search", SearchModels, VersionPage, _READ, "Versions that match a filter")
LATEST_VERSIONS = Endpoint("model_versions.latest", "POST", _MODEL + "/latest-versions", LatestVersions, Versions, _READ, "The newest version of each stage")
GET_VERSION = Endpoint("model_versions.get", "GET", _VERSION, VersionNumber, ModelVersion, _READ, "One version")
UPDATE_VERSION = Endpoint("model_versions.update", "PATCH", _VERSION, UpdateVersion, ModelVersion, _EDIT, "Set the description")
TRANSITION_VERSION = Endpoint("model_versions.transition", "POST", _VERSION + "/stage", TransitionVersion, ModelVersion, _EDIT, "Move to a stage")
DELETE_VERSION = Endpoint("model_versions.delete", "DELETE", _VERSION, VersionNumber, Empty, _EDIT, "Delete for good")
SET_VERSION_TAGS = Endpoint("model_versions.set_tags", "POST", _VERSION + "/tags", VersionTags, Empty, _EDIT, "Set tags")
DELETE_VERSION_TAG = Endpoint("model_versions.delete_tag", "DELETE", _VERSION + "/tags/{key:path}", VersionTag, Empty, _EDIT, "Remove a tag")
# fmt: on


def logged_model_body(model: LoggedModel) -> LoggedModelBody:
    """How `model` looks in the native API."""
    return LoggedModelBody(
        model.model_id,
        model.experiment_id,
        model.name,
        model.artifact_uri,
        model.status,
        model.lifecycle_stage,
        model.creation_time,
        model.last_update_time,
        model.model_type,
        model.source_run_id,
        model.status_message,
        model.params,
        model.tags,
        [
            LinkedMetric(
                item.key,
                to_number(item.value),
                item.timestamp,
                item.step,
                item.model_id,
                item.dataset_name,
                item.dataset_digest,
                item.run_id,
            )
            for item in model.metrics
        ],
        model.registrations,
    )


def logged_model_from(body: LoggedModelBody) -> LoggedModel:
    """The logged model that `body` shows."""
    return LoggedModel(
        body.model_id,
        body.experiment_id,
        body.name,
        body.artifact_uri,
        body.status,
        body.lifecycle_stage,
        body.creation_time,
        body.last_update_time,
        body.model_type,
        body.source_run_id,
        body.status_message,
        body.params,
        body.tags,
        [
            Metric(
                item.key,
                from_number(item.value),
                item.timestamp,
                item.step,
                item.model_id,
                item.dataset_name,
                item.dataset_digest,
                item.run_id or body.source_run_id,
            )
            for item in body.metrics
        ],
        body.registrations,
    )
