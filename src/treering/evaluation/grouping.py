"""Rows into groups: the values of an attribute as small whole numbers, so that counting is adding.

Numbers with many values are cut into ranges with equally many rows; a value that is missing is a group of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput

__all__ = ["JOIN", "MISSING", "MOST_GROUPS", "Grouping", "codes_of", "crossed", "group_by"]

MISSING = "(missing)"
JOIN = " & "
_MOST_VALUES = 20  # of a number, before it is cut into ranges
MOST_GROUPS = 500
_SPAN = 10_000  # of whole numbers, up to which they are counted rather than looked up


Places = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups that an attribute makes.

    Attributes:
        names: One a group.
        codes: For each row, the place of its group in `names`.
        origins: Of two attributes crossed, for each group its place in the first and in the second.
    """

    attribute: str
    names: tuple[str, ...]
    codes: Places
    origins: tuple[Places, ...] = ()


def group_by(attribute: str, values: Any, ranges: int = 4) -> Grouping:
    """The groups of one attribute.

    Args:
        ranges: Into how many ranges a number with more than 20 values is cut.

    Raises:
        InvalidInput: If there are more than 500 groups, which no report is made of.
    """
    array = _array(values)
    if array.dtype.kind == "f" or (array.dtype.kind in "iu" and _many(array)):
        distinct = np.unique(array[np.isfinite(array)])
        if len(distinct) > _MOST_VALUES:
            return _ranges(attribute, array, ranges)
    codes, distinct_values = codes_of(array)
    if len(distinct_values) > MOST_GROUPS:
        msg = (
            f"The attribute {attribute!r} has {len(distinct_values):,} values, and at most {MOST_GROUPS:,} groups"
            " can be compared. Give a column with fewer values, such as a range or a region."
        )
        raise InvalidInput(msg)
    return Grouping(attribute, tuple(_name(value) for value in distinct_values), codes)


def codes_of(values: Any) -> tuple[np.ndarray[Any, np.dtype[np.intp]], list[Any]]:
    """Each value as its place among the distinct ones, and these, sorted; what is missing stands last, as None.

    Raises:
        InvalidInput: If the values are lists or the like.
    """
    array = _array(values)
    kind = array.dtype.kind
    if kind == "b":
        return array.astype(np.intp), [False, True]
    if kind in "iu" and array.size:
        low, high = int(array.min()), int(array.max())
        if high - low < _SPAN:
            return _of_small_numbers(array, low, high - low + 1)
    # A dictionary beats sorting by far where few values are distinct, and takes values of any kind. NaN is not
    # equal to itself, but found again by being the same object.
    listed = array.astype("datetime64[s]").astype(str).tolist() if kind == "M" else array.tolist()
    try:
        met = dict.fromkeys(listed)
    except TypeError as error:
        msg = f"The column holds what cannot be told apart as a group: {error}. Give texts, numbers or truth values."
        raise InvalidInput(msg) from error
    distinct: list[Any] = sorted((value for value in met if not _is_missing(value)), key=_order)
    places = {value: place for place, value in enumerate(distinct)}
    gaps = [value for value in met if _is_missing(value)]
    if gaps:
        places |= dict.fromkeys(gaps, len(distinct))
        distinct.append(None)
    return np.fromiter(map(places.__getitem__, listed), np.intp, len(listed)), distinct


def crossed(first: Grouping, second: Grouping) -> Grouping:
    """The groups that two attributes make together; only those that have rows."""
    joint = first.codes * len(second.names) + second.codes
    present = np.flatnonzero(np.bincount(joint, minlength=len(first.names) * len(second.names)))
    dense = np.zeros(len(first.names) * len(second.names), np.intp)
    dense[present] = np.arange(len(present))
    names = tuple(
        JOIN.join((first.names[place // len(second.names)], second.names[place % len(second.names)]))
        for place in present.tolist()
    )
    origins = (present // len(second.names), present % len(second.names))
    return Grouping(JOIN.join((first.attribute, second.attribute)), names, dense[joint], origins)


def _array(values: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(values)
    if array.ndim != 1:
        msg = f"A column has one value a row; this one has the shape {array.shape}."
        raise InvalidInput(msg)
    return array


def _many(array: np.ndarray[Any, Any]) -> bool:
    return array.size > 0 and int(array.max()) - int(array.min()) >= _MOST_VALUES


def _of_small_numbers(
    array: np.ndarray[Any, Any], low: int, span: int
) -> tuple[np.ndarray[Any, np.dtype[np.intp]], list[Any]]:
    shifted = array.astype(np.intp) - low
    present = np.flatnonzero(np.bincount(shifted, minlength=span))
    dense = np.zeros(span, np.intp)
    dense[present] = np.arange(len(present))
    return dense[shifted], [place + low for place in present.tolist()]


def _ranges(attribute: str, array: np.ndarray[Any, Any], ranges: int) -> Grouping:
    numbers = array.astype(float)
    finite = numbers[np.isfinite(numbers)]
    cuts = np.unique(np.quantile(finite, np.linspace(0, 1, ranges + 1)[1:-1]))
    codes = np.searchsorted(cuts, numbers, side="right").astype(np.intp)
    texts = [f"{cut:.6g}" for cut in cuts.tolist()]
    names = [f"< {texts[0]}", *(f"{a} to {b}" for a, b in pairwise(texts)), f">= {texts[-1]}"]
    missing = np.isnan(numbers)
    if missing.any():
        codes[missing] = len(names)
        names.append(MISSING)
    return Grouping(attribute, tuple(names), codes)


def _name(value: Any) -> str:
    return MISSING if value is None else str(value)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in {"NAType", "NaTType"} or value == "NaT":
        return True
    return isinstance(value, float) and value != value  # noqa: PLR0124 -- NaN is what differs from itself


def _order(value: Any) -> tuple[bool, float, str]:
    """Numbers before texts, each in its order."""
    number = isinstance(value, int | float)
    return (not number, float(value) if number else 0.0, str(value))
