"""`treering.onnx`: models in the open format for networks, saved, logged and loaded."""

from __future__ import annotations

from treering.client.flavours.face import defaults, face

__all__ = [
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]

log_model, save_model, load_model = face(
    "onnx",
    "onnx_model",
    "ONNX",
    saving="`onnx_execution_providers`, `onnx_session_options`, `save_as_external_data`, `extra_files`",
)

get_default_pip_requirements, get_default_conda_env = defaults("onnx", "onnxruntime")
