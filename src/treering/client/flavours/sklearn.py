"""`treering.sklearn`: scikit-learn models, saved, logged and loaded; and logging of their training."""

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

autolog = SWITCHES["sklearn"]

log_model, save_model, load_model = face(
    "sklearn",
    "sk_model",
    "scikit-learn",
    positional=("conda_env", "code_paths", "serialization_format", "registered_model_name"),
    saving="`serialization_format`, `skops_trusted_types`, `pyfunc_predict_fn`",
)

get_default_pip_requirements, get_default_conda_env = defaults("scikit-learn", optional=("cloudpickle", "skops"))
