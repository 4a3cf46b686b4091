"""Writes what a source holds into a folder `mlruns`, as MLflow's file store keeps it; MLflow 2 and 3 read it.

Ids, times, histories and version numbers stay. Started again it writes only what is
not there yet: a run's folder appears whole, and what others logged to it since stays.
What was written is read back and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from treering.core.errors import Conflict, TreeringError
from treering.core.uri import file_uri
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import Run
from treering.exchange.bring import Wishes
from treering.exchange.files import copy_files
from treering.exchange.mlflow.files import FolderFiles
from treering.exchange.mlflow.folder import (
    META,
    TRASH,
    MlflowFolder,
    dataset_id,
    input_id,
    meta_of,
    model_status_number,
    status_number,
)  # fmt: skip
from treering.exchange.mlflow.folder_points import model_lines, write_series
from treering.exchange.moved import Moved
from treering.exchange.report import Report
from treering.exchange.source import FoundRun, Source, wished
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore

__all__ = ["give_folder"]

_LOCAL = 4  # how MLflow numbers the sources of runs: a run of this machine


def give_folder(source: Source, root: Path, wishes: Wishes, report: Report) -> None:
    """Write what is wished below `root`, which is made if it is not there.

    Differences, and single things that a folder cannot hold, are problems in `report`; the rest goes on.

    Raises:
        NotFound: If a wished experiment does not exist at the source.
        Conflict: If `root` holds another experiment under an id of the source's.
        TreeringError: If the source or the folder fails as a whole.
    """
    files = FolderFiles(root.absolute(), report)
    try:
        _Giving(source, root.absolute(), wishes, report, files).everything()
    finally:
        files.close()


class _Giving:
    def __init__(self, source: Source, root: Path, wishes: Wishes, report: Report, files: FolderFiles) -> None:
        self.source, self.root, self.wishes, self.report, self.files = source, root, wishes, report, files
        self.written = MlflowFolder(root, _file_store)
        self.moved = Moved()

    def everything(self) -> None:
        found = wished(self.source, self.wishes.experiments)
        # All of them before the first is written.
        for one in found:
            self._check(one)
        for one in found:
            self._experiment(one)
        if not self.wishes.experiments:
            for model in self.source.registered_models():
                self._registered(model)

    def _check(self, given: Experiment) -> None:
        for folder in (self.root / given.experiment_id, self.root / TRASH / given.experiment_id):
            there = meta_of(folder)
            if there and there.get("name") != given.name and there.get("creation_time") != given.creation_time:
                msg = (
                    f"{folder} is the experiment {there.get('name')!r}, which is not {given.name!r} of"
                    f" {self.source.name}. Export to an empty folder, or to one that was exported to before."
                )
                raise Conflict(msg)

    def _experiment(self, given: Experiment) -> None:
        self.report.progress(f"experiment {given.name!r}")
        self.report.experiments.found += 1
        gone = given.lifecycle_stage is Lifecycle.DELETED
        active, trash = self.root / given.experiment_id, self.root / TRASH / given.experiment_id
        place, other = (trash, active) if gone else (active, trash)
        if other.exists() and not place.exists():
            place.parent.mkdir(exist_ok=True)
            other.replace(place)
        present = place.exists()
        self.report.experiments.present += present
        self.report.experiments.brought += not present
        # In the bin, too, it is told where it would lie if it were restored, as MLflow does it.
        location = file_uri(active) if self.wishes.artifacts else given.artifact_location
        with self.files.new_folder(place) as folder:
            self.files.put_meta(
                folder,
                {
                    "artifact_location": location, "creation_time": given.creation_time,
                    "experiment_id": given.experiment_id, "last_update_time": given.last_update_time,
                    "lifecycle_stage": str(given.lifecycle_stage), "name": given.name,
                },
            )  # fmt: skip
            self.files.put_texts(folder / "tags", given.tags, f"the experiment {given.name!r}")
        for model in self.source.logged_models(given.experiment_id):
            self._logged_model(model, place, location)
        for count, found in enumerate(self.source.runs(given.experiment_id), 1):
            if count % 100 == 0:
                self.report.progress(f"experiment {given.name!r}: {count} runs")
            self._run(found, place, location)

    def _run(self, found: FoundRun, place: Path, location: str) -> None:
        given = found.run
        run_id = given.info.run_id
        what = f"the run {run_id}"
        target = place / run_id
        self.report.runs.found += 1
        self.report.runs.present += target.exists()
        self.report.runs.brought += not target.exists()
        uri = f"{location}/{run_id}/artifacts" if self.wishes.artifacts else given.info.artifact_uri
        with self.files.new_folder(target) as folder:
            for name in ("artifacts", "metrics", "params", "tags"):
                (folder / name).mkdir(exist_ok=True)
            self.files.put_texts(folder / "params", given.data.params, what, anew=False)
            self.files.put_texts(folder / "tags", given.data.tags, what)
            write_series(self.source.histories(given), folder / "metrics", self.files, self.report, what)
            self._edges(given, place, folder)
            self.files.put_meta(folder, _run_meta(found, uri))
        self._files(given.info.artifact_uri, uri, target / "artifacts", what)
        self._compare(given, target)

    def _edges(self, given: Run, place: Path, folder: Path) -> None:
        run_id = given.info.run_id
        for used in given.inputs.dataset_inputs:
            one = used.dataset
            number = dataset_id(one)
            if not (place / "datasets" / number / META).exists():
                self.files.put_meta(
                    place / "datasets" / number,
                    {
                        "digest": one.digest, "name": one.name, "profile": one.profile or None,
                        "schema": one.schema or None, "source": one.source, "source_type": one.source_type,
                    },
                )  # fmt: skip
            self.files.put_meta(
                folder / "inputs" / input_id(number, run_id), _edge("DATASET", number, "RUN", used.tags)
            )
        for read in () if self.wishes.for_mlflow_2 else given.inputs.model_inputs:
            self.files.put_meta(
                folder / "inputs" / input_id(read.model_id, run_id), _edge("MODEL", read.model_id, "RUN", {})
            )
        for made in given.outputs.model_outputs:
            edge = _edge("RUN_OUTPUT", made.model_id, "MODEL_OUTPUT", {})
            self.files.put_meta(folder / "outputs" / made.model_id, {**edge, "step": made.step})

    def _compare(self, given: Run, target: Path) -> None:
        """Whether MLflow finds there what the source has."""
        there = self.written.run_at(target)
        run_id = given.info.run_id
        wanted = replace(given.info, artifact_uri=there.info.artifact_uri)
        if there.info != wanted:
            self.report.problem(f"run {run_id}: its state or times differ")
        for name, mine, found in (
            ("params", given.data.params, there.data.params),
            ("tags", given.data.tags, there.data.tags),
        ):
            if lost := sorted(key for key, value in mine.items() if found.get(key) != value):
                self.report.problem(f"run {run_id}: {name} differ: {', '.join(lost[:5])}")

    def _logged_model(self, given: LoggedModel, place: Path, location: str) -> None:
        what = f"the logged model {given.model_id}"
        target = place / "models" / given.model_id
        self.report.logged_models.found += 1
        self.report.logged_models.present += target.exists()
        self.report.logged_models.brought += not target.exists()
        uri = f"{location}/models/{given.model_id}/artifacts" if self.wishes.artifacts else given.artifact_uri
        with self.files.new_folder(target) as folder:
            for name in ("metrics", "params", "tags"):
                (folder / name).mkdir(exist_ok=True)
            self.files.put_texts(folder / "params", given.params, what)
            self.files.put_texts(folder / "tags", given.tags, what)
            for key, lines in model_lines(given, self.report).items():
                self.files.put(folder / "metrics" / key, lines, f"{key!r} of {what}")
            self.files.put_meta(
                folder,
                {
                    "artifact_location": uri, "creation_timestamp": given.creation_time,
                    "experiment_id": given.experiment_id, "last_updated_timestamp": given.last_update_time,
                    "lifecycle_stage": str(given.lifecycle_stage), "model_id": given.model_id,
                    "model_type": given.model_type, "name": given.name, "source_run_id": given.source_run_id or None,
                    "status": model_status_number(given.status), "status_message": given.status_message or None,
                },
            )  # fmt: skip
        self._files(given.artifact_uri, uri, target / "artifacts", what)

    def _files(self, given: str, uri: str, target: Path, what: str) -> None:
        if not self.wishes.artifacts or not given:
            return
        self.moved.add(given, uri)
        try:
            copy_files(self.source.artifacts(given), _file_store(file_uri(target)), what, self.report)
        except TreeringError as error:
            self.report.problem(f"artifacts of {what} at {given}: {error}")

    def _registered(self, given: RegisteredModel) -> None:
        self.report.progress(f"registered model {given.name!r}")
        what = f"the registered model {given.name!r}"
        target = self.root / "models" / given.name
        self.report.registered_models.found += 1
        self.report.registered_models.present += target.exists()
        self.report.registered_models.brought += not target.exists()
        with self.files.new_folder(target) as folder:
            self.files.put_meta(
                folder,
                {
                    "creation_timestamp": given.creation_time, "description": given.description or None,
                    "last_updated_timestamp": given.last_update_time, "name": given.name,
                },
            )  # fmt: skip
            self.files.put_texts(folder / "tags", given.tags, what)
        for version in self.source.versions(given.name):
            self._version(version, target / f"version-{version.version}")
        aliases = {alias: str(number) for alias, number in given.aliases.items()}
        self.files.put_texts(target / "aliases", aliases, what)

    def _version(self, given: ModelVersion, target: Path) -> None:
        self.report.versions.found += 1
        self.report.versions.present += target.exists()
        self.report.versions.brought += not target.exists()
        meta: dict[str, Any] = {
            "creation_timestamp": given.creation_time, "current_stage": given.stage,
            "description": given.description or None, "last_updated_timestamp": given.last_update_time,
            "name": given.name, "run_id": given.run_id or None, "run_link": given.run_link or None,
            "source": self.moved.now_at(given.source), "status": str(given.status),
            "status_message": given.status_message or None, "storage_location": self.moved.now_at(given.storage_uri),
            "user_id": given.user_id or None, "version": given.version,
        }  # fmt: skip
        if given.model_id:
            meta["model_id"] = given.model_id
        with self.files.new_folder(target) as folder:
            self.files.put_meta(folder, meta)
            self.files.put_texts(folder / "tags", given.tags, f"version {given.version} of {given.name!r}")


def _run_meta(found: FoundRun, uri: str) -> Mapping[str, Any]:
    info = found.run.info
    return {
        "artifact_uri": uri, "deleted_time": found.deleted, "end_time": info.end_time, "entry_point_name": "",
        "experiment_id": info.experiment_id, "lifecycle_stage": str(info.lifecycle_stage), "run_id": info.run_id,
        "run_name": info.run_name, "run_uuid": info.run_id, "source_name": "", "source_type": _LOCAL,
        "source_version": "", "start_time": info.start_time, "status": status_number(info.status), "tags": [],
        "user_id": info.user_id,
    }  # fmt: skip


def _edge(source: str, number: str, destination: str, tags: Mapping[str, str]) -> Mapping[str, Any]:
    # MLflow names the source twice.
    return {
        "destination_id": number, "destination_type": destination, "source_id": number, "source_type": source,
        "tags": dict(tags),
    }  # fmt: skip


def _file_store(uri: str) -> ObjectStore:
    return STORES.load("file")(uri)
