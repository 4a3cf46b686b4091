"""Models and tracking together: a model folder becomes a logged model of a run, and perhaps a registered version.

`treering.models` writes and reads folders and knows nothing of runs; this is where
the two meet.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.client.artifacts import upload_tree
from treering.client.belated import is_belated
from treering.client.model_loading import load_model
from treering.client.models import register_at
from treering.client.runs import ActiveRun, run_or_start
from treering.client.session import session
from treering.client.shelter import ShelteredStore
from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.core.settings import own_models_file, read_settings
from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.model import LoggedModel, ModelVersion
from treering.entities.run import LogBatch, ModelOutput
from treering.models.folder import SaveOptions, save
from treering.models.mlmodel import MLModel
from treering.models.signature import Signature
from treering.tracking.base import NewLoggedModel

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = [
    "ModelInfo",
    "Placement",
    "begin_model",
    "load_model",
    "log_model",
    "log_written",
    "save_model",
    "split_options",
]

_HISTORY_TAG = "mlflow.log-model.history"
_SAVE_OPTIONS = {
    "auth_policy",
    "code_paths",
    "conda_env",
    "extra_pip_requirements",
    "infer_code_paths",
    "input_example",
    "metadata",
    "pip_requirements",
    "resources",
    "signature",
    "uv_project_path",
}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What came of logging a model.

    Attributes:
        model_id: "" if it was logged while the server was away.
        model_uri: `models:/m-<id>`, or then `runs:/<run id>/<name>`, for loading it again.
        registered_model_version: The number of the version that it was registered as; None if it was not.
    """

    model_id: str
    model_uri: str
    run_id: str
    artifact_path: str
    mlmodel: MLModel
    params: Mapping[str, str]
    registered_model_version: int | None = None

    @property
    def signature(self) -> Signature | None:
        """What the model takes and gives, if that is known."""
        return self.mlmodel.signature

    @property
    def metadata(self) -> Mapping[str, Any] | None:
        """What the user said of the model when it was saved."""
        return self.mlmodel.metadata

    @property
    def model_uuid(self) -> str:
        """Names this saving of the model."""
        return self.mlmodel.model_uuid

    @property
    def utc_time_created(self) -> str:
        """When it was saved."""
        return self.mlmodel.created

    @property
    def mlflow_version(self) -> str:
        """The release of MLflow whose format it is in."""
        return self.mlmodel.mlflow_version

    @property
    def saved_input_example_info(self) -> Mapping[str, Any] | None:
        """How its example was saved, if one was."""
        return self.mlmodel.example or None

    @property
    def name(self) -> str:
        """The name of the logged model."""
        return self.artifact_path

    @property
    def flavors(self) -> Mapping[str, Mapping[str, Any]]:
        """What each flavour needs to load the model."""
        return self.mlmodel.flavours


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model goes.

    Attributes:
        name: Of the logged model.
        registered_name: The registered model that it becomes a version of, or "".
        step: The training step of the run at which it was written.
        model_id: Of a logged model that waits for its files; a new one is made unless given.
    """

    name: str = "model"
    registered_name: str = ""
    step: int = 0
    model_type: str = ""
    params: Mapping[str, Any] | None = None
    tags: Mapping[str, Any] | None = None
    model_id: str = ""


Write = Callable[[Path, SaveOptions], MLModel]
"""Writes a model into a folder that is not there yet; of the options only those that say whose it is are set."""


def log_model(flavour: str, model: Any, placement: Placement, options: SaveOptions) -> ModelInfo:
    """Save `model` as a logged model of the active run; one is started if there is none.

    The model is READY only when all its files are stored; when that fails it is
    FAILED, and the error is raised. While the server cannot be reached, the files are
    kept for the run's artifacts, where `runs:/<run id>/<name>` finds them, and there is
    no logged model.

    Raises:
        InvalidInput: If the model, its example or its name cannot be saved.
        StorageFull: If a disk is full.
    """

    def write(folder: Path, known: SaveOptions) -> MLModel:
        wanted = replace(
            options,
            artifact_path=known.artifact_path,
            run_id=known.run_id,
            model_id=known.model_id,
            own=known.own,
            watch=known.watch,
        )
        return save(flavour, model, folder, wanted)

    return log_written(write, placement)


def begin_model(run: ActiveRun, placement: Placement) -> LoggedModel | None:
    """A logged model of the run that waits for its files; None while the server cannot be reached."""
    new = NewLoggedModel(
        run.info.experiment_id,
        placement.name,
        placement.model_type,
        run.info.run_id,
        _texts(placement.params),
        _texts(placement.tags),
    )

    def ask(services: Services) -> LoggedModel:
        if placement.model_id:
            return services.tracking.models.get(placement.model_id)
        if is_belated(run.info.artifact_uri):
            # Begun here; the server has to know the run before it takes a model of it.
            run.recorder.flush(None, run.place.settings.offline_after or None)
            found = services.tracking.runs.get(run.info.run_id).info
            return services.tracking.models.create(replace(new, experiment_id=found.experiment_id))
        return services.tracking.models.create(new)

    return run.place.attempt(ask)


def log_written(write: Write, placement: Placement) -> ModelInfo:
    """As `log_model`, of whatever `write` puts into a folder."""
    run = run_or_start()
    created = begin_model(run, placement)
    if created is None:
        return _keep(write, run, placement)
    services = run.place.services()
    try:
        saved = _store(write, run, created)
    except BaseException:
        services.tracking.models.finalize(created.model_id, LoggedModelStatus.FAILED)
        raise
    services.tracking.models.finalize(created.model_id, LoggedModelStatus.READY)
    _note(run, created, saved, placement.step)
    uri = f"models:/{created.model_id}"
    version: ModelVersion | None = None
    if placement.registered_name:
        version = register_at(run.place, uri, placement.registered_name)
    return ModelInfo(
        created.model_id,
        uri,
        run.info.run_id,
        placement.name,
        saved,
        _texts(placement.params),
        version.version if version else None,
    )


def save_model(flavour: str, model: Any, path: str | Path, options: SaveOptions) -> MLModel:
    """Save `model` to a folder on this machine. Raises as `treering.models.folder.save`."""
    settings = session().settings
    own = own_models_file(read_settings())
    return save(flavour, model, Path(path), replace(options, own=own, watch=settings.requirements_timeout))


def split_options(given: Mapping[str, Any]) -> SaveOptions:
    """Keyword arguments as MLflow names them: those of every flavour, and the rest for the flavour itself."""
    common = {key: value for key, value in given.items() if key in _SAVE_OPTIONS and value is not None}
    own = {key: value for key, value in given.items() if key not in _SAVE_OPTIONS and value is not None}
    return SaveOptions(**common, flavour=own)


def _store(write: Write, run: ActiveRun, created: LoggedModel) -> MLModel:
    store = run.place.services().open_artifacts(created.artifact_uri)
    with tempfile.TemporaryDirectory(prefix="treering-model-") as scratch:
        folder = Path(scratch) / "model"
        saved = write(folder, _known(run, created.artifact_uri, created.model_id))
        if not upload_tree(store, folder, ""):
            msg = "The flavour wrote no files, so there is no model to log."
            raise InvalidInput(msg)
    return saved


def _known(run: ActiveRun, artifact_path: str, model_id: str = "") -> SaveOptions:
    settings = run.place.settings
    return SaveOptions(
        artifact_path=artifact_path,
        run_id=run.info.run_id,
        model_id=model_id,
        own=own_models_file(read_settings()),
        watch=settings.requirements_timeout,
    )


def _keep(write: Write, run: ActiveRun, placement: Placement) -> ModelInfo:
    """A model as files of its run, as clients of MLflow 2 lay them out: only a server gives models their ids."""
    run_id = run.info.run_id
    uri = f"runs:/{run_id}/{placement.name}"
    store = ShelteredStore(run.place, run_id, run.info.artifact_uri)
    with tempfile.TemporaryDirectory(prefix="treering-model-") as scratch:
        folder = Path(scratch) / "model"
        saved = write(folder, _known(run, placement.name))
        upload_tree(store, folder, placement.name)
    if placement.registered_name:
        logger.warning(
            "The model %s is not registered, because the server cannot be reached."
            " When it was delivered, call treering.register_model(%r, %r).",
            placement.name, uri, placement.registered_name,
        )  # fmt: skip
    return ModelInfo("", uri, run_id, placement.name, saved, _texts(placement.params))


def _note(run: ActiveRun, created: LoggedModel, saved: MLModel, step: int) -> None:
    run_id = run.info.run_id
    run.recorder.batch(LogBatch(run_id, model_outputs=[ModelOutput(created.model_id, step)]))
    tags = run.place.read().tracking.runs.get(run_id).data.tags
    history = json.loads(tags.get(_HISTORY_TAG, "[]"))
    history.append(
        {
            "run_id": run_id,
            "artifact_path": created.name,
            "model_uuid": saved.model_uuid,
            "model_id": created.model_id,
            "utc_time_created": saved.created,
            "flavors": {name: {} for name in saved.flavours},
        }
    )
    run.recorder.tags(run_id, {_HISTORY_TAG: json.dumps(history)})


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: str(value) for key, value in (values or {}).items()}
