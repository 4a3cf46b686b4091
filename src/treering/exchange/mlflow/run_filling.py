"""Gives a run of a server what a run of the source holds, in MLflow's own words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from treering.client.channel import Channel
from treering.entities.metric import Metric, MetricColumns
from treering.entities.run import PARENT_RUN_TAG, Run
from treering.exchange.mlflow.server import MlflowServer
from treering.exchange.points import checksum, distinct, joined, without
from treering.exchange.report import Report
from treering.exchange.source import Source

__all__ = ["Calls", "RunFilling", "pairs"]

_API = "/api/2.0/mlflow/"
_MASK = (1 << 64) - 1
# As many as MLflow takes in one request.
_POINTS = 1000
_TEXTS = 100
_NOTHING = MetricColumns((), (), ())


class Calls:
    """Changes over MLflow's REST API."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def post(self, path: str, asked: Any, *, repeatable: bool = False) -> Any:
        """The answer to a POST."""
        return self._channel.send_json("POST", _API + path, asked, repeatable=repeatable)

    def send(self, method: str, path: str, asked: Any) -> Any:
        """The answer to a PATCH or DELETE, which may be repeated."""
        return self._channel.send_json(method, _API + path, asked, repeatable=method == "PATCH")


class RunFilling:
    """Fills runs that are there, and not deleted.

    Args:
        ids: Of runs and logged models of the experiment: the ids that they have at the server.
    """

    def __init__(
        self, source: Source, target: MlflowServer, calls: Calls, report: Report, ids: Mapping[str, str]
    ) -> None:
        self._source, self._target, self._calls, self._report, self._ids = source, target, calls, report, ids
        self._present = False

    def fill(self, given: Run, there: Run, judged: Sequence[Metric]) -> None:
        """Log what `there` has not, and compare it.

        Args:
            judged: Points that judge logged models, with the ids that the models have at the server.
        """
        run_id = there.info.run_id
        tags = dict(given.data.tags)
        if parent := self._ids.get(tags.get(PARENT_RUN_TAG, "")):
            tags[PARENT_RUN_TAG] = parent
        for name, mine, found in (("params", given.data.params, there.data.params), ("tags", tags, there.data.tags)):
            missing = {
                key: text
                for key, text in mine.items()
                if (key not in found if name == "params" else found.get(key) != text)
            }
            for part in _batched(pairs(missing), _TEXTS):
                self._calls.post("runs/log-batch", {"run_id": run_id, name: part}, repeatable=True)
        self._edges(given, there)
        # A run that was made now has no points, and nothing is asked of it.
        self._present = bool(self._target.keys(run_id))
        mine_judged = [point for point in judged if point.run_id == given.info.run_id]
        for key, parts in groupby(self._source.histories(given), key=lambda one: one[0]):
            columns = distinct(joined([part for _, part in parts]))
            self._series(there, key, columns, [point for point in mine_judged if point.key == key])
        info = given.info
        if (info.status, info.end_time, info.run_name) != (there.info.status, there.info.end_time, there.info.run_name):
            asked = {"run_id": run_id, "status": str(info.status), "run_name": info.run_name}
            if info.end_time is not None:
                asked["end_time"] = str(info.end_time)
            self._calls.post("runs/update", asked, repeatable=True)
        self._compare(given, tags, run_id)

    def _edges(self, given: Run, there: Run) -> None:
        run_id = there.info.run_id
        known = {(used.dataset.name, used.dataset.digest) for used in there.inputs.dataset_inputs}
        datasets = [
            {
                "dataset": {
                    "name": used.dataset.name, "digest": used.dataset.digest, "source_type": used.dataset.source_type,
                    "source": used.dataset.source, "schema": used.dataset.schema, "profile": used.dataset.profile,
                },
                "tags": pairs(used.tags),
            }
            for used in given.inputs.dataset_inputs
            if (used.dataset.name, used.dataset.digest) not in known
        ]  # fmt: skip
        read = {used.model_id for used in there.inputs.model_inputs}
        models = [self._ids[used.model_id] for used in given.inputs.model_inputs if used.model_id in self._ids]
        inputs: dict[str, Any] = {"datasets": datasets} if datasets else {}
        if new := [{"model_id": model_id} for model_id in models if model_id not in read]:
            inputs["models"] = new
        if inputs:
            self._calls.post("runs/log-inputs", {"run_id": run_id, **inputs}, repeatable=True)
        made = {one.model_id for one in there.outputs.model_outputs}
        outputs = [
            {"model_id": self._ids[one.model_id], "step": str(one.step)}
            for one in given.outputs.model_outputs
            if one.model_id in self._ids and self._ids[one.model_id] not in made
        ]
        if outputs:
            self._calls.post("runs/outputs", {"run_id": run_id, "models": outputs})

    def _series(self, there: Run, key: str, columns: MetricColumns, judged: Sequence[Metric]) -> None:
        run_id = there.info.run_id
        known = self._target.series(run_id, key) if self._present else _NOTHING
        missing = without(columns, known)
        self._report.points.found += len(columns)
        self._report.points.present += len(columns) - len(missing)
        self._report.points.brought += len(missing)
        if not len(missing):
            return
        # What judges a model is a point of the series as well, and goes first, so that it is not there twice.
        linked = [_entry(point.key, point.timestamp, point.value, point.step) | _judging(point) for point in judged]
        for part in _batched([*linked, *_entries(key, missing)], _POINTS):
            self._calls.post("runs/log-batch", {"run_id": run_id, "metrics": part}, repeatable=True)
        wanted = checksum(columns) + checksum(without(known, columns))
        if checksum(distinct(self._target.series(run_id, key))) & _MASK != wanted & _MASK:
            self._report.problem(f"metric {key} of the run {run_id}: its points did not arrive whole")
        else:
            self._report.verified += len(columns)

    def _compare(self, given: Run, tags: Mapping[str, str], run_id: str) -> None:
        there = self._target.run(run_id)
        for name, mine, found in (("params", given.data.params, there.data.params), ("tags", tags, there.data.tags)):
            if lost := sorted(key for key, value in mine.items() if found.get(key) != value):
                self._report.problem(f"run {given.info.run_id}: {name} differ: {', '.join(lost[:5])}")
        mine_state = given.info.status, given.info.start_time, given.info.end_time
        if mine_state != (there.info.status, there.info.start_time, there.info.end_time):
            self._report.problem(f"run {given.info.run_id}: its state or times differ")


def pairs(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Texts as MLflow's API takes them."""
    return [{"key": key, "value": value} for key, value in texts.items()]


def _entries(key: str, columns: MetricColumns) -> Iterator[dict[str, Any]]:
    for step, timestamp, value in zip(columns.steps, columns.timestamps, columns.values, strict=True):
        yield _entry(key, timestamp, value, step)


def _entry(key: str, timestamp: int, value: float, step: int) -> dict[str, Any]:
    # JSON has no word for these; MLflow's are those of Protocol Buffers.
    odd = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    number = float(value) if math.isfinite(value) else odd
    return {"key": key, "value": number, "timestamp": int(timestamp), "step": int(step)}


def _judging(point: Metric) -> dict[str, str]:
    about = {"model_id": point.model_id, "dataset_name": point.dataset_name, "dataset_digest": point.dataset_digest}
    return {name: text for name, text in about.items() if text}


def _batched(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
