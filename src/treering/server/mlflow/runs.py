"""Runs in MLflow's API, and what is logged to them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID
from treering.entities.metric import Metric, MetricColumns
from treering.entities.page import Query
from treering.entities.run import LogBatch, ModelInput, ModelOutput, NewRun
from treering.server.handling import Handlers
from treering.server.mlflow.asked import at_most, experiment_asked, run_asked
from treering.wire.endpoint import Empty
from treering.wire.mlflow import runs as wire
from treering.wire.mlflow.fields import entries_of
from treering.wire.mlflow.metrics import MetricEntry

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST_RUNS = 50_000
_MOST_METRICS = 1000
_MOST_PARAMS = 100
_MOST_TAGS = 100
_MOST_IN_ALL = 1000
_MODEL_HISTORY_TAG = "mlflow.log-model.history"
_MODEL_KEYS = ("artifact_path", "flavors", "run_id", "utc_time_created")


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: wire.CreateRun) -> wire.FoundRun:
    new = NewRun(
        experiment_asked(asked.experiment_id or DEFAULT_EXPERIMENT_ID),
        run_name=asked.run_name,
        user_id=asked.user_id,
        start_time=asked.start_time,
        tags=entries_of(asked.tags),
    )
    return wire.FoundRun(wire.run_message(services.tracking.runs.create(new)))


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateRun) -> wire.UpdatedRun:
    run_id = run_asked(asked.run_id, asked.run_uuid)
    run = services.tracking.runs.update(run_id, asked.status, asked.end_time, asked.run_name or None)
    return wire.UpdatedRun(wire.run_info_message(run.info))


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.RunId) -> Empty:
    services.tracking.runs.delete(asked.run_id)
    return Empty()


@HANDLERS.handles(wire.RESTORE)
def _restore(services: Services, asked: wire.RunId) -> Empty:
    services.tracking.runs.restore(asked.run_id)
    return Empty()


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.GetRun) -> wire.FoundRun:
    return wire.FoundRun(wire.run_message(services.tracking.runs.get(run_asked(asked.run_id, asked.run_uuid))))


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchRuns) -> wire.FoundRuns:
    query = Query(
        asked.filter,
        asked.order_by,
        at_most(asked.max_results, _MOST_RUNS),
        asked.page_token,
        asked.run_view_type,
        [experiment_asked(one) for one in asked.experiment_ids],
    )
    return wire.runs_page(services.tracking.runs.search(query))


@HANDLERS.handles(wire.LOG_METRIC)
def _log_metric(services: Services, asked: wire.LogMetric) -> Empty:
    services.tracking.runs.log([_points_batch(run_asked(asked.run_id, asked.run_uuid), [asked])])
    return Empty()


@HANDLERS.handles(wire.LOG_PARAM)
def _log_param(services: Services, asked: wire.LogParam) -> Empty:
    run_id = run_asked(asked.run_id, asked.run_uuid)
    services.tracking.runs.log([LogBatch(run_id, params={asked.key: asked.value})])
    return Empty()


@HANDLERS.handles(wire.SET_TAG)
def _set_tag(services: Services, asked: wire.SetRunTag) -> Empty:
    run_id = run_asked(asked.run_id, asked.run_uuid)
    services.tracking.runs.log([LogBatch(run_id, tags={asked.key: asked.value})])
    return Empty()


@HANDLERS.handles(wire.DELETE_TAG)
def _delete_tag(services: Services, asked: wire.DeleteRunTag) -> Empty:
    services.tracking.runs.delete_tag(asked.run_id, asked.key)
    return Empty()


@HANDLERS.handles(wire.LOG_BATCH)
def _log_batch(services: Services, asked: wire.LogBatchRequest) -> Empty:
    _check_batch(asked)
    points = _points_batch(asked.run_id, asked.metrics)
    batch = LogBatch(
        asked.run_id, entries_of(asked.params), entries_of(asked.tags), series=points.series, linked=points.linked
    )
    services.tracking.runs.log([batch])
    return Empty()


@HANDLERS.handles(wire.LOG_INPUTS)
def _log_inputs(services: Services, asked: wire.LogInputs) -> Empty:
    batch = LogBatch(
        asked.run_id,
        dataset_inputs=[_dataset_input(item) for item in asked.datasets],
        model_inputs=[ModelInput(item.model_id) for item in asked.models],
    )
    services.tracking.runs.log([batch])
    return Empty()


@HANDLERS.handles(wire.LOG_OUTPUTS)
def _log_outputs(services: Services, asked: wire.LogOutputs) -> Empty:
    outputs = [ModelOutput(item.model_id, item.step) for item in asked.models]
    services.tracking.runs.log([LogBatch(asked.run_id, model_outputs=outputs)])
    return Empty()


@HANDLERS.handles(wire.LOG_MODEL)
def _log_model(services: Services, asked: wire.LogModelRequest) -> Empty:
    model = _model_of(asked.model_json)
    run = services.tracking.runs.get(asked.run_id)
    history = json.loads(run.data.tags.get(_MODEL_HISTORY_TAG, "[]"))
    tag = json.dumps([*history, model])
    services.tracking.runs.log([LogBatch(asked.run_id, tags={_MODEL_HISTORY_TAG: tag})])
    return Empty()


def _model_of(text: str) -> dict[str, object]:
    try:
        model = json.loads(text)
    except ValueError as error:
        msg = f"Malformed model info. Value {text[:120]!r} for parameter 'model_json' is not valid JSON: {error}."
        raise InvalidInput(msg) from error
    missing = [key for key in _MODEL_KEYS if not isinstance(model, dict) or key not in model]
    if missing:
        msg = f"Model json is missing mandatory fields: {', '.join(missing)}. Send the whole MLmodel file as JSON."
        raise InvalidInput(msg)
    return model  # type: ignore[no-any-return]  # a dict, since no field is missing


def _points_batch(run_id: str, points: Sequence[MetricEntry]) -> LogBatch:
    """The points as columns; those that judge a model or belong to a dataset stand apart."""
    linked: list[Metric] = []
    plain: dict[str, tuple[list[int], list[int], list[float]]] = {}
    for item in points:
        if item.model_id or item.dataset_name:
            linked.append(_linked(run_id, item))
            continue
        columns = plain.get(item.key)
        if columns is None:
            columns = plain[item.key] = ([], [], [])
        columns[0].append(item.step)
        columns[1].append(item.timestamp)
        columns[2].append(item.value)
    return LogBatch(run_id, series={key: MetricColumns(*columns) for key, columns in plain.items()}, linked=linked)


def _linked(run_id: str, item: MetricEntry) -> Metric:
    return Metric(
        item.key, item.value, item.timestamp, item.step, item.model_id, item.dataset_name, item.dataset_digest, run_id
    )


def _check_batch(asked: wire.LogBatchRequest) -> None:
    counts = {"metrics": len(asked.metrics), "params": len(asked.params), "tags": len(asked.tags)}
    limits = {"metrics": _MOST_METRICS, "params": _MOST_PARAMS, "tags": _MOST_TAGS}
    for noun, count in counts.items():
        if count > limits[noun]:
            raise _too_many(limits[noun], count, noun)
    if sum(counts.values()) > _MOST_IN_ALL:
        raise _too_many(_MOST_IN_ALL, sum(counts.values()), "metrics, params and tags")
    if twice := _repeated(item.key for item in asked.params):
        msg = f"Duplicate parameter keys have been submitted: {twice}. Give each param once in a batch."
        raise InvalidInput(msg)


def _too_many(most: int, count: int, noun: str) -> InvalidInput:
    return InvalidInput(
        f"A batch logging request can contain at most {most} {noun}. Got {count} {noun}."
        f" Please split up {noun} across multiple requests and try again."
    )


def _repeated(keys: Iterable[str]) -> list[str]:
    return [key for key, count in Counter(keys).items() if count > 1]


def _dataset_input(item: wire.DatasetInputEntry) -> DatasetInput:
    given = item.dataset
    dataset = Dataset(given.name, given.digest, given.source_type, given.source, given.schema, given.profile)
    return DatasetInput(dataset, entries_of(item.tags))
