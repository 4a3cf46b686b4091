"""MLflow's folder `mlruns`: one small file for each value, as MLflow's file store writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import DamagedData, InvalidInput
from treering.core.uri import file_uri, local_path, scheme_of
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, ModelVersionStatus, RunStatus
from treering.entities.metric import Metric, MetricColumns
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import RUN_NAME_TAG, ModelInput, ModelOutput, Run, RunData, RunInfo, RunInputs, RunOutputs
from treering.exchange.mlflow.folder_points import points_of, words_of
from treering.exchange.source import FoundRun
from treering.storage.objects.base import ObjectStore

__all__ = [
    "META",
    "TRASH",
    "MlflowFolder",
    "dataset_id",
    "input_id",
    "meta_of",
    "model_status_number",
    "open_folder",
    "status_number",
    "status_of",
]

TRASH = ".trash"
META = "meta.yaml"
"""The file that describes what lies in a folder."""
_STATUS = (None, RunStatus.RUNNING, RunStatus.SCHEDULED, RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)
_MODEL_STATUS = (None, LoggedModelStatus.PENDING, LoggedModelStatus.READY, LoggedModelStatus.FAILED)
# Deleting an experiment marks it and its runs at one moment.
_TOGETHER_MILLIS = 5000
_NOT_RUNS = {"tags", "datasets", "models", "traces"}


def open_folder(root: Path, open_artifacts: Callable[[str], ObjectStore]) -> MlflowFolder:
    """The folder `root`. Raises InvalidInput if it is no folder of MLflow's."""
    if not any(root.glob(f"*/{META}")) and not any(root.glob(f"{TRASH}/*/{META}")):
        msg = f"{root} is no folder of MLflow's: no experiment is in it. Give the folder that is called mlruns."
        raise InvalidInput(msg)
    return MlflowFolder(root, open_artifacts)


def status_of(value: object) -> RunStatus:
    """What MLflow writes as a number, or in old folders as a word."""
    if isinstance(value, int):
        return _STATUS[value] or RunStatus.FINISHED
    return RunStatus(str(value)) if value else RunStatus.FINISHED


def status_number(status: RunStatus) -> int:
    """What MLflow writes for it."""
    return _STATUS.index(status)


def model_status_number(status: LoggedModelStatus) -> int:
    """What MLflow writes for it."""
    return _MODEL_STATUS.index(status) if status in _MODEL_STATUS else 0


def dataset_id(dataset: Dataset) -> str:
    """The name of a dataset's folder within its experiment."""
    return _digest(dataset.name, dataset.digest)


def input_id(source_id: str, run_id: str) -> str:
    """The name of the folder that says that a run read something."""
    return _digest(source_id, run_id)


def _digest(first: str, second: str) -> str:
    return hashlib.md5(f"{first}{second}".encode(), usedforsecurity=False).hexdigest()


