"""`treering.pyfunc`: models of any flavour as things that predict, and models written in plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treering.client.model_loading import load_model
from treering.client.model_logging import ModelInfo, Placement, split_options
from treering.client.model_logging import log_model as log_any
from treering.client.model_logging import save_model as save_any
from treering.models.loading import LoadedModel
from treering.models.python_model import PythonModel, PythonModelContext

__all__ = [
    "LoadedModel",
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "load_model",
    "log_model",
    "save_model",
]

_FLAVOUR = "pyfunc"

PyFuncModel = LoadedModel
"""The name that MLflow uses."""


def log_model(  # noqa: PLR0913  # MLflow's signature
    artifact_path: str | None = None,
    *,
    name: str | None = None,
    python_model: Any = None,
    registered_model_name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    await_registration_for: int | None = 300,  # noqa: ARG001  # as above; a version is ready when this returns
    **options: Any,
) -> ModelInfo:
    """Save a Python model, or a plain function, as a logged model of the active run.

    Args:
        python_model: A `PythonModel`, or a function of the data.
        options: As for `treering.sklearn.log_model`, and `artifacts` and `model_config`.
    """
    placement = Placement(
        name or artifact_path or "model", registered_model_name or "", step, model_type or "", params, tags
    )
    return log_any(_FLAVOUR, python_model, placement, split_options(options))


def save_model(path: str | Path, python_model: Any = None, **options: Any) -> None:
    """Save a Python model to a folder. Options as for `log_model`."""
    save_any(_FLAVOUR, python_model, path, split_options(options))
