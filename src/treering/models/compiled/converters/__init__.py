"""Frameworks' models as ONNX: one file each. Whether what comes out answers the same is found out elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from treering.core.plugins import Registry
from treering.models.compiled.record import Column

__all__ = ["CONVERTERS", "Attempt", "Convert", "Unconvertible"]


class Unconvertible(Exception):
    """The model cannot be said in ONNX; the text says why."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A model in ONNX, not proven yet.

    Attributes:
        exact: Whether its trees' thresholds are the native ones to the last digit, which are in single precision
            then. LightGBM's stand in the middle between two numbers of the training data, in double precision.
    """

    proto: Any
    columns: tuple[Column, ...]
    exact: bool = True


Convert = Callable[[Any, tuple[Column, ...], str], Iterator[Attempt]]
"""Given the framework's object, the columns that it takes (one without a name for a matrix) and the method that is
asked: attempts, the likeliest first. Raises Unconvertible."""

CONVERTERS: Registry[Convert] = Registry(
    "treering.onnx_converters",
    "way to ONNX",
    {
        "catboost": "treering.models.compiled.converters.catboost:convert",
        "lightgbm": "treering.models.compiled.converters.boosted:convert_lightgbm",
        "sklearn": "treering.models.compiled.converters.sklearn:convert",
        "xgboost": "treering.models.compiled.converters.boosted:convert_xgboost",
    },
    extras=dict.fromkeys(("catboost", "lightgbm", "sklearn", "xgboost"), "onnx"),
)
"""By the name of the flavour."""
