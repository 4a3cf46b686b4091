"""`treering.pytorch`: networks of PyTorch and Lightning, saved, logged and loaded; their training and checkpoints."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from treering.client.artifacts import download_artifacts, log_artifacts
from treering.client.autologging.checkpoints import download_checkpoint
from treering.client.autologging.switches import SWITCHES
from treering.client.flavours.face import defaults, face
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.models.flavours.base import LoadOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "autolog",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_checkpoint",
    "load_model",
    "load_state_dict",
    "log_model",
    "log_state_dict",
    "save_model",
    "save_state_dict",
]

autolog = SWITCHES["pytorch"]

log_model, save_model, load_model = face(
    "pytorch",
    "pytorch_model",
    "PyTorch",
    positional=("conda_env", "code_paths", "pickle_module", "registered_model_name"),
    saving="`serialization_format` (`pt2` or `pickle`), `export_model`, `extra_files`",
    loading="`device`, `map_location`",
)

get_default_pip_requirements, get_default_conda_env = defaults("torch", "cloudpickle")

_STATE_FILE = "state_dict.pth"


def save_state_dict(state_dict: Mapping[str, Any], path: str | Path, **options: Any) -> None:
    """Save what `module.state_dict()` returns to a folder.

    Args:
        options: For `torch.save`.

    Raises:
        InvalidInput: If it is no dictionary.
    """
    if not isinstance(state_dict, dict):
        msg = f"A {type(state_dict).__name__} is no state dictionary. Give module.state_dict()."
        raise InvalidInput(msg)
    Path(path).mkdir(parents=True, exist_ok=True)
    import_module("torch").save(state_dict, Path(path) / _STATE_FILE, **options)


def log_state_dict(state_dict: Mapping[str, Any], artifact_path: str, **options: Any) -> None:
    """Log what `module.state_dict()` returns as an artifact of the active run. Otherwise as `save_state_dict`."""
    with TemporaryDirectory(prefix="treering-state-") as folder:
        save_state_dict(state_dict, folder, **options)
        log_artifacts(folder, artifact_path)


def load_state_dict(state_dict_uri: str, map_location: Any = None) -> Any:
    """What `save_state_dict` or `log_state_dict` wrote.

    Raises:
        NotFound: If there is no such artifact.
        PermissionDenied: If it holds more than numbers, and the settings forbid to read that.
    """
    files = import_module("treering.models.torch_files")
    found = Path(download_artifacts(state_dict_uri))
    return files.read_pickle(found / _STATE_FILE, LoadOptions.of(session().settings), map_location)


def load_checkpoint(
    model_class: Any,
    run_id: str | None = None,
    epoch: int | None = None,
    global_step: int | None = None,
    kwargs: dict[str, Any] | None = None,
) -> Any:
    """A Lightning module from a checkpoint that a training has logged.

    Args:
        model_class: The module's class.
        run_id: The active run unless given.
        epoch: The latest checkpoint unless this or `global_step` is given.
        kwargs: For the class's `load_from_checkpoint`.

    Raises:
        InvalidInput: If both are given, or there is no run to ask.
        NotFound: If the run has no such checkpoint.
    """
    with TemporaryDirectory(prefix="treering-checkpoint-") as folder:
        path = download_checkpoint(run_id, epoch, global_step, Path(folder))
        return model_class.load_from_checkpoint(path, **(kwargs or {}))


def __getattr__(name: str) -> Any:
    # A class of Lightning's, which is imported when somebody asks for it.
    if name == "MlflowModelCheckpointCallback":
        package = "pytorch_lightning" if "pytorch_lightning" in sys.modules else "lightning.pytorch"
        return import_module("treering.client.autologging.lightning").checkpoint_class(import_module(package))
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
