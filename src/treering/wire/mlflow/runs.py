"""Runs in MLflow's API, with what is logged to them.

Requests may name a run as `run_id` or, as MLflow 1.x did, as `run_uuid`.
"""

from __future__ import annotations

from typing import cast

from msgspec import UNSET, UnsetType

from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.lifecycle import RunStatus, View
from treering.entities.metric import summary_rows
from treering.entities.page import Page
from treering.entities.run import Run, RunInfo
from treering.wire.endpoint import Empty, Permission
from treering.wire.kept import KeptJson
from treering.wire.mlflow.fields import Entry, Int64, KeyValue, Message, Text, declare, key_values, shown
from treering.wire.mlflow.metrics import MetricEntry, MetricMessage
from treering.wire.native.numbers import to_number

__all__ = [
    "CREATE",
    "DELETE",
    "DELETE_TAG",
    "GET",
    "LOG_BATCH",
    "LOG_INPUTS",
    "LOG_METRIC",
    "LOG_MODEL",
    "LOG_OUTPUTS",
    "LOG_PARAM",
    "RESTORE",
    "SEARCH",
    "SET_TAG",
    "UPDATE",
    "CreateRun",
    "DatasetEntry",
    "DatasetInputEntry",
    "DatasetInputMessage",
    "DatasetMessage",
    "DeleteRunTag",
    "FoundRun",
    "FoundRuns",
    "GetRun",
    "LogBatchRequest",
    "LogInputs",
    "LogMetric",
    "LogModelRequest",
    "LogOutputs",
    "LogParam",
    "ModelInputMessage",
    "ModelOutputMessage",
    "RunDataMessage",
    "RunId",
    "RunInfoMessage",
    "RunInputsMessage",
    "RunMessage",
    "RunOutputsMessage",
    "SearchRuns",
    "SetRunTag",
    "UpdateRun",
    "UpdatedRun",
    "run_info_message",
    "run_message",
    "runs_page",
]


class RunInfoMessage(Message, frozen=True):
    """What identifies a run and where it stands. Times are milliseconds since the epoch."""

    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: RunStatus
    start_time: int
    artifact_uri: str
    lifecycle_stage: str
    end_time: int | UnsetType = UNSET


class RunDataMessage(Message, frozen=True):
    """What was logged; of each metric the last point."""

    metrics: tuple[MetricMessage, ...] = ()
    params: tuple[KeyValue, ...] = ()
    tags: tuple[KeyValue, ...] = ()


class DatasetMessage(Message, frozen=True):
    """A dataset as an answer shows it."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | UnsetType = UNSET
    profile: str | UnsetType = UNSET


class DatasetInputMessage(Message, frozen=True):
    """A dataset in the role that a run gave it."""

    dataset: DatasetMessage
    tags: tuple[KeyValue, ...] = ()


class ModelInputMessage(Message, frozen=True):
    """A logged model that a run read."""

    model_id: Text


class ModelOutputMessage(Message, frozen=True):
    """A logged model that a run wrote, and at which step."""

    model_id: Text
    step: Int64


class RunInputsMessage(Message, frozen=True):
    """What a run read."""

    dataset_inputs: tuple[DatasetInputMessage, ...] = ()
    model_inputs: tuple[ModelInputMessage, ...] = ()


class RunOutputsMessage(Message, frozen=True):
    """What a run wrote beside its artifacts."""

    model_outputs: tuple[ModelOutputMessage, ...] = ()


class RunMessage(Message, frozen=True):
    """A run with all it holds."""

    info: RunInfoMessage
    data: RunDataMessage
    inputs: RunInputsMessage
    outputs: RunOutputsMessage


class CreateRun(Message, frozen=True):
    """Start a run."""

    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: Int64 | None = None
    tags: tuple[Entry, ...] = ()


class RunId(Message, frozen=True):
    """One run."""

    run_id: Text


class GetRun(Message, frozen=True):
    """One run, deleted or not."""

    run_id: str = ""
    run_uuid: str = ""


class FoundRun(Message, frozen=True):
    """The run asked for."""

    run: RunMessage


class UpdateRun(Message, frozen=True):
    """Change a run's status, end time or name."""

    run_id: str = ""
    run_uuid: str = ""
    status: RunStatus | None = None
    end_time: Int64 | None = None
    run_name: str = ""


class UpdatedRun(Message, frozen=True):
    """The run after the change."""

    run_info: RunInfoMessage


class SearchRuns(Message, frozen=True):
    """Runs that match a filter."""

    experiment_ids: tuple[str, ...] = ()
    filter: str = ""
    run_view_type: View = View.ACTIVE_ONLY
    max_results: Int64 = 1000
    order_by: tuple[str, ...] = ()
    page_token: str = ""


class FoundRuns(Message, frozen=True):
    """One page of runs."""

    runs: tuple[RunMessage, ...] = ()
    next_page_token: str | UnsetType = UNSET


class LogMetric(MetricEntry, frozen=True):
    """Add one point to a metric."""

    run_id: str = ""
    run_uuid: str = ""


class LogParam(Message, frozen=True):
    """Add a param."""

    key: Text
    value: str = ""
    run_id: str = ""
    run_uuid: str = ""