class MlflowFolder:
    """A Source over a folder."""

    def __init__(self, root: Path, open_artifacts: Callable[[str], ObjectStore]) -> None:
        self._root = root
        self._open_artifacts = open_artifacts
        self._places: dict[str, Path] = {}

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._root)

    def artifacts(self, uri: str) -> ObjectStore:
        """See Source; of a folder that was moved since, what lies inside is found all the same."""
        if scheme_of(uri) == "file" and not (path := local_path(uri)).exists():
            for count in range(2, len(path.parts)):
                # What was deleted names the place that it had before.
                for root in (self._root, self._root / TRASH):
                    inside = root.joinpath(*path.parts[-count:])
                    if inside.exists():
                        return self._open_artifacts(file_uri(inside))
        return self._open_artifacts(uri)

    def close(self) -> None:
        """Nothing is held."""

    def experiments(self) -> Iterator[Experiment]:
        """See Source."""
        for folder in [*_folders(self._root), *_folders(self._root / TRASH)]:
            meta = meta_of(folder)
            if "experiment_id" not in meta:
                continue
            number = str(meta["experiment_id"])
            self._places[number] = folder
            gone = folder.parent.name == TRASH
            created = meta.get("creation_time") or 0
            yield Experiment(
                number,
                str(meta["name"]),
                str(meta.get("artifact_location") or ""),
                Lifecycle.DELETED if gone else Lifecycle(meta.get("lifecycle_stage") or "active"),
                created,
                meta.get("last_update_time") or created,
                _texts(folder / "tags"),
            )

    def runs(self, experiment_id: str) -> Iterator[FoundRun]:
        """See Source."""
        place = self._place(experiment_id)
        emptied = meta_of(place).get("last_update_time") if place.parent.name == TRASH else None
        for folder in _folders(place):
            if folder.name not in _NOT_RUNS and ("run_id" in (meta := meta_of(folder)) or "run_uuid" in meta):
                deleted = meta.get("deleted_time")
                together = bool(emptied and deleted and abs(emptied - deleted) <= _TOGETHER_MILLIS)
                yield FoundRun(self._run(place, folder, meta), None, together, deleted)

    def run_at(self, folder: Path) -> Run:
        """The run in a folder, without its points."""
        return self._run(folder.parent, folder, meta_of(folder))

    def _run(self, place: Path, folder: Path, meta: Mapping[str, Any]) -> Run:
        tags = _texts(folder / "tags")
        info = RunInfo(
            str(meta.get("run_id") or meta["run_uuid"]),
            place.name,
            str(meta.get("run_name") or meta.get("name") or tags.get(RUN_NAME_TAG, "")),
            str(meta.get("user_id") or ""),
            status_of(meta.get("status")),
            meta.get("start_time") or 0,
            meta.get("end_time"),
            str(meta.get("artifact_uri") or file_uri(folder / "artifacts")),
            Lifecycle(meta.get("lifecycle_stage") or "active"),
        )
        inputs = [(meta_of(one), one) for one in _folders(folder / "inputs")]
        used = [one for meta, _ in inputs if (one := _used(place, meta)) is not None]
        reads = [ModelInput(str(one["source_id"])) for one, _ in inputs if one.get("source_type") == "MODEL"]
        outputs = [(meta_of(one), one.name) for one in _folders(folder / "outputs")]
        writes = [ModelOutput(str(one.get("destination_id") or name), one.get("step") or 0) for one, name in outputs]
        data = RunData(_texts(folder / "params"), tags)
        return Run(info, data, RunInputs(tuple(used), tuple(reads)), RunOutputs(tuple(writes)))

    def histories(self, run: Run) -> Iterator[tuple[str, MetricColumns]]:
        """See Source."""
        folder = self._place(run.info.experiment_id) / run.info.run_id / "metrics"
        for file in _files(folder):
            columns = points_of(file)
            if len(columns):
                yield file.relative_to(folder).as_posix(), columns

    def logged_models(self, experiment_id: str) -> Iterator[LoggedModel]:
        """See Source."""
        for folder in _folders(self._place(experiment_id) / "models"):
            meta = meta_of(folder)
            if "model_id" not in meta:
                continue
            created = meta.get("creation_timestamp") or 0
            yield LoggedModel(
                str(meta["model_id"]),
                experiment_id,
                str(meta["name"]),
                str(meta.get("artifact_location") or file_uri(folder / "artifacts")),
                _model_status(meta.get("status")),
                Lifecycle(meta.get("lifecycle_stage") or "active"),
                created,
                meta.get("last_updated_timestamp") or created,
                str(meta.get("model_type") or ""),
                str(meta.get("source_run_id") or ""),
                str(meta.get("status_message") or ""),
                _texts(folder / "params"),
                _texts(folder / "tags"),
                tuple(_model_points(folder / "metrics", str(meta["model_id"]))),
            )

    def registered_models(self) -> Iterator[RegisteredModel]:
        """See Source."""
        for folder in _folders(self._root / "models"):
            meta = meta_of(folder)
            if "name" not in meta:
                continue
            created = meta.get("creation_timestamp") or 0
            aliases = {name: int(version) for name, version in _texts(folder / "aliases").items()}
            yield RegisteredModel(
                str(meta["name"]),
                created,
                meta.get("last_updated_timestamp") or created,
                str(meta.get("description") or ""),
                _texts(folder / "tags"),
                aliases,
            )

    def versions(self, name: str) -> Iterator[ModelVersion]:
        """See Source."""
        found = [(meta_of(folder), folder) for folder in _folders(self._root / "models" / name)]
        for meta, folder in sorted(
            ((meta, folder) for meta, folder in found if "version" in meta), key=lambda one: int(one[0]["version"])
        ):
            created = meta.get("creation_timestamp") or 0
            source = str(meta.get("source") or "")
            if str(meta.get("current_stage") or "").startswith("Deleted"):
                continue  # MLflow keeps the folders of deleted versions
            yield ModelVersion(
                name,
                int(meta["version"]),
                source,
                str(meta.get("storage_location") or source),
                ModelVersionStatus(meta.get("status") or "READY"),
                str(meta.get("current_stage") or "None"),
                created,
                meta.get("last_updated_timestamp") or created,
                str(meta.get("description") or ""),
                str(meta.get("run_id") or ""),
                str(meta.get("run_link") or ""),
                str(meta.get("model_id") or ""),
                str(meta.get("user_id") or ""),
                str(meta.get("status_message") or ""),
                (),
                _texts(folder / "tags"),
            )

    def _place(self, experiment_id: str) -> Path:
        if experiment_id not in self._places:
            list(self.experiments())
        return self._places[experiment_id]


def _folders(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if (one / META).is_file()) if folder.is_dir() else []


def _files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def meta_of(folder: Path) -> Mapping[str, Any]:
    """What the file `META` in a folder says; nothing where there is none. Raises DamagedData."""
    file = folder / META
    try:
        found = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read: {error}. Repair or move it, then start again."
        raise DamagedData(msg) from error
    return found if isinstance(found, dict) else {}


def _texts(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): _text(file) for file in _files(folder)}


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", errors="replace")


def _used(place: Path, meta: Mapping[str, Any]) -> DatasetInput | None:
    folder = place / "datasets" / str(meta.get("source_id", ""))
    one = meta_of(folder)
    if meta.get("destination_type") != "RUN" or "digest" not in one:
        return None
    dataset = Dataset(
        str(one["name"]), str(one["digest"]), str(one.get("source_type") or ""), str(one.get("source") or ""),
        str(one.get("schema") or ""), str(one.get("profile") or ""),
    )  # fmt: skip
    return DatasetInput(dataset, {str(key): str(value) for key, value in (meta.get("tags") or {}).items()})


def _model_status(value: object) -> LoggedModelStatus:
    if isinstance(value, int):
        return _MODEL_STATUS[value] or LoggedModelStatus.READY
    return LoggedModelStatus(str(value)) if value else LoggedModelStatus.READY


def _model_points(folder: Path, model_id: str) -> Iterator[Metric]:
    """Lines of `timestamp value step run_id`, and the dataset's name and digest where there is one."""
    for file in _files(folder):
        key = file.relative_to(folder).as_posix()
        for words in words_of(file):
            timestamp, value, step, run_id, *dataset = words
            # The name may hold spaces, the digest does not.
            name, digest = (" ".join(dataset[:-1]), dataset[-1]) if len(dataset) > 1 else ("", "")
            yield Metric(key, float(value), int(timestamp), int(step), model_id, name, digest, run_id)
