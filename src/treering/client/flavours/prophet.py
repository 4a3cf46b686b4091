"""`treering.prophet`: Prophet's forecasters, saved, logged and loaded."""

from __future__ import annotations

from treering.client.flavours.face import defaults, face

__all__ = [
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]

log_model, save_model, load_model = face("prophet", "pr_model", "Prophet")

get_default_pip_requirements, get_default_conda_env = defaults("prophet")
