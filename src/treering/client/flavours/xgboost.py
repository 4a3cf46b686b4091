"""`treering.xgboost`: XGBoost models, saved, logged and loaded; and logging of their training."""

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

autolog = SWITCHES["xgboost"]

log_model, save_model, load_model = face("xgboost", "xgb_model", "XGBoost", saving="`model_format`")

get_default_pip_requirements, get_default_conda_env = defaults("xgboost")
