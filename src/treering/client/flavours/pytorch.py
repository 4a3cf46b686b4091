"""`treering.pytorch`: logging of trainings with PyTorch and Lightning, and their checkpoints."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from treering.client.autologging.checkpoints import download_checkpoint
from treering.client.autologging.switches import SWITCHES

__all__ = ["autolog", "load_checkpoint"]

autolog = SWITCHES["pytorch"]


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
