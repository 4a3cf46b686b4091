"""Writes what a source holds to a tracking server over MLflow's REST API.

The server gives new ids, and times of its own to all but runs. A tag keeps the id that
each thing has at the source: by it the thing is known again, so that a second time
writes only what is new. What was written is read back and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from treering.client.channel import Channel
from treering.core.errors import InvalidInput, TreeringError
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import Run
from treering.exchange.bring import Wishes
from treering.exchange.files import copy_files
from treering.exchange.mlflow.run_filling import Calls, RunFilling, pairs
from treering.exchange.mlflow.server import MlflowServer
from treering.exchange.moved import Moved
from treering.exchange.report import Report
from treering.exchange.source import Source, wished
from treering.storage.objects.base import ObjectStore

__all__ = ["EXPORTED_TAG", "give_server"]

EXPORTED_TAG = "treering.exportedFrom"
"""On experiments, runs and logged models: the id at the source."""

# On a version that takes up a number whose version was deleted at the source, until it is deleted, too.
_FILLER = "placeholder"
_MODEL_STATUS = {
    LoggedModelStatus.PENDING: "LOGGED_MODEL_PENDING",
    LoggedModelStatus.READY: "LOGGED_MODEL_READY",
    LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}


def give_server(
    source: Source, channel: Channel, open_artifacts: Callable[[str], ObjectStore], wishes: Wishes, report: Report
) -> None:
    """Write what is wished to the server that `channel` reaches, which is closed at the end.

    Differences, and single things that the server refuses, are problems in `report`; the rest goes on.

    Raises:
        NotFound: If a wished experiment does not exist at the source.
        TreeringError: If the source or the server fails as a whole.
    """
    target = MlflowServer(channel, open_artifacts)
    try:
        _Giving(source, target, Calls(channel), wishes, report).everything()
    finally:
        target.close()


class _Giving:
    def __init__(self, source: Source, target: MlflowServer, calls: Calls, wishes: Wishes, report: Report) -> None:
        self.source, self.target, self.calls, self.wishes, self.report = source, target, calls, wishes, report
        self.moved = Moved()
        # By where a logged model lay: MLflow takes the files of one for a version only under this name.
        self.named: dict[str, str] = {}
        self.newer = target.knows_logged_models()

    def everything(self) -> None:
        found = wished(self.source, self.wishes.experiments)
        known = list(self.target.experiments())
        for one in sorted(found, key=lambda one: one.lifecycle_stage is Lifecycle.DELETED):
            try:
                self._experiment(one, known)
            except TreeringError as error:
                self.report.problem(f"experiment {one.name!r}: {error}")
        if not self.wishes.experiments:
            for model in self.source.registered_models():
                self._registered(model)

    def _experiment(self, given: Experiment, known: list[Experiment]) -> None:
        self.report.progress(f"experiment {given.name!r}")
        self.report.experiments.found += 1
        mark = f"{given.experiment_id}@{given.creation_time}"
        gone = given.lifecycle_stage is Lifecycle.DELETED
        tags: Mapping[str, str] = {}
        there = next((one for one in known if one.tags.get(EXPORTED_TAG) == mark), None) or next(
            (one for one in known if one.name == given.name and one.lifecycle_stage is Lifecycle.ACTIVE and not gone),
            None,
        )
        if there is None:
            number = self._made(given, mark, known)
            self.report.experiments.brought += 1
        else:
            number, tags = there.experiment_id, there.tags
            self.report.experiments.present += 1
            if there.lifecycle_stage is Lifecycle.DELETED:
                self.calls.post("experiments/restore", {"experiment_id": number})
        for key, value in {EXPORTED_TAG: mark, **given.tags}.items():
            if tags.get(key) != value and (key != EXPORTED_TAG or key not in tags):
                self.calls.post("experiments/set-experiment-tag", {"experiment_id": number, "key": key, "value": value})
        _Content(self, given, number).give()
        if gone:
            self.calls.post("experiments/delete", {"experiment_id": number})

    def _made(self, given: Experiment, mark: str, known: list[Experiment]) -> str:
        # MLflow keeps the names of deleted experiments taken.
        taken = any(one.name == given.name for one in known)
        name = f"{given.name} ({given.experiment_id})" if taken else given.name
        asked = {"name": name, "tags": [{"key": EXPORTED_TAG, "value": mark}]}
        number = str(self.calls.post("experiments/create", asked)["experiment_id"])
        known.append(replace(given, experiment_id=number, name=name, tags={EXPORTED_TAG: mark}))
        return number

    def files(self, given: str, target: str, what: str) -> None:
        """Copy what lies at `given`, and remember where it lies now."""
        if not given or not target:
            return
        self.moved.add(given, target)
        if self.wishes.artifacts:
            try:
                copy_files(self.source.artifacts(given), self.target.artifacts(target), what, self.report)
            except TreeringError as error:
                self.report.problem(f"artifacts of {what} at {given}: {error}")

    # The registry

    def _registered(self, given: RegisteredModel) -> None:
        self.report.progress(f"registered model {given.name!r}")
        self.report.registered_models.found += 1
        there = self.target.registered_model(given.name)
        if there is None:
            asked = {"name": given.name, "description": given.description, "tags": pairs(given.tags)}
            self.calls.post("registered-models/create", asked)
            self.report.registered_models.brought += 1
        else:
            self.report.registered_models.present += 1
            for key, value in given.tags.items():
                if there.tags.get(key) != value:
                    self.calls.post("registered-models/set-tag", {"name": given.name, "key": key, "value": value})
        versions = {one.version: one for one in self.target.versions(given.name)}
        last = max(versions, default=0)
        for one in versions.values():
            if one.tags.get(EXPORTED_TAG) == _FILLER:
                self._drop(one.name, one.version)
        for version in self.source.versions(given.name):
            try:
                last = self._version(version, versions.get(version.version), last)
            except TreeringError as error:
                self.report.problem(f"version {version.version} of {given.name}: {error}")
        for alias, number in given.aliases.items():
            if there is None or there.aliases.get(alias) != number:
                asked = {"name": given.name, "alias": alias, "version": str(number)}
                self.calls.post("registered-models/alias", asked)

    def _version(self, given: ModelVersion, there: ModelVersion | None, last: int) -> int:
        """Make the version under its number, and those before it that were deleted; the highest number now."""
        self.report.versions.found += 1
        stage = "None"
        if there is not None:
            self.report.versions.present += 1
            stage = there.stage
            for key, value in given.tags.items():
                if there.tags.get(key) != value:
                    asked = {"name": given.name, "version": str(given.version), "key": key, "value": value}
                    self.calls.post("model-versions/set-tag", asked)
        elif given.version <= last:
            msg = "the server gave that number to another one, which was deleted."
            raise InvalidInput(msg)
        else:
            asked = self._asked(given)
            while last < given.version:
                filler = last + 1 < given.version
                tags = pairs({EXPORTED_TAG: _FILLER}) if filler else pairs(given.tags)
                made = self.calls.post("model-versions/create", {**asked, "tags": tags})
                number = int(made["model_version"]["version"])
                if number <= last:
                    msg = f"the server counts otherwise: it made version {number} after {last}."
                    raise InvalidInput(msg)
                last = number
                if filler:
                    self._drop(given.name, last)
            self.report.versions.brought += 1
        if stage != given.stage:
            move = {"name": given.name, "version": str(given.version), "stage": given.stage}
            self.calls.post("model-versions/transition-stage", {**move, "archive_existing_versions": False})
        return max(last, given.version)

    def _drop(self, name: str, version: int) -> None:
        self.calls.send("DELETE", "model-versions/delete", {"name": name, "version": str(version)})

    def _asked(self, given: ModelVersion) -> dict[str, Any]:
        source = self.named.get(given.source.rstrip("/")) or self.moved.now_at(given.source)
        # MLflow takes a logged model as the source only of a version that names it.
        model_id = (
            source.removeprefix("models:/") if source.startswith("models:/m-") else self.moved.now_at(given.model_id)
        )
        asked: dict[str, Any] = {
            "name": given.name, "source": source, "description": given.description, "run_link": given.run_link,
            "run_id": self.moved.now_at(given.run_id), "model_id": model_id,
        }  # fmt: skip
        return {key: value for key, value in asked.items() if value}


class _Content:
    """What is in one experiment."""

    def __init__(self, whole: _Giving, given: Experiment, number: str) -> None:
        self._whole, self._given, self._number = whole, given, number
        self._source, self._target, self._calls = whole.source, whole.target, whole.calls
        self._report = whole.report

    def give(self) -> None:
        # By the id at the source: runs first, since models name them, and then what names models.
        runs = self._runs()
        models = self._models({name: run.info.run_id for name, run in runs.items()})
        judged = [point for model in models.values() for point in model.metrics]
        ids = {name: run.info.run_id for name, run in runs.items()} | {old: new.model_id for old, new in models.items()}
        filling = RunFilling(self._source, self._target, self._calls, self._report, ids)
        for count, found in enumerate(self._source.runs(self._given.experiment_id), 1):
            if count % 100 == 0:
                self._report.progress(f"experiment {self._given.name!r}: {count} runs")
            given = found.run
            there = runs[given.info.run_id]
            try:
                if there.info.lifecycle_stage is Lifecycle.DELETED:
                    self._calls.post("runs/restore", {"run_id": there.info.run_id})
                filling.fill(given, there, judged)
                what = f"the run {given.info.run_id}"
                self._whole.files(given.info.artifact_uri, there.info.artifact_uri, what)
                if given.info.lifecycle_stage is Lifecycle.DELETED:
                    self._calls.post("runs/delete", {"run_id": there.info.run_id})
            except TreeringError as error:
                self._report.problem(f"run {given.info.run_id}: {error}")

    def _runs(self) -> dict[str, Run]:
        found = {}
        known = {one.run.data.tags.get(EXPORTED_TAG): one.run for one in self._target.runs(self._number)}
        for one in self._source.runs(self._given.experiment_id):
            info = one.run.info
            self._report.runs.found += 1
            if info.run_id in known:
                self._report.runs.present += 1
                found[info.run_id] = known[info.run_id]
            else:
                asked = {
                    "experiment_id": self._number, "run_name": info.run_name, "user_id": info.user_id,
                    "start_time": info.start_time, "tags": pairs({EXPORTED_TAG: info.run_id}),
                }  # fmt: skip
                made = self._calls.post("runs/create", asked)["run"]
                found[info.run_id] = self._target.run(made["info"]["run_id"])
                self._report.runs.brought += 1
            self._whole.moved.add(info.run_id, found[info.run_id].info.run_id)
            self._whole.moved.add(f"runs:/{info.run_id}", f"runs:/{found[info.run_id].info.run_id}")
        return found

    def _models(self, runs: dict[str, str]) -> dict[str, LoggedModel]:
        """By the id at the source; with the points that are to be there, and the id that they have there."""
        found: dict[str, LoggedModel] = {}
        given = list(self._source.logged_models(self._given.experiment_id))
        if given and not self._whole.newer:
            self._report.problem(f"{len(given)} logged models are left out: {self._target.name} does not know any")
            return {}
        known = {one.tags.get(EXPORTED_TAG): one for one in self._target.logged_models(self._number)} if given else {}
        for model in given:
            self._report.logged_models.found += 1
            there = known.get(model.model_id)
            if there is None:
                asked = {
                    "experiment_id": self._number, "name": model.name, "model_type": model.model_type,
                    "source_run_id": runs.get(model.source_run_id, ""), "params": pairs(model.params),
                    "tags": pairs({**model.tags, EXPORTED_TAG: model.model_id}),
                }  # fmt: skip
                info = self._calls.post("logged-models", asked)["model"]["info"]
                there = replace(model, model_id=info["model_id"], artifact_uri=info["artifact_uri"], metrics=())
                self._status(there.model_id, model.status)
                self._report.logged_models.brought += 1
            else:
                self._report.logged_models.present += 1
                if missing := {key: text for key, text in model.tags.items() if there.tags.get(key) != text}:
                    path = f"logged-models/{there.model_id}/tags"
                    self._calls.send("PATCH", path, {"model_id": there.model_id, "tags": pairs(missing)})
                if there.status != model.status:
                    self._status(there.model_id, model.status)
            self._whole.files(model.artifact_uri, there.artifact_uri, f"the logged model {model.model_id}")
            self._whole.moved.add(model.model_id, there.model_id)
            self._whole.moved.add(f"models:/{model.model_id}", f"models:/{there.model_id}")
            self._whole.named[model.artifact_uri.rstrip("/")] = f"models:/{there.model_id}"
            found[model.model_id] = replace(
                there, metrics=[replace(point, model_id=there.model_id) for point in model.metrics]
            )
        return found

    def _status(self, model_id: str, status: LoggedModelStatus) -> None:
        if status in _MODEL_STATUS and status is not LoggedModelStatus.PENDING:
            asked = {"model_id": model_id, "status": _MODEL_STATUS[status]}
            self._calls.send("PATCH", f"logged-models/{model_id}", asked)
