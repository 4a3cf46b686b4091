"""A run: one execution of training code, with what it was given and what it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from treering.entities.dataset import DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricColumns, MetricSegment, MetricSummary, summary_rows

__all__ = [
    "NOTE_TAG",
    "PARENT_RUN_TAG",
    "RESUMED_TAG",
    "RUN_NAME_TAG",
    "LogBatch",
    "ModelInput",
    "ModelOutput",
    "NewRun",
    "Origin",
    "Run",
    "RunChanges",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
]

RUN_NAME_TAG = "mlflow.runName"
PARENT_RUN_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"
RESUMED_TAG = "treering.resumed"
"""When somebody went on with the run for the last time, in milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What identifies a run and where it stands.

    Attributes:
        start_time: Milliseconds since the epoch; `end_time` likewise, None while it runs.
        artifact_uri: Where the run's artifacts lie.
    """

    run_id: str
    experiment_id: str
    run_name: str
    user_id: str
    status: RunStatus
    start_time: int
    end_time: int | None
    artifact_uri: str
    lifecycle_stage: Lifecycle

    @property
    def run_uuid(self) -> str:
        """The name that MLflow 1.x used for `run_id`."""
        return self.run_id

    @property
    def duration(self) -> int | None:
        """Milliseconds from start to end; None while it runs."""
        return None if self.end_time is None else self.end_time - self.start_time


@dataclass(frozen=True, slots=True)
class RunData:
    """What was logged to a run.

    Attributes:
        params: Write-once settings.
        tags: Free labels, which may change.
        summaries: Per metric key, what is remembered of its series.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    summaries: Mapping[str, MetricSummary] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {key: summary.value for key, summary in summary_rows(self.summaries).items()}


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A logged model that a run read."""

    model_id: str


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """A logged model that a run wrote, and at which training step."""

    model_id: str
    step: int = 0


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What a run read."""

    dataset_inputs: Sequence[DatasetInput] = ()
    model_inputs: Sequence[ModelInput] = ()


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """What a run wrote beside its artifacts."""

    model_outputs: Sequence[ModelOutput] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of training code."""

    info: RunInfo
    data: RunData = field(default_factory=RunData)
    inputs: RunInputs = field(default_factory=RunInputs)
    outputs: RunOutputs = field(default_factory=RunOutputs)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a delivered batch stands in its client's journal; makes delivery repeatable.

    A store applies a batch only when `end` lies beyond the last `end` that it has
    applied for `journal_id`, and remembers it in the same transaction.

    Attributes:
        journal_id: The journal file's own identity.
        end: Byte offset in the journal just behind the batch.
    """

    journal_id: str
    end: int


@dataclass(frozen=True, slots=True)
class RunChanges:
    """What is to be added to one run, all of it or nothing.

    Attributes:
        params: New params; one that exists with another value refuses the whole.
        tags: Tags to set.
        deleted_tags: Tags to remove; each must exist.
        dropped_tags: Tags to remove where they are.
        metrics: Per key, the summary of only the added points; the store merges it.
        segments: The added points, encoded.
        dataset_inputs: Datasets read; the same (name, digest) again changes nothing, as in MLflow: the first tags stay.
        linked: Points that judge a logged model; the store keeps the last per (model, key, dataset).
    """

    run_id: str
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    deleted_tags: Sequence[str] = ()
    metrics: Mapping[str, MetricSummary] = field(default_factory=dict)
    segments: Sequence[MetricSegment] = ()
    dataset_inputs: Sequence[DatasetInput] = ()
    model_inputs: Sequence[ModelInput] = ()
    model_outputs: Sequence[ModelOutput] = ()
    linked: Sequence[Metric] = ()
    dropped_tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is asked for when a run is created.

    Attributes:
        run_id: Chosen by the caller, so that a repeated request makes one run; "" lets the server choose.
        run_name: "" lets the server make one up.
        start_time: Milliseconds since the epoch; None means now.
    """

    experiment_id: str
    run_id: str = ""
    run_name: str = ""
    user_id: str = ""
    start_time: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogBatch:
    """What a client logged to one run, as it comes over the wire: all of it is stored or nothing.

    Attributes:
        series: Points by metric key.
        linked: Points that also judge a logged model or belong to a dataset; they are
            stored in the series as well.
    """

    run_id: str
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, MetricColumns] = field(default_factory=dict)
    linked: Sequence[Metric] = ()
    dataset_inputs: Sequence[DatasetInput] = ()
    model_inputs: Sequence[ModelInput] = ()
    model_outputs: Sequence[ModelOutput] = ()
