"""A tracking server of MLflow, read over its REST API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from treering.client.channel import Channel
from treering.client.proxied import ProxiedStore
from treering.core.errors import NotFound, TreeringError
from treering.core.uri import scheme_of
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, ModelVersionStatus, RunStatus
from treering.entities.metric import Metric, MetricColumns
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import ModelInput, ModelOutput, Run, RunData, RunInfo, RunInputs, RunOutputs
from treering.exchange.points import joined
from treering.exchange.source import FoundRun
from treering.storage.objects.base import ObjectStore

__all__ = ["MlflowServer"]

_API = "/api/2.0/mlflow/"
_PAGE = 500
_POINTS = 25_000
_LARGEST = 1.7976931348623157e308
_PROXIED = "mlflow-artifacts"


class MlflowServer:
    """A Source over HTTP.

    Args:
        channel: A connection to the server, which is closed with the source.
        open_artifacts: Opens artifact URIs that do not go through the server.
    """

    def __init__(self, channel: Channel, open_artifacts: Callable[[str], ObjectStore]) -> None:
        self._channel = channel
        self._open_artifacts = open_artifacts
        self._newer: bool | None = None
        # The run that was given last, and its metrics.
        self._last: tuple[str, Sequence[str]] = "", ()

    @property
    def name(self) -> str:
        """The URL without a password."""
        return self._channel.url

    def artifacts(self, uri: str) -> ObjectStore:
        """See Source."""
        own = scheme_of(uri) == _PROXIED and urlsplit(uri).netloc in {"", urlsplit(self.name).netloc}
        return ProxiedStore(uri, self._channel) if own else self._open_artifacts(uri)

    def close(self) -> None:
        """See Source."""
        self._channel.close()

    def experiments(self) -> Iterator[Experiment]:
        """See Source."""
        asked = {"view_type": "ALL", "max_results": _PAGE, "order_by": ["experiment_id ASC"]}
        for one in self._pages("experiments/search", asked, "experiments"):
            created = int(one.get("creation_time") or 0)
            yield Experiment(
                str(one["experiment_id"]),
                one["name"],
                one.get("artifact_location", ""),
                Lifecycle(one.get("lifecycle_stage") or "active"),
                created,
                int(one.get("last_update_time") or created),
                _texts(one.get("tags")),
            )

    def runs(self, experiment_id: str) -> Iterator[FoundRun]:
        """See Source."""
        asked = {"experiment_ids": [experiment_id], "run_view_type": "ALL", "max_results": _PAGE}
        for one in self._pages("runs/search", asked, "runs"):
            full = one
            if self.knows_logged_models():
                # Only the answer about one run says which logged models it read.
                run_id = one["info"]["run_id"]
                full = self._channel.get_json(_API + "runs/get", {"run_id": run_id})["run"]
            run = _run(full)
            self._last = run.info.run_id, _keys_of(full)
            yield FoundRun(run)

    def run(self, run_id: str) -> Run:
        """One run, without its points. Raises NotFound."""
        return _run(self._channel.get_json(_API + "runs/get", {"run_id": run_id})["run"])

    def histories(self, run: Run) -> Iterator[tuple[str, MetricColumns]]:
        """See Source."""
        for key in run.data.summaries or self.keys(run.info.run_id):
            for part in self._parts(run.info.run_id, key):
                yield key, part

    def series(self, run_id: str, key: str) -> MetricColumns:
        """All points of one metric."""
        return joined(self._parts(run_id, key))

    def _parts(self, run_id: str, key: str) -> Iterator[MetricColumns]:
        query = {"run_id": run_id, "metric_key": key, "max_results": str(_POINTS)}
        while True:
            answer = self._channel.get_json(_API + "metrics/get-history", query)
            points = answer.get("metrics") or []
            if points:
                yield MetricColumns(
                    [int(one.get("step") or 0) for one in points],
                    [int(one["timestamp"]) for one in points],
                    [_number(one["value"]) for one in points],
                )
            if not answer.get("next_page_token"):
                return
            query["page_token"] = answer["next_page_token"]

    def keys(self, run_id: str) -> Sequence[str]:
        """The metrics of a run."""
        if self._last[0] == run_id:
            return self._last[1]
        return _keys_of(self._channel.get_json(_API + "runs/get", {"run_id": run_id})["run"])

    def logged_models(self, experiment_id: str) -> Iterator[LoggedModel]:
        """See Source; none of a server that does not know them."""
        asked = {"experiment_ids": [experiment_id], "max_results": 50}
        if self.knows_logged_models():
            for one in self._pages("logged-models/search", asked, "models"):
                yield _logged_model(one)

    def knows_logged_models(self) -> bool:
        """Whether it has them; MLflow 2 has not. Asked once."""
        if self._newer is None:
            try:
                asked = {"experiment_ids": ["0"], "max_results": 1}
                self._channel.post_json(_API + "logged-models/search", asked)
                self._newer = True
            except TreeringError as error:
                if error.status != 404:  # noqa: PLR2004
                    raise
                self._newer = False
        return self._newer

    def registered_model(self, name: str) -> RegisteredModel | None:
        """One with its tags and aliases; None where there is none."""
        try:
            full = self._channel.get_json(_API + "registered-models/get", {"name": name})["registered_model"]
        except NotFound:
            return None
        created = int(full.get("creation_timestamp") or 0)
        return RegisteredModel(
            full["name"],
            created,
            int(full.get("last_updated_timestamp") or created),
            full.get("description", ""),
            _texts(full.get("tags")),
            {alias["alias"]: int(alias["version"]) for alias in full.get("aliases") or []},
        )

    def registered_models(self) -> Iterator[RegisteredModel]:
        """See Source."""
        for one in self._listed("registered-models/search", {"max_results": "100"}, "registered_models"):
            # Only the answer about one has all tags and aliases, in every version of MLflow.
            if (full := self.registered_model(one["name"])) is not None:
                yield full

    def versions(self, name: str) -> Iterator[ModelVersion]:
        """See Source."""
        quoted = name.replace("'", "\\'")
        query = {"filter": f"name='{quoted}'", "max_results": "200"}
        found = [_version(one) for one in self._listed("model-versions/search", query, "model_versions")]
        for one in sorted(found, key=lambda version: version.version):
            query = {"name": name, "version": str(one.version)}
            uri = self._channel.get_json(_API + "model-versions/get-download-uri", query).get("artifact_uri", "")
            yield replace(one, storage_uri=uri or one.source)

    def _pages(self, path: str, asked: dict[str, Any], field: str) -> Iterator[Mapping[str, Any]]:
        asked = dict(asked)
        while True:
            answer = self._channel.post_json(_API + path, asked)
            yield from answer.get(field) or []
            if not answer.get("next_page_token"):
                return
            asked["page_token"] = answer["next_page_token"]

    def _listed(self, path: str, query: dict[str, str], field: str) -> Iterator[Mapping[str, Any]]:
        query = dict(query)
        while True:
            answer = self._channel.get_json(_API + path, query)
            yield from answer.get(field) or []
            if not answer.get("next_page_token"):
                return
            query["page_token"] = answer["next_page_token"]


def _number(value: Any) -> float:
    number = float(value)
    if abs(number) >= _LARGEST:  # how MLflow writes an infinity
        return float("inf") if number > 0 else float("-inf")
    return number


def _keys_of(run: Mapping[str, Any]) -> Sequence[str]:
    return [one["key"] for one in run.get("data", {}).get("metrics") or []]


def _texts(pairs: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    return {one["key"]: one.get("value", "") for one in pairs or []}


def _run(one: Mapping[str, Any]) -> Run:
    info, data = one["info"], one.get("data", {})
    inputs, outputs = one.get("inputs", {}), one.get("outputs", {})
    tags = _texts(data.get("tags"))
    end = info.get("end_time")
    return Run(
        RunInfo(
            info.get("run_id") or info["run_uuid"],
            str(info["experiment_id"]),
            info.get("run_name") or tags.get("mlflow.runName", ""),
            info.get("user_id", ""),
            RunStatus(info.get("status") or "FINISHED"),
            int(info.get("start_time") or 0),
            int(end) if end else None,
            info.get("artifact_uri", ""),
            Lifecycle(info.get("lifecycle_stage") or "active"),
        ),
        RunData(_texts(data.get("params")), tags),
        RunInputs(
            tuple(_used(used) for used in inputs.get("dataset_inputs") or []),
            tuple(ModelInput(used["model_id"]) for used in inputs.get("model_inputs") or []),
        ),
        RunOutputs(
            tuple(
                ModelOutput(made["model_id"], int(made.get("step") or 0)) for made in outputs.get("model_outputs") or []
            )
        ),
    )


def _used(one: Mapping[str, Any]) -> DatasetInput:
    dataset = one["dataset"]
    return DatasetInput(
        Dataset(
            dataset["name"], dataset["digest"], dataset.get("source_type", ""), dataset.get("source", ""),
            dataset.get("schema", ""), dataset.get("profile", ""),
        ),
        _texts(one.get("tags")),
    )  # fmt: skip


def _logged_model(one: Mapping[str, Any]) -> LoggedModel:
    info, data = one["info"], one.get("data", {})
    created = int(info.get("creation_timestamp_ms") or 0)
    status = str(info.get("status") or "LOGGED_MODEL_READY").removeprefix("LOGGED_MODEL_").replace("UPLOAD_", "")
    return LoggedModel(
        info["model_id"],
        str(info["experiment_id"]),
        info.get("name", ""),
        info.get("artifact_uri", ""),
        LoggedModelStatus(status),
        Lifecycle.ACTIVE,
        created,
        int(info.get("last_updated_timestamp_ms") or created),
        info.get("model_type", ""),
        info.get("source_run_id", ""),
        info.get("status_message", ""),
        _texts(data.get("params")),
        _texts(info.get("tags")),
        tuple(
            Metric(
                point["key"],
                _number(point["value"]),
                int(point["timestamp"]),
                int(point.get("step") or 0),
                info["model_id"],
                point.get("dataset_name", ""),
                point.get("dataset_digest", ""),
                point.get("run_id", ""),
            )
            for point in data.get("metrics") or []
        ),
    )


def _version(one: Mapping[str, Any]) -> ModelVersion:
    created = int(one.get("creation_timestamp") or 0)
    source = one.get("source", "")
    return ModelVersion(
        one["name"],
        int(one["version"]),
        source,
        source,
        ModelVersionStatus(one.get("status") or "READY"),
        one.get("current_stage") or "None",
        created,
        int(one.get("last_updated_timestamp") or created),
        one.get("description", ""),
        one.get("run_id", ""),
        one.get("run_link", ""),
        one.get("model_id") or (source.removeprefix("models:/") if source.startswith("models:/m-") else ""),
        one.get("user_id", ""),
        one.get("status_message", ""),
        (),
        _texts(one.get("tags")),
    )
