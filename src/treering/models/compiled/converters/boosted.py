"""XGBoost and LightGBM by onnxmltools."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Any

import onnxmltools
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)

from treering.models.compiled.converters import Attempt, Unconvertible
from treering.models.compiled.record import Column

__all__ = ["convert_lightgbm", "convert_xgboost", "register_lightgbm", "register_xgboost"]

_FAILED = (RuntimeError, NotImplementedError, ValueError, TypeError, AttributeError, LookupError, AssertionError)
_NAME = "treering"
_OPSET = 15


def convert_xgboost(model: Any, columns: tuple[Column, ...], method: str) -> Iterator[Attempt]:
    """See `Convert`."""
    del method  # all outputs are tried
    yield _attempt(onnxmltools.convert_xgboost, _without_names(model), columns)


def convert_lightgbm(model: Any, columns: tuple[Column, ...], method: str) -> Iterator[Attempt]:
    """See `Convert`."""
    del method  # all outputs are tried
    yield replace(_attempt(onnxmltools.convert_lightgbm, model, columns, zipmap=False), exact=False)


def _operator(package: str, name: str) -> Any:
    """Onnxmltools' converter, whose module needs the package itself: who has only the other one must not need it."""
    module = importlib.import_module(f"onnxmltools.convert.{package}.operator_converters.{name}")
    return getattr(module, f"convert_{package}")


def register_xgboost() -> None:
    """Let skl2onnx know XGBoost's models."""
    library = sys.modules["xgboost"]
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    update_registered_converter(
        library.XGBClassifier, "XGBoostXGBClassifier", calculate_linear_classifier_output_shapes, _operator("xgboost", "XGBoost"),
        overwrite=True, options=options,
    )  # fmt: skip
    update_registered_converter(
        library.XGBRegressor, "XGBoostXGBRegressor", calculate_linear_regressor_output_shapes, _operator("xgboost", "XGBoost"),
        overwrite=True,
    )  # fmt: skip


def register_lightgbm() -> None:
    """Let skl2onnx know LightGBM's models."""
    library = sys.modules["lightgbm"]
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    update_registered_converter(
        library.LGBMClassifier, "LightGbmLGBMClassifier", calculate_linear_classifier_output_shapes,
        _operator("lightgbm", "LightGbm"), overwrite=True, options=options,
    )  # fmt: skip
    update_registered_converter(
        library.LGBMRegressor, "LightGbmLGBMRegressor", calculate_linear_regressor_output_shapes, _operator("lightgbm", "LightGbm"),
        overwrite=True,
    )  # fmt: skip


def _attempt(function: Any, model: Any, columns: tuple[Column, ...], **options: Any) -> Attempt:
    if len(columns) != 1:
        msg = "its columns are not all numbers"
        raise Unconvertible(msg)
    asked = replace(columns[0], dtype="float32")
    try:
        proto = function(
            model, _NAME, [(asked.input, FloatTensorType([None, asked.width]))], target_opset=_OPSET, **options
        )
    except _FAILED as error:
        msg = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
        raise Unconvertible(msg) from error
    return Attempt(proto, (asked,))


def _without_names(model: Any) -> Any:
    """The converter knows columns by their numbers only; what is given is a copy."""
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    if booster.feature_names is None:
        return model
    bare = booster.copy()
    bare.feature_names = None
    if booster is model:
        return bare
    found = copy(model)
    found._Booster = bare  # noqa: SLF001 -- where XGBoost keeps it
    return found
