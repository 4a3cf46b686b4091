"""The classes that models written in Python build on.

They are pickled into the model by value, code and all, so that a model can be
loaded where Treering is not installed, by MLflow among others. For that reason
this file imports nothing but the standard library, and its methods have the
names that MLflow calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, get_type_hints

__all__ = ["FunctionModel", "PythonModel", "PythonModelContext", "TypeHints", "call_predict", "call_stream"]


class TypeHints(NamedTuple):
    """The hints at a predict function's input and result; `None` where there is none."""

    input: Any = None
    output: Any = None


class PythonModelContext:
    """What a Python model is given when it is loaded and asked: its files and its configuration."""

    def __init__(self, artifacts: Mapping[str, str], model_config: Mapping[str, Any] | None = None) -> None:
        self._artifacts = dict(artifacts)
        self._model_config = dict(model_config or {})

    @property
    def artifacts(self) -> dict[str, str]:
        """The absolute paths of the files that were saved with the model, by name."""
        return self._artifacts

    @property
    def model_config(self) -> dict[str, Any]:
        """The configuration that the model was saved or loaded with."""
        return self._model_config


class PythonModel:
    """A model whose predictions are made by Python code; override `predict`."""

    @property
    def predict_type_hints(self) -> TypeHints:
        """The hints at `predict`, which MLflow looks at before it calls."""
        return _hints(self.predict)

    def load_context(self, context: Any) -> None:
        """Called once after loading, with a `PythonModelContext`; for reading the model's files."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """The answer to `model_input`. `context` and `params` may be left out of an override."""
        raise NotImplementedError

    def predict_stream(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """As `predict`, piece by piece."""
        raise NotImplementedError


class FunctionModel(PythonModel):
    """A model that is one plain function of the data, and of `params` if it names them."""

    def __init__(self, func: Callable[..., Any], signature: Any = None) -> None:
        self.func = func
        self.signature = signature

    @property
    def predict_type_hints(self) -> TypeHints:
        """The hints at the function."""
        return _hints(self.func)

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # type: ignore[override]  # a predict without context is allowed
        """What the function answers."""
        if "params" in inspect.signature(self.func).parameters:
            return self.func(model_input, params=params)
        return self.func(model_input)


def call_predict(model: Any, context: Any, data: Any, params: dict[str, Any] | None) -> Any:
    """Ask `model`, giving it `context` and `params` only where its `predict` names them."""
    return _call(model.predict, context, data, params)


def call_stream(model: Any, context: Any, data: Any, params: dict[str, Any] | None) -> Iterator[Any]:
    """As `call_predict`, of `predict_stream`."""
    pieces: Iterator[Any] = _call(model.predict_stream, context, data, params)
    return pieces


def _call(method: Callable[..., Any], context: Any, data: Any, params: dict[str, Any] | None) -> Any:
    names = inspect.signature(method).parameters
    named = {"params": params} if "params" in names else {}
    if "context" in names:
        return method(context, data, **named)
    return method(data, **named)


def _hints(function: Callable[..., Any]) -> TypeHints:
    try:
        found = get_type_hints(function)
    except (NameError, TypeError):  # hints that only a type checker understands
        found = {}
    output = found.pop("return", None)
    names = [name for name in inspect.signature(function).parameters if name not in {"self", "context", "params"}]
    return TypeHints(found.get(names[0]) if names else None, output)
