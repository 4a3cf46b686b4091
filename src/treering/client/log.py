"""Fluent calls that log values: params, metrics, tags and inputs.

Each returns when this machine has the value; the store has it a moment later.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import time_ns
from typing import Any

from treering.client.inputs import LoggedDataset, dataset_of, described
from treering.client.recorder import Recorder
from treering.client.runs import run_or_start
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.entities.dataset import CONTEXT_TAG, DatasetInput
from treering.entities.metric import Metric
from treering.entities.run import LogBatch, ModelInput, ModelOutput

__all__ = [
    "Operations",
    "as_float",
    "dataset_input",
    "delete_tag",
    "finished",
    "flush",
    "flush_artifact_async_logging",
    "flush_async_logging",
    "linked_points",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_outputs",
    "log_param",
    "log_params",
    "log_series",
    "set_tag",
    "set_tags",
]

_MILLION = 1_000_000


class Operations:
    """What a call with `synchronous=False` gives back."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def wait(self) -> None:
        """Return when the store has what was logged. Raises TreeringError if it cannot be delivered now."""
        self._recorder.flush()


def log_metric(  # noqa: PLR0913, PLR0917  # MLflow's signature
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,  # noqa: FBT001  # as above
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: LoggedDataset | None = None,
) -> Operations | None:
    """Log one point of a metric; a run is started if none is active.

    Args:
        value: A number, or what `float` makes one of, such as an array or tensor of one element.
        step: Position in training; 0 unless given.
        synchronous: True waits until the store has it; False returns something to wait with.
        timestamp: Milliseconds since the epoch; now unless given.
        model_id: The logged model that the point judges.
        dataset: The dataset it was computed on.

    Raises:
        InvalidInput: If the name or a number cannot be stored.
        StorageFull: If this machine's disk is full.
    """
    if type(value) is not float:
        value = as_float(key, value)
    if timestamp is None:
        timestamp = time_ns() // _MILLION
    if run_id is None:
        run = run_or_start()
        recorder, run_id = run.recorder, run.info.run_id
    else:
        recorder = session().place.recorder
    if model_id is None and dataset is None:
        recorder.metric(run_id, key, value, timestamp, step or 0)
    else:
        points = [(key, value, timestamp, step or 0)]
        recorder.batch(LogBatch(run_id, linked=linked_points(points, model_id, dataset)))
    return None if synchronous is None else finished(recorder, synchronous=synchronous)


def log_metrics(  # noqa: PLR0913, PLR0917  # MLflow's signature
    metrics: Mapping[str, float],
    step: int | None = None,
    synchronous: bool | None = None,  # noqa: FBT001  # as above
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: LoggedDataset | None = None,
) -> Operations | None:
    """Log a point for each of several metrics. Arguments and errors as for `log_metric`."""
    at = time_ns() // _MILLION if timestamp is None else timestamp
    recorder, run_id = _where(run_id)
    points = [(key, as_float(key, value), at, step or 0) for key, value in metrics.items()]
    if model_id is None and dataset is None:
        recorder.metrics(run_id, points)
    else:
        recorder.batch(LogBatch(run_id, linked=linked_points(points, model_id, dataset)))
    return finished(recorder, synchronous=synchronous)


