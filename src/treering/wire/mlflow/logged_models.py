"""Logged models in MLflow's API."""

from __future__ import annotations

from enum import StrEnum

from msgspec import UNSET, UnsetType

from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.model import LoggedModel
from treering.entities.page import Page
from treering.wire.endpoint import Empty, Permission, Stream
from treering.wire.mlflow.artifacts import FoundArtifacts
from treering.wire.mlflow.fields import Entry, Int64, KeyValue, Message, Text, declare, key_values, shown
from treering.wire.mlflow.metrics import MetricMessage, metric_message

__all__ = [
    "CREATE",
    "DELETE",
    "DELETE_TAG",
    "FINALIZE",
    "GET",
    "LIST_ARTIFACTS",
    "LOG_PARAMS",
    "READ_ARTIFACT",
    "SEARCH",
    "SET_TAGS",
    "CreateLoggedModel",
    "DatasetChoice",
    "DeleteLoggedModelTag",
    "FinalizeLoggedModel",
    "FoundLoggedModel",
    "FoundLoggedModels",
    "GetLoggedModel",
    "ListModelArtifacts",
    "LogModelParams",
    "LoggedModelDataMessage",
    "LoggedModelId",
    "LoggedModelInfoMessage",
    "LoggedModelMessage",
    "OrderBy",
    "ReadModelArtifact",
    "Registration",
    "SearchLoggedModels",
    "SetLoggedModelTags",
    "WireStatus",
    "logged_model_message",
    "logged_models_page",
]


class WireStatus(StrEnum):
    """Whether a logged model's files are complete, in MLflow's words."""

    UNSPECIFIED = "LOGGED_MODEL_STATUS_UNSPECIFIED"
    PENDING = "LOGGED_MODEL_PENDING"
    READY = "LOGGED_MODEL_READY"
    FAILED = "LOGGED_MODEL_UPLOAD_FAILED"


class Registration(Message, frozen=True):
    """A version under which a logged model is registered."""

    name: str
    version: str


class LoggedModelInfoMessage(Message, frozen=True):
    """What identifies a logged model and where it stands. Times are milliseconds since the epoch."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: WireStatus
    model_type: str | UnsetType = UNSET
    source_run_id: str | UnsetType = UNSET
    status_message: str | UnsetType = UNSET
    tags: tuple[KeyValue, ...] = ()
    registrations: tuple[Registration, ...] = ()


class LoggedModelDataMessage(Message, frozen=True):
    """The params and metrics that belong to a logged model."""

    params: tuple[KeyValue, ...] = ()
    metrics: tuple[MetricMessage, ...] = ()


class LoggedModelMessage(Message, frozen=True):
    """A logged model."""

    info: LoggedModelInfoMessage
    data: LoggedModelDataMessage


class CreateLoggedModel(Message, frozen=True):
    """Begin to log a model."""

    experiment_id: Text
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: tuple[Entry, ...] = ()
    tags: tuple[Entry, ...] = ()


class FoundLoggedModel(Message, frozen=True):
    """The model asked for."""

    model: LoggedModelMessage


class LoggedModelId(Message, frozen=True):
    """One logged model."""

    model_id: Text


class GetLoggedModel(Message, frozen=True):
    """One logged model, if need be a deleted one."""

    model_id: Text
    allow_deleted: bool = False


class FinalizeLoggedModel(Message, frozen=True):
    """Say whether the model's files are complete."""

    model_id: Text
    status: WireStatus


class DatasetChoice(Message, frozen=True):
    """A dataset that metric conditions shall look at; without a digest, every digest of that name."""

    dataset_name: Text
    dataset_digest: str = ""


class OrderBy(Message, frozen=True):
    """One term of an order."""

    field_name: Text
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""


class SearchLoggedModels(Message, frozen=True):
    """Logged models that match a filter."""

    experiment_ids: tuple[str, ...] = ()
    filter: str = ""
    datasets: tuple[DatasetChoice, ...] = ()
    max_results: Int64 = 50
    order_by: tuple[OrderBy, ...] = ()
    page_token: str = ""


class FoundLoggedModels(Message, frozen=True):
    """One page of logged models."""

    models: tuple[LoggedModelMessage, ...] = ()
    next_page_token: str | UnsetType = UNSET


class SetLoggedModelTags(Message, frozen=True):
    """Add or change tags."""

    model_id: Text
    tags: tuple[Entry, ...] = ()


class DeleteLoggedModelTag(Message, frozen=True):
    """Remove a tag."""

    model_id: Text
    tag_key: Text


class LogModelParams(Message, frozen=True):
    """Add params."""

    model_id: Text
    params: tuple[Entry, ...] = ()


class ListModelArtifacts(Message, frozen=True):
    """What lies in a folder of a logged model."""

    model_id: Text
    artifact_directory_path: str = ""
    page_token: str = ""


class ReadModelArtifact(Message, frozen=True):
    """A file of a logged model."""

    model_id: Text
    artifact_file_path: str = ""


_AT = "2.0/mlflow/logged-models"
_ONE = _AT + "/{model_id}"
_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS

SEARCH = declare("logged_models.search", "POST", f"{_AT}/search", SearchLoggedModels, FoundLoggedModels, _READ)
CREATE = declare("logged_models.create", "POST", _AT, CreateLoggedModel, FoundLoggedModel, _EDIT)
FINALIZE = declare("logged_models.finalize", "PATCH", _ONE, FinalizeLoggedModel, FoundLoggedModel, _EDIT)
GET = declare("logged_models.get", "GET", _ONE, GetLoggedModel, FoundLoggedModel, _READ)
DELETE = declare("logged_models.delete", "DELETE", _ONE, LoggedModelId, Empty, _EDIT)
SET_TAGS = declare("logged_models.set_tags", "PATCH", f"{_ONE}/tags", SetLoggedModelTags, FoundLoggedModel, _EDIT)
DELETE_TAG = declare(
    "logged_models.delete_tag", "DELETE", _ONE + "/tags/{tag_key:path}", DeleteLoggedModelTag, Empty, _EDIT
)
LOG_PARAMS = declare("logged_models.log_params", "POST", f"{_ONE}/params", LogModelParams, Empty, _EDIT)
LIST_ARTIFACTS = declare(
    "logged_models.list_artifacts", "GET", f"{_ONE}/artifacts/directories", ListModelArtifacts, FoundArtifacts, _READ
)
READ_ARTIFACT = declare(
    "logged_models.read_artifact", "GET", f"{_ONE}/artifacts/files", ReadModelArtifact, Stream, _READ
)

_STATUS = {
    LoggedModelStatus.PENDING: WireStatus.PENDING,
    LoggedModelStatus.READY: WireStatus.READY,
    LoggedModelStatus.FAILED: WireStatus.FAILED,
}


def logged_model_message(model: LoggedModel) -> LoggedModelMessage:
    """How a logged model looks in MLflow's API."""
    return LoggedModelMessage(
        LoggedModelInfoMessage(
            model.model_id,
            model.experiment_id,
            model.name,
            model.creation_time,
            model.last_update_time,
            model.artifact_uri,
            _STATUS[model.status],
            shown(model.model_type),
            shown(model.source_run_id),
            shown(model.status_message),
            key_values(model.tags),
            tuple(Registration(name, str(version)) for name, version in model.registrations),
        ),
        LoggedModelDataMessage(key_values(model.params), tuple(map(metric_message, model.metrics))),
    )


def logged_models_page(page: Page[LoggedModel]) -> FoundLoggedModels:
    """How a page of logged models looks in MLflow's API."""
    return FoundLoggedModels(tuple(map(logged_model_message, page.items)), shown(page.next_token))
