"""`mlflow.models`: signatures, models from code, and what is asked of models of any flavour."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from treering.client.model_calls import (
    convert_input_example_to_serving_input,
    get_model_info,
    infer_pip_requirements,
    set_signature,
    validate_schema,
    validate_serving_input,
)
from treering.client.model_environments import update_model_requirements
from treering.client.model_logging import ModelInfo
from treering.client.model_object import Model
from treering.models.code_models import ModelConfig, set_model
from treering.models.signature import Signature as ModelSignature
from treering.models.signature import infer_signature

__all__ = [
    "Model",
    "ModelConfig",
    "ModelInfo",
    "ModelSignature",
    "build_docker",
    "convert_input_example_to_serving_input",
    "get_model_info",
    "infer_pip_requirements",
    "infer_signature",
    "set_model",
    "set_signature",
    "update_model_requirements",
    "validate_schema",
    "validate_serving_input",
]


def build_docker(*arguments: Any, **options: Any) -> None:
    """See `treering.models.build_docker`; what builds images is loaded where one is built."""
    import_module("treering.client.bundles.images").build_docker(*arguments, **options)
