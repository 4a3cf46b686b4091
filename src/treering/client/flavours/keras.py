"""`treering.keras`: models of Keras 3, saved, logged and loaded; and logging of their training."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from treering.client.autologging.switches import SWITCHES
from treering.client.flavours.face import defaults, face

__all__ = [
    "autolog",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]

autolog = SWITCHES["keras"]

log_model, save_model, load_model = face(
    "keras",
    "model",
    "Keras",
    positional=("save_exported_model", "conda_env", "signature", "input_example"),
    saving="`save_exported_model`, `save_model_kwargs`",
    loading="`custom_objects`, `load_model_kwargs`",
)

get_default_pip_requirements, get_default_conda_env = defaults("keras")


def __getattr__(name: str) -> Any:
    # A class of Keras's, which is imported when somebody asks for it.
    if name == "MlflowCallback":
        return import_module("treering.client.autologging.keras").MlflowCallback
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
