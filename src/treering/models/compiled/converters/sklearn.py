"""scikit-learn by skl2onnx, with boosted trees of other libraries among the steps of a pipeline."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import onnx
import skl2onnx
from skl2onnx.common import data_types
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

from treering.models.compiled.converters import Attempt, Unconvertible
from treering.models.compiled.record import Column

__all__ = ["convert"]

_TYPES = {
    "bool": data_types.BooleanTensorType,
    "float32": data_types.FloatTensorType,
    "float64": data_types.DoubleTensorType,
    "int64": data_types.Int64TensorType,
    "str": data_types.StringTensorType,
}
# What converters raise at models that they do not understand; they have no error of their own for most of it.
_FAILED = (
    *(MissingConverter, MissingShapeCalculator, RuntimeError, NotImplementedError, ValueError, TypeError),
    *(AttributeError, LookupError, AssertionError),
)
_NAME = "treering"
_NUMBERS = {"float32", "float64", "int64"}


def convert(model: Any, columns: tuple[Column, ...], method: str) -> Iterator[Attempt]:
    """See `Convert`: in double precision first, as scikit-learn computes, then in single precision."""
    _register()
    options = {id(model): {"zipmap": False}} if method == "predict_proba" or hasattr(model, "predict_proba") else None
    told: list[str] = []
    for width in ("float64", "float32"):
        asked = tuple(replace(one, dtype=width) if one.dtype in _NUMBERS else one for one in columns)
        try:
            proto = _onnx(model, asked, options)
            exact = _compares_singles(model)
            if exact:
                _single_trees(proto)
            yield Attempt(proto, asked, exact)
        except _FAILED as error:
            told.append(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}")
    if len(told) == len(("float64", "float32")):
        raise Unconvertible(told[-1])


def _onnx(model: Any, columns: Sequence[Column], options: Any) -> Any:
    types = [(one.input, _TYPES[one.dtype]([None, one.width])) for one in columns]
    # Without a name of its own a graph gets one by chance, and no two would be alike.
    return skl2onnx.to_onnx(
        model, initial_types=types, options=options, name=_NAME, target_opset={"": 17, "ai.onnx.ml": 3}
    )


def _compares_singles(model: Any) -> bool:
    """Whether trees at the end look at numbers in single precision, whatever came before: LightGBM's do not."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return type(last).__module__.partition(".")[0] in {"sklearn", "xgboost"}


def _single_trees(proto: Any) -> None:
    """Round what trees are given, as the native ones do: a number beside a threshold falls on the same side."""
    made: list[Any] = []
    for node in proto.graph.node:
        if node.op_type.startswith("TreeEnsemble"):
            rounded = f"{node.input[0]}_single_{len(made)}"
            made.append(onnx.helper.make_node("Cast", [node.input[0]], [rounded], to=onnx.TensorProto.FLOAT))
            node.input[0] = rounded
        made.append(node)
    nodes = [onnx.NodeProto.FromString(one.SerializeToString()) for one in made]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


def _register() -> None:
    """Let pipelines end in a model of XGBoost or LightGBM; only such as are imported can be in one."""
    if not {"xgboost", "lightgbm"} & set(sys.modules):
        return
    boosted = importlib.import_module("treering.models.compiled.converters.boosted")
    if "xgboost" in sys.modules:
        boosted.register_xgboost()
    if "lightgbm" in sys.modules:
        boosted.register_lightgbm()
