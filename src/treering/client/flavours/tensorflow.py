"""`treering.tensorflow`: models of TensorFlow and its Keras, saved, logged and loaded; their training and checkpoints."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from treering.client.autologging.checkpoints import download_checkpoint
from treering.client.autologging.switches import SWITCHES
from treering.client.flavours.face import defaults, face
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.models.load_options import LoadOptions

__all__ = [
    "autolog",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_checkpoint",
    "load_model",
    "log_model",
    "save_model",
]

autolog = SWITCHES["tensorflow"]

log_model, save_model, load_model = face(
    "tensorflow",
    "model",
    "TensorFlow",
    positional=("custom_objects", "conda_env", "code_paths", "signature", "input_example"),
    saving="`custom_objects`, `keras_model_kwargs`, `saved_model_kwargs`, `extra_files`",
    loading="`keras_model_kwargs`, `saved_model_kwargs`",
)

get_default_pip_requirements, get_default_conda_env = defaults("tensorflow", optional=("cloudpickle",))


def load_checkpoint(
    model: Any = None, run_id: str | None = None, epoch: int | None = None, global_step: int | None = None
) -> Any:
    """A Keras model from a checkpoint that a training has logged.

    Args:
        model: What gets the weights, where the checkpoint holds nothing else.
        run_id: The active run unless given.
        epoch: The latest checkpoint unless this or `global_step` is given.

    Raises:
        InvalidInput: If both are given, there is no run to ask, or `model` is missing.
        NotFound: If the run has no such checkpoint.
        PermissionDenied: If it holds code, and the settings forbid that.
    """
    with TemporaryDirectory(prefix="treering-checkpoint-") as folder:
        path = download_checkpoint(run_id, epoch, global_step, Path(folder))
        if not path.stem.endswith(".weights"):
            files = import_module("treering.models.keras_files")
            return files.read_model(path, LoadOptions.of(session().settings), None, {})
        if model is None:
            msg = f"The checkpoint {path.name} holds only weights. Give the model that they belong to."
            raise InvalidInput(msg)
        model.load_weights(path)
        return model


def __getattr__(name: str) -> Any:
    # Classes of Keras's, which is imported when somebody asks for them.
    if name in {"MlflowCallback", "MlflowModelCheckpointCallback"}:
        return getattr(import_module("treering.client.autologging.tensorflow"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
