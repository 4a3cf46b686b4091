"""`treering.lightgbm`: LightGBM models, saved, logged and loaded; and logging of their training."""

from __future__ import annotations

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

autolog = SWITCHES["lightgbm"]

log_model, save_model, load_model = face("lightgbm", "lgb_model", "LightGBM")

get_default_pip_requirements, get_default_conda_env = defaults("lightgbm", optional=("cloudpickle", "skops"))
