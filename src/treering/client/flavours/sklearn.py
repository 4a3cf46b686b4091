"""`treering.sklearn`: scikit-learn models, saved, logged and loaded; and logging of their training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treering.client.autologging.switches import SWITCHES
from treering.client.model_logging import (
    ModelInfo,
    Placement,
    load_native_model,
    split_options,
)
from treering.client.model_logging import log_model as log_any
from treering.client.model_logging import save_model as save_any

__all__ = ["autolog", "load_model", "log_model", "save_model"]

_FLAVOUR = "sklearn"

autolog = SWITCHES["sklearn"]


def log_model(  # noqa: PLR0913  # MLflow's signature
    sk_model: Any,
    artifact_path: str | None = None,
    *,
    name: str | None = None,
    registered_model_name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    await_registration_for: int | None = 300,  # noqa: ARG001  # as above; a version is ready when this returns
    **options: Any,
) -> ModelInfo:
    """Save a model as a logged model of the active run.

    Args:
        artifact_path: The name, under the word that older MLflow uses.
        name: Of the logged model; `model` unless given.
        registered_model_name: The registered model that it becomes the next version of.
        options: `signature`, `input_example`, `pip_requirements`, `extra_pip_requirements`, `code_paths`,
            `metadata`, and the flavour's own, such as `serialization_format`.

    Raises:
        InvalidInput: If the model or an option cannot be saved.
    """
    placement = Placement(
        name or artifact_path or "model", registered_model_name or "", step, model_type or "", params, tags
    )
    return log_any(_FLAVOUR, sk_model, placement, split_options(options))


def save_model(sk_model: Any, path: str | Path, **options: Any) -> None:
    """Save a model to a folder. Options and errors as for `log_model`."""
    save_any(_FLAVOUR, sk_model, path, split_options(options))


def load_model(model_uri: str, dst_path: str | Path | None = None) -> Any:
    """The scikit-learn object itself.

    Raises:
        NotFound: If there is no such model.
        PermissionDenied: If loading could run code and the settings forbid that.
    """
    return load_native_model(_FLAVOUR, model_uri, dst_path)