def log_series(
    key: str,
    values: Sequence[float],
    steps: Sequence[int] | None = None,
    timestamps: Sequence[int] | None = None,
    run_id: str | None = None,
) -> None:
    """Log many points of one metric at once, such as a curve that was computed elsewhere.

    A million points take well under a second; a call of `log_metric` for each takes some.

    Args:
        values: Numbers: a list, an array of NumPy, a column of a data frame ...
        steps: As many whole numbers; 0, 1, 2 ... unless given.
        timestamps: As many, in milliseconds since the epoch; now for all unless given.
        run_id: The run; the active one unless given, or one that is started.

    Raises:
        InvalidInput: If the columns differ in length, or hold what is no number.
        StorageFull: If this machine's disk is full.
    """
    numbers = _column("d", key, "value", values)
    count = len(numbers)
    places = array("q", range(count)) if steps is None else _column("q", key, "step", steps)
    at = array("q", [time_ns() // _MILLION]) * count if timestamps is None else _column("q", key, "time", timestamps)
    if not len(places) == len(at) == count:
        msg = (
            f"The columns of the metric {key!r} differ in length: {count} values, {len(places)} steps,"
            f" {len(at)} timestamps. Give one of each for every point."
        )
        raise InvalidInput(msg)
    recorder, run_id = _where(run_id)
    if count:
        recorder.columns(run_id, key, (places, at, numbers))


def _column(kind: str, key: str, what: str, given: Sequence[Any]) -> array[Any]:
    column: array[Any] = array(kind)
    try:
        view = memoryview(given)  # type: ignore[arg-type]  # a list has none, which is the other case
    except TypeError:
        view = None
    if view is not None and view.ndim == 1 and view.contiguous and view.format in _SAME[kind]:
        column.frombytes(view.cast("B"))
        return column
    try:
        column.extend(given)
    except (TypeError, OverflowError) as error:
        msg = f"The metric {key!r} has a {what} that cannot be stored: {error}. Give {_WANTED[kind]} only."
        raise InvalidInput(msg) from error
    return column


# What arrays of the same numbers call themselves; a long has 64 bits where NumPy uses it for them.
_SAME = {"d": {"d", "<d"}, "q": {"q", "<q", "l"} if array("l").itemsize == array("q").itemsize else {"q", "<q"}}
_WANTED = {"d": "numbers", "q": "whole numbers of 64 bits"}


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:  # noqa: FBT001  # MLflow's signature
    """Log a param, which keeps its value for ever, and return the value.

    Raises:
        InvalidInput: If the name cannot be stored, or this process has logged another value of it.
            What another process has logged is noticed at delivery.
    """
    operations = log_params({key: value}, synchronous)
    return operations if synchronous is False else value


def log_params(
    params: Mapping[str, Any],
    synchronous: bool | None = None,  # noqa: FBT001  # MLflow's signature
    run_id: str | None = None,
) -> Operations | None:
    """Log several params. Raises as `log_param`."""
    recorder, run_id = _where(run_id)
    recorder.params(run_id, {key: str(value) for key, value in params.items()})
    return finished(recorder, synchronous=synchronous)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> Operations | None:  # noqa: FBT001  # as above
    """Set a tag of the active run."""
    return set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> Operations | None:  # noqa: FBT001  # as above
    """Set several tags of the active run."""
    recorder, run_id = _where(None)
    recorder.tags(run_id, {key: str(value) for key, value in tags.items()})
    return finished(recorder, synchronous=synchronous)


def delete_tag(key: str) -> None:
    """Remove a tag of the active run. Raises NotFound."""
    run = run_or_start()
    run.place.read().tracking.runs.delete_tag(run.info.run_id, key)


def log_input(
    dataset: LoggedDataset | str | Path | None = None,
    context: str | None = None,
    tags: Mapping[str, str] | None = None,
    model: Any = None,
) -> None:
    """Record that the active run used a dataset, or a logged model.

    Args:
        dataset: What `treering.data.from_pandas` and its like make; or a path or URL, of which the content's
            fingerprint is recorded, and for data that a repository tracks its pointer and commit, too.
        context: The role of the dataset, such as `training`.
        model: A logged model, or what has a `model_id`.
    """
    run = run_or_start()
    used = [] if dataset is None else [dataset_input(dataset, context, tags)]
    models = [] if model is None else [ModelInput(model.model_id)]
    run.recorder.batch(LogBatch(run.info.run_id, dataset_inputs=used, model_inputs=models))


def log_inputs(
    datasets: Sequence[LoggedDataset | str | Path] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Sequence[Any] | None = None,
) -> None:
    """Record several inputs; `contexts` and `tags_list` are as long as `datasets`. Raises InvalidInput."""
    used = list(datasets or ())
    roles = list(contexts) if contexts is not None else [None] * len(used)
    tags = list(tags_list) if tags_list is not None else [None] * len(used)
    if not len(used) == len(roles) == len(tags):
        msg = f"There are {len(used)} datasets, {len(roles)} contexts and {len(tags)} tags. Give one of each."
        raise InvalidInput(msg)
    run = run_or_start()
    run.recorder.batch(
        LogBatch(
            run.info.run_id,
            dataset_inputs=[dataset_input(*one) for one in zip(used, roles, tags, strict=True)],
            model_inputs=[ModelInput(model.model_id) for model in models or ()],
        )
    )


def log_outputs(models: Sequence[ModelOutput]) -> None:
    """Record logged models that the active run wrote."""
    run = run_or_start()
    run.recorder.batch(LogBatch(run.info.run_id, model_outputs=models))


def flush() -> None:
    """Return when the store has everything that this process has logged.

    Raises:
        TreeringError: If it cannot be delivered now; it is kept and delivered later.
    """
    session().place.recorder.flush()


def flush_async_logging() -> None:
    """As `flush`, under MLflow's name."""
    flush()


def flush_artifact_async_logging() -> None:
    """As `flush`: an artifact is stored, or in the journal, when the call that logs it returns."""
    flush()


def as_float(key: str, value: Any) -> float:
    """The number to store. Raises InvalidInput if it is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        # Some arrays of one element refuse `float` but have `item`.
        item = getattr(value, "item", None)
        if callable(item) and getattr(value, "size", 0) == 1:
            return float(item())
        shown = repr(value)
        msg = (
            f"Got invalid value {shown if len(shown) < 100 else shown[:100] + '...'} for metric '{key}'"  # noqa: PLR2004
            f" (type {type(value).__name__}). Please specify value as a valid double (64-bit floating point)."
        )
        raise InvalidInput(msg) from error


def linked_points(
    points: Sequence[tuple[str, float, int, int]], model_id: str | None, dataset: LoggedDataset | None
) -> list[Metric]:
    """(key, value, timestamp, step) points as points that judge a model or belong to a dataset."""
    entity = None if dataset is None else dataset_of(dataset)
    return [
        Metric(
            key,
            value,
            timestamp,
            step,
            model_id or "",
            entity.name if entity else "",
            entity.digest if entity else "",
        )
        for key, value, timestamp, step in points
    ]


def dataset_input(
    dataset: LoggedDataset | str | Path, context: str | None, tags: Mapping[str, str] | None
) -> DatasetInput:
    """A dataset in the role that a run gives it."""
    entity, known = described(dataset)
    labels = {**known, **{key: str(value) for key, value in (tags or {}).items()}}
    return DatasetInput(entity, {CONTEXT_TAG: context, **labels} if context else labels)


def finished(recorder: Recorder, *, synchronous: bool | None) -> Operations | None:
    """Wait, give something to wait with, or do neither."""
    if synchronous:
        recorder.flush()
    return Operations(recorder) if synchronous is False else None


def _where(run_id: str | None) -> tuple[Recorder, str]:
    if run_id is not None:
        return session().place.recorder, run_id
    run = run_or_start()
    return run.recorder, run.info.run_id
