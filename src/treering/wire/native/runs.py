"""Runs in the native API, and how a run looks in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from treering.entities.dataset import DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricSummary, SummaryRow, summary_rows
from treering.entities.run import ModelInput, ModelOutput, NewRun, Run, RunData, RunInfo, RunInputs, RunOutputs
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native.numbers import Number, from_number, to_number
from treering.wire.native.query import SearchInExperiments

__all__ = [
    "CREATE",
    "DELETE",
    "DELETE_TAG",
    "DELIVERED",
    "GET",
    "LOG",
    "RESTORE",
    "SEARCH",
    "UPDATE",
    "DeleteRunTag",
    "Delivered",
    "JournalId",
    "LinkedMetric",
    "LogBatches",
    "RunBatch",
    "RunBody",
    "RunId",
    "RunPage",
    "SearchRuns",
    "SeriesPoints",
    "SummaryBody",
    "UpdateRun",
    "run_body",
    "run_from",
]


class SummaryBody(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of one metric of a run.

    `last` is the value at the greatest step; `minimum` and `maximum` leave NaN aside.
    """

    last: Number
    step: int
    timestamp: int
    minimum: Number | None
    maximum: Number | None
    count: int


class RunBody(msgspec.Struct, frozen=True):
    """A run with all it holds. Times are milliseconds since the epoch."""

    run_id: str
    experiment_id: str
    run_name: str
    user_id: str
    status: RunStatus
    start_time: int
    end_time: int | None
    artifact_uri: str
    lifecycle_stage: Lifecycle
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, SummaryBody]
    datasets: Sequence[DatasetInput]
    model_inputs: Sequence[ModelInput]
    model_outputs: Sequence[ModelOutput]


class RunId(msgspec.Struct, frozen=True):
    """One run."""

    run_id: str


class UpdateRun(msgspec.Struct, frozen=True):
    """What to change; null leaves a value. Setting RUNNING clears the end time."""

    run_id: str
    status: RunStatus | None = None
    end_time: int | None = None
    run_name: str | None = None


class SearchRuns(SearchInExperiments, frozen=True, kw_only=True):
    """A search over the runs of some experiments."""


class RunPage(msgspec.Struct, frozen=True):
    """Runs that match; `next_token` is "" on the last page."""

    runs: Sequence[RunBody]
    next_token: str = ""
    total: int | None = None


class SeriesPoints(msgspec.Struct, frozen=True):
    """Points of one series, column by column, each column little-endian and of one length.

    `steps` and `timestamps` are signed 64-bit integers, `values` 64-bit floats. In
    JSON the bytes are base64.
    """

    steps: bytes
    timestamps: bytes
    values: bytes


class LinkedMetric(msgspec.Struct, frozen=True):
    """A point that also judges a logged model, or belongs to a dataset.

    Attributes:
        run_id: The run that logged it, where that is not plain from what it stands in.
    """

    key: str
    value: Number
    timestamp: int
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""
    run_id: str = ""


class RunBatch(msgspec.Struct, frozen=True):
    """What was logged to one run."""

    run_id: str
    params: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}
    series: Mapping[str, SeriesPoints] = {}
    linked: Sequence[LinkedMetric] = ()
    datasets: Sequence[DatasetInput] = ()
    model_inputs: Sequence[ModelInput] = ()
    model_outputs: Sequence[ModelOutput] = ()


class LogBatches(msgspec.Struct, frozen=True):
    """What was logged to some runs; all of it is stored, or nothing.

    With a `journal_id`, a batch whose `end` is not beyond the last one applied is
    skipped, so that a delivery may be repeated.
    """

    batches: Sequence[RunBatch]
    journal_id: str = ""
    end: int = 0


class DeleteRunTag(msgspec.Struct, frozen=True):
    """A tag to remove."""

    run_id: str
    key: str


class JournalId(msgspec.Struct, frozen=True):
    """One client's journal."""

    journal_id: str


class Delivered(msgspec.Struct, frozen=True):
    """How far a journal was applied, in bytes."""

    end: int


_ONE = "/api/v1/runs/{run_id}"
_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS

CREATE = Endpoint(
    "runs.create", "POST", "/api/v1/runs", NewRun, RunBody, _EDIT,
    "Start a run; repeated with the same run_id it is the same run",
)  # fmt: skip
GET = Endpoint("runs.get", "GET", _ONE, RunId, RunBody, _READ, "One run, deleted or not")
UPDATE = Endpoint("runs.update", "PATCH", _ONE, UpdateRun, RunBody, _EDIT, "Change status, end time or name")
DELETE = Endpoint("runs.delete", "DELETE", _ONE, RunId, Empty, _EDIT, "Delete a run softly")
RESTORE = Endpoint("runs.restore", "POST", _ONE + "/restore", RunId, Empty, _EDIT, "Undo a deletion")
SEARCH = Endpoint("runs.search", "POST", "/api/v1/runs/search", SearchRuns, RunPage, _READ, "Runs that match a filter")
LOG = Endpoint("runs.log", "POST", "/api/v1/runs/log", LogBatches, Empty, _EDIT, "Add params, tags, points and inputs")
DELETE_TAG = Endpoint(
    "runs.delete_tag", "DELETE", _ONE + "/tags/{key:path}", DeleteRunTag, Empty, _EDIT, "Remove a tag"
)
DELIVERED = Endpoint(
    "runs.delivered",
    "GET",
    "/api/v1/journals/{journal_id}",
    JournalId,
    Delivered,
    _READ,
    "How far a journal was applied",
)


def run_body(run: Run) -> RunBody:
    """How `run` looks in the native API."""
    info, data = run.info, run.data
    return RunBody(
        info.run_id,
        info.experiment_id,
        info.run_name,
        info.user_id,
        info.status,
        info.start_time,
        info.end_time,
        info.artifact_uri,
        info.lifecycle_stage,
        data.params,
        data.tags,
        {key: _summary_body(row) for key, row in summary_rows(data.summaries).items()},
        run.inputs.dataset_inputs,
        run.inputs.model_inputs,
        run.outputs.model_outputs,
    )


def run_from(body: RunBody) -> Run:
    """The run that `body` shows."""
    return Run(
        RunInfo(
            body.run_id,
            body.experiment_id,
            body.run_name,
            body.user_id,
            body.status,
            body.start_time,
            body.end_time,
            body.artifact_uri,
            body.lifecycle_stage,
        ),
        RunData(
            body.params, body.tags, {key: _summary_from(body.run_id, key, item) for key, item in body.metrics.items()}
        ),
        RunInputs(body.datasets, body.model_inputs),
        RunOutputs(body.model_outputs),
    )


def _summary_body(summary: SummaryRow) -> SummaryBody:
    last, minimum, maximum = summary.value, summary.minimum, summary.maximum
    if minimum is not None and maximum is not None and math.isfinite(last + minimum + maximum):
        # All are finite then; a page has thousands.
        return SummaryBody(last, summary.step, summary.timestamp, minimum, maximum, summary.count)
    return SummaryBody(
        to_number(last),
        summary.step,
        summary.timestamp,
        None if minimum is None else to_number(minimum),
        None if maximum is None else to_number(maximum),
        summary.count,
    )


def _summary_from(run_id: str, key: str, body: SummaryBody) -> MetricSummary:
    return MetricSummary(
        Metric(key, from_number(body.last), body.timestamp, body.step, run_id=run_id),
        None if body.minimum is None else from_number(body.minimum),
        None if body.maximum is None else from_number(body.maximum),
        body.count,
    )
