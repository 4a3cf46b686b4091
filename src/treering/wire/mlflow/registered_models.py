"""Registered models and their aliases in MLflow's API."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from treering.entities.model import RegisteredModel
from treering.entities.page import Page
from treering.wire.endpoint import Empty, Permission
from treering.wire.mlflow.fields import Entry, Int64, KeyValue, Message, Text, declare, key_values, shown
from treering.wire.mlflow.model_versions import FoundVersion, ModelVersionMessage, Versions, version_message

__all__ = [
    "CREATE",
    "DELETE",
    "DELETE_ALIAS",
    "DELETE_TAG",
    "GET",
    "GET_BY_ALIAS",
    "GET_LATEST_VERSIONS",
    "GET_LATEST_VERSIONS_BY_GET",
    "RENAME",
    "SEARCH",
    "SET_ALIAS",
    "SET_TAG",
    "UPDATE",
    "AliasMessage",
    "AliasName",
    "CreateRegisteredModel",
    "DeleteModelTag",
    "FoundRegisteredModel",
    "FoundRegisteredModels",
    "GetLatestVersions",
    "RegisteredModelMessage",
    "RegisteredModelName",
    "RenameRegisteredModel",
    "SearchRegisteredModels",
    "SetAlias",
    "SetModelTag",
    "UpdateRegisteredModel",
    "registered_model_message",
    "registered_models_page",
]


class AliasMessage(Message, frozen=True):
    """An alias and the version that it points at."""

    alias: str
    version: str


class RegisteredModelMessage(Message, frozen=True):
    """A name in the registry. Times are milliseconds since the epoch."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | UnsetType = UNSET
    latest_versions: tuple[ModelVersionMessage, ...] = ()
    tags: tuple[KeyValue, ...] = ()
    aliases: tuple[AliasMessage, ...] = ()


class CreateRegisteredModel(Message, frozen=True):
    """Register a name."""

    name: Text
    tags: tuple[Entry, ...] = ()
    description: str = ""


class RegisteredModelName(Message, frozen=True):
    """One registered model."""

    name: Text


class FoundRegisteredModel(Message, frozen=True):
    """The registered model asked for."""

    registered_model: RegisteredModelMessage


class RenameRegisteredModel(Message, frozen=True):
    """Give a registered model another name."""

    name: Text
    new_name: Text


class UpdateRegisteredModel(Message, frozen=True):
    """Change the description."""

    name: Text
    description: str | UnsetType = UNSET


class SearchRegisteredModels(Message, frozen=True):
    """Registered models that match a filter."""

    filter: str = ""
    max_results: Int64 = 100
    order_by: tuple[str, ...] = ()
    page_token: str = ""


class FoundRegisteredModels(Message, frozen=True):
    """One page of registered models."""

    registered_models: tuple[RegisteredModelMessage, ...] = ()
    next_page_token: str | UnsetType = UNSET


class GetLatestVersions(Message, frozen=True):
    """The newest version of each stage, or of the given ones."""

    name: Text
    stages: tuple[str, ...] = ()


class SetModelTag(Message, frozen=True):
    """Add or change a tag."""

    name: Text
    key: Text
    value: str = ""


class DeleteModelTag(Message, frozen=True):
    """Remove a tag."""

    name: Text
    key: Text


class SetAlias(Message, frozen=True):
    """Point an alias at a version."""

    name: Text
    alias: Text
    version: Text


class AliasName(Message, frozen=True):
    """One alias of a registered model."""

    name: Text
    alias: Text


_AT = "2.0/mlflow/registered-models"
_READ, _EDIT = Permission.READ_MODELS, Permission.EDIT_MODELS

CREATE = declare(
    "registered_models.create", "POST", f"{_AT}/create", CreateRegisteredModel, FoundRegisteredModel, _EDIT
)
RENAME = declare(
    "registered_models.rename", "POST", f"{_AT}/rename", RenameRegisteredModel, FoundRegisteredModel, _EDIT
)
UPDATE = declare(
    "registered_models.update", "PATCH", f"{_AT}/update", UpdateRegisteredModel, FoundRegisteredModel, _EDIT
)
DELETE = declare("registered_models.delete", "DELETE", f"{_AT}/delete", RegisteredModelName, Empty, _EDIT)
GET = declare("registered_models.get", "GET", f"{_AT}/get", RegisteredModelName, FoundRegisteredModel, _READ)
SEARCH = declare(
    "registered_models.search", "GET", f"{_AT}/search", SearchRegisteredModels, FoundRegisteredModels, _READ
)
GET_LATEST_VERSIONS = declare(
    "registered_models.latest_versions", "POST", f"{_AT}/get-latest-versions", GetLatestVersions, Versions, _READ
)
GET_LATEST_VERSIONS_BY_GET = declare(
    "registered_models.latest_versions_get", "GET", f"{_AT}/get-latest-versions", GetLatestVersions, Versions, _READ
)
SET_TAG = declare("registered_models.set_tag", "POST", f"{_AT}/set-tag", SetModelTag, Empty, _EDIT)
DELETE_TAG = declare("registered_models.delete_tag", "DELETE", f"{_AT}/delete-tag", DeleteModelTag, Empty, _EDIT)
SET_ALIAS = declare("registered_models.set_alias", "POST", f"{_AT}/alias", SetAlias, Empty, _EDIT)
DELETE_ALIAS = declare("registered_models.delete_alias", "DELETE", f"{_AT}/alias", AliasName, Empty, _EDIT)
GET_BY_ALIAS = declare("registered_models.get_by_alias", "GET", f"{_AT}/alias", AliasName, FoundVersion, _READ)


def registered_model_message(model: RegisteredModel) -> RegisteredModelMessage:
    """How a registered model looks in MLflow's API."""
    return RegisteredModelMessage(
        model.name,
        model.creation_time,
        model.last_update_time,
        shown(model.description),
        tuple(map(version_message, model.latest_versions)),
        key_values(model.tags),
        tuple(AliasMessage(alias, str(version)) for alias, version in model.aliases.items()),
    )


def registered_models_page(page: Page[RegisteredModel]) -> FoundRegisteredModels:
    """How a page of registered models looks in MLflow's API."""
    return FoundRegisteredModels(tuple(map(registered_model_message, page.items)), shown(page.next_token))
