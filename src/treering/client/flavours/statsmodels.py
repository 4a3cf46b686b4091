"""`treering.statsmodels`: results of statsmodels, saved, logged and loaded; and logging of its fits."""

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

autolog = SWITCHES["statsmodels"]

log_model, save_model, load_model = face("statsmodels", "statsmodels_model", "statsmodels", saving="`remove_data`")

get_default_pip_requirements, get_default_conda_env = defaults("statsmodels")
