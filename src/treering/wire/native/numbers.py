"""Floats in JSON: finite ones are numbers, the others the words that MLflow uses too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

__all__ = ["Number", "from_number", "from_numbers", "to_number", "to_numbers"]

Number = float | Literal["NaN", "Infinity", "-Infinity"]


def to_number(value: float) -> Number:
    """`value` as it stands on the wire."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def from_number(number: Number) -> float:
    """The float that `number` stands for."""
    return float(number)


def to_numbers(values: Iterable[float]) -> list[Number]:
    """A column of floats as it stands on the wire."""
    column: list[Number] = list(values)
    if not all(map(math.isfinite, column)):  # type: ignore[arg-type]  # still floats here
        column = [to_number(float(value)) for value in column]
    return column


def from_numbers(numbers: Sequence[Number]) -> list[float]:
    """The floats that a column stands for."""
    return [float(number) for number in numbers]
