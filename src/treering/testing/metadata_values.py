"""Values for the metadata suites, with everything filled in that a test does not care about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treering.core.ids import new_model_id, new_run_id
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, ModelVersionStatus, RunStatus
from treering.entities.metric import Metric, MetricSegment, MetricSummary
from treering.entities.model import LoggedModel, ModelVersion
from treering.entities.page import Query
from treering.entities.run import Run, RunChanges, RunInfo
from treering.storage.metadata.base import MetadataStore

__all__ = ["add_run", "found_names", "logged_model", "model_version", "run_info", "segment", "summary"]


def run_info(experiment_id: str = "0", run_id: str = "", run_name: str = "a run", start_time: int = 1000) -> RunInfo:
    """A running run; a new id unless one is given."""
    return RunInfo(
        run_id=run_id or new_run_id(),
        experiment_id=experiment_id,
        run_name=run_name,
        user_id="ada",
        status=RunStatus.RUNNING,
        start_time=start_time,
        end_time=None,
        artifact_uri="file:///artifacts/0/1",
        lifecycle_stage=Lifecycle.ACTIVE,
    )


def summary(*values: float, key: str = "loss", step: int = 0) -> MetricSummary:
    """Of points at this and the following steps."""
    numbers = [value for value in values if value == value]  # noqa: PLR0124  # NaN differs from itself
    last = Metric(key, values[-1], 1000, step + len(values) - 1)
    return MetricSummary(last, min(numbers, default=None), max(numbers, default=None), len(values))


def segment(
    run_id: str, key: str = "loss", first_step: int = 0, count: int = 1, data: bytes = b"\0\xff"
) -> MetricSegment:
    """A block of points at this and the following steps."""
    return MetricSegment(run_id, key, count, first_step, first_step + count - 1, 1000, 2000, 0.5, 1.5, data)


def add_run(
    store: MetadataStore,
    name: str = "a run",
    *,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    metrics: Mapping[str, float] | None = None,
    start_time: int = 1000,
) -> Run:
    """A run of the default experiment that all this was logged to."""
    made = store.runs.create(run_info(run_name=name, start_time=start_time), {})
    run_id = made.info.run_id
    summaries = {key: summary(value, key=key) for key, value in (metrics or {}).items()}
    store.runs.apply([RunChanges(run_id, params=params or {}, tags=tags or {}, metrics=summaries)], None)
    return store.runs.get(run_id)


def found_names(store: MetadataStore, text: str, order_by: Sequence[str] = ()) -> list[str]:
    """Names of the default experiment's runs that a filter finds, in order."""
    query = Query(filter=text, order_by=order_by, experiment_ids=("0",))
    return [run.info.run_name for run in store.runs.search(query).items]


def logged_model(experiment_id: str = "0", name: str = "a model", created: int = 1000) -> LoggedModel:
    """A pending model with a new id."""
    return LoggedModel(
        model_id=new_model_id(),
        experiment_id=experiment_id,
        name=name,
        artifact_uri="file:///artifacts/0/models/1",
        status=LoggedModelStatus.PENDING,
        lifecycle_stage=Lifecycle.ACTIVE,
        creation_time=created,
        last_update_time=created,
    )


def model_version(name: str, source: str = "file:///m", model_id: str = "", run_id: str = "") -> ModelVersion:
    """A version that is ready, without a number."""
    return ModelVersion(
        name=name,
        version=0,
        source=source,
        storage_uri=source,
        status=ModelVersionStatus.READY,
        stage="None",
        creation_time=1000,
        last_update_time=1000,
        model_id=model_id,
        run_id=run_id,
    )
