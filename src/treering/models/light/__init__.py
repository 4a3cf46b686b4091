"""Asking simple models without importing the framework that made them.

Importing scikit-learn takes a second and a hundred megabytes, most of them for what a
prediction never touches. A scaler, a linear model or a small forest is some arrays and
a few lines of NumPy. So where a model is all of such steps, and the data is plain, the
arrays are read from the model's file and asked here; in every other case, and for
everything but predictions, the framework itself is loaded. The answers are the same to
the last bit, because the operations are the same.

skops_file  the values in a file of skops, without the classes that they are of
chain       a model as its steps, and which steps are known
preparing, linear, trees  the steps
rows        what passes between them
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from treering.core.plugins import Registry
from treering.models.mlmodel import MLModel

__all__ = ["COMPILED", "LIGHT", "Ask", "Open"]

Ask = Callable[[Any], Any]
"""Answers data, or returns `NotImplemented` where the framework has to be asked."""

Open = Callable[[Path, MLModel, Mapping[str, Any]], Ask | None]
"""Given a folder, its MLmodel file and the flavour's own entry there."""

COMPILED = "compiled"
"""The row for folders with a compiled model, whatever its flavour."""

# A flavour's name, and how its models are opened; None from there: the framework is needed.
LIGHT: Registry[Open] = Registry(
    "treering.light_models",
    "light model",
    {COMPILED: "treering.models.compiled.opening:open_model", "sklearn": "treering.models.light.chain:open_model"},
    extras={COMPILED: "onnx"},
)