class SetRunTag(Message, frozen=True):
    """Add or change a tag."""

    key: Text
    value: str = ""
    run_id: str = ""
    run_uuid: str = ""


class DeleteRunTag(Message, frozen=True):
    """Remove a tag."""

    run_id: Text
    key: Text


class LogBatchRequest(Message, frozen=True):
    """Add points, params and tags in one go."""

    run_id: Text
    metrics: tuple[MetricEntry, ...] = ()
    params: tuple[Entry, ...] = ()
    tags: tuple[Entry, ...] = ()


class LogModelRequest(Message, frozen=True):
    """Record a model as MLflow 1.x and 2.x do."""

    run_id: Text
    model_json: Text


class DatasetEntry(Message, frozen=True):
    """A dataset as a request gives it."""

    name: Text
    digest: Text
    source_type: Text
    source: Text
    schema: str = ""
    profile: str = ""


class DatasetInputEntry(Message, frozen=True):
    """A dataset in a role, as a request gives it."""

    dataset: DatasetEntry
    tags: tuple[Entry, ...] = ()


class LogInputs(Message, frozen=True):
    """Record what a run read."""

    run_id: Text
    datasets: tuple[DatasetInputEntry, ...] = ()
    models: tuple[ModelInputMessage, ...] = ()


class LogOutputs(Message, frozen=True):
    """Record which models a run wrote."""

    run_id: Text
    models: tuple[ModelOutputMessage, ...] = ()


_AT = "2.0/mlflow/runs"
_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS

CREATE = declare("runs.create", "POST", f"{_AT}/create", CreateRun, FoundRun, _EDIT)
UPDATE = declare("runs.update", "POST", f"{_AT}/update", UpdateRun, UpdatedRun, _EDIT)
DELETE = declare("runs.delete", "POST", f"{_AT}/delete", RunId, Empty, _EDIT)
RESTORE = declare("runs.restore", "POST", f"{_AT}/restore", RunId, Empty, _EDIT)
GET = declare("runs.get", "GET", f"{_AT}/get", GetRun, FoundRun, _READ)
SEARCH = declare("runs.search", "POST", f"{_AT}/search", SearchRuns, FoundRuns, _READ)
LOG_METRIC = declare("runs.log_metric", "POST", f"{_AT}/log-metric", LogMetric, Empty, _EDIT)
LOG_PARAM = declare("runs.log_param", "POST", f"{_AT}/log-parameter", LogParam, Empty, _EDIT)
SET_TAG = declare("runs.set_tag", "POST", f"{_AT}/set-tag", SetRunTag, Empty, _EDIT)
DELETE_TAG = declare("runs.delete_tag", "POST", f"{_AT}/delete-tag", DeleteRunTag, Empty, _EDIT)
LOG_BATCH = declare("runs.log_batch", "POST", f"{_AT}/log-batch", LogBatchRequest, Empty, _EDIT)
LOG_MODEL = declare("runs.log_model", "POST", f"{_AT}/log-model", LogModelRequest, Empty, _EDIT)
LOG_INPUTS = declare("runs.log_inputs", "POST", f"{_AT}/log-inputs", LogInputs, Empty, _EDIT)
LOG_OUTPUTS = declare("runs.log_outputs", "POST", f"{_AT}/outputs", LogOutputs, Empty, _EDIT)


def run_info_message(info: RunInfo) -> RunInfoMessage:
    """How a run's info looks in MLflow's API."""
    return RunInfoMessage(
        info.run_id,
        info.run_id,
        info.run_name,
        info.experiment_id,
        info.user_id,
        info.status,
        info.start_time,
        info.artifact_uri,
        info.lifecycle_stage,
        UNSET if info.end_time is None else info.end_time,
    )


def run_message(run: Run) -> RunMessage:
    """How a run looks in MLflow's API."""
    return RunMessage(
        run_info_message(run.info),
        RunDataMessage(
            tuple(
                MetricMessage(key, to_number(last.value), last.timestamp, last.step)
                for key, last in summary_rows(run.data.summaries).items()
            ),
            key_values(run.data.params),
            key_values(run.data.tags),
        ),
        RunInputsMessage(
            tuple(map(_dataset_input_message, run.inputs.dataset_inputs)),
            tuple(ModelInputMessage(item.model_id) for item in run.inputs.model_inputs),
        ),
        RunOutputsMessage(tuple(ModelOutputMessage(item.model_id, item.step) for item in run.outputs.model_outputs)),
    )


def runs_page(page: Page[Run]) -> FoundRuns:
    """How a page of runs looks in MLflow's API."""
    return FoundRuns(cast("tuple[RunMessage, ...]", tuple(map(_KEPT, page.items))), shown(page.next_token))


_KEPT = KeptJson(run_message)


def _dataset_input_message(item: DatasetInput) -> DatasetInputMessage:
    return DatasetInputMessage(_dataset_message(item.dataset), key_values(item.tags))


def _dataset_message(dataset: Dataset) -> DatasetMessage:
    return DatasetMessage(
        dataset.name,
        dataset.digest,
        dataset.source_type,
        dataset.source,
        shown(dataset.schema),
        shown(dataset.profile),
    )
