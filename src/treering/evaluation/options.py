"""Options that people give as words and numbers: each is looked at before hours of work depend on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from treering.core.errors import InvalidInput

__all__ = ["check_count", "check_number", "check_numbers"]


def check_count(name: str, value: Any, least: int) -> None:
    """Raises InvalidInput unless `value` is a whole number, at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        msg = f"{name}={value!r:.100}: give a whole number from {least} on."
        raise InvalidInput(msg)


def check_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> None:
    """Raises InvalidInput unless `value` is a finite number between `low` and `high`."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high or math.isinf(value):  # NaN lies nowhere
        between = (
            f" between {low:g} and {high:g}" if math.isfinite(high) else f" from {low:g} on" if low > -math.inf else ""
        )
        msg = f"{name}={value!r:.100}: give a number{between}."
        raise InvalidInput(msg)


def check_numbers(name: str, values: Any, low: float = -math.inf, high: float = math.inf) -> None:
    """Raises InvalidInput unless `values` are such numbers."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        msg = f"{name}={values!r:.100}: give a list of numbers."
        raise InvalidInput(msg)
    for value in values:
        check_number(name, value, low, high)
