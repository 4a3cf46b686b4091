"""Parts of the rows by what is in their columns: `country`, `age >= 65`, `country == 'DE' and age < 30`.

A condition is read, never run: it is comparisons of a column with a value, joined by `and`. What could be meant in
two ways is refused, for a slice that is silently empty misleads.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.core.errors import InvalidInput
from treering.evaluation.grouping import codes_of

__all__ = ["MOST_VALUES", "Column", "masks_of"]

Mask = NDArray[np.bool_]
Column = Callable[[str], NDArray[Any]]

MOST_VALUES = 20
"""How many values of a column become slices; the most frequent ones."""
_QUANTILES = 4

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_TERM = re.compile(r"\s*(`[^`]+`|[^<>=!`]+?)\s*(>=|<=|==|!=|=|>|<)\s*(.+?)\s*")
_AND = re.compile(r"""\s+and\s+(?=(?:[^'"]*['"][^'"]*['"])*[^'"]*$)""", re.IGNORECASE)


def masks_of(wanted: Sequence[Any] | Mapping[str, Any], column: Column, names: Sequence[str]) -> dict[str, Mask]:
    """Which rows each slice has, by its name.

    Args:
        wanted: Names of columns, of which each value (of many numbers: each quarter) is a slice, and conditions;
            or conditions by the name that the slice is to have, each of them a text or an array of booleans.
        column: Gives the values of a column.
        names: The columns that there are.

    Raises:
        InvalidInput: If a column is not there, or a condition cannot be understood.
    """
    known = set(names)
    found: dict[str, Mask] = {}
    if isinstance(wanted, Mapping):
        for name, condition in wanted.items():
            found[str(name)] = (
                _condition(condition, column, known) if isinstance(condition, str) else np.asarray(condition, bool)
            )
        return found
    if isinstance(wanted, str):
        wanted = [wanted]
    for one in wanted:
        if not isinstance(one, str):
            msg = f"A slice is the name of a column or a condition such as 'age >= 65', not {one!r:.80}."
            raise InvalidInput(msg)
        if one in known:
            found |= _values(one, column(one))
        else:
            found[one.strip()] = _condition(one, column, known)
    return found


def _values(name: str, values: NDArray[Any]) -> dict[str, Mask]:
    """A slice for each value; missing values are one, too."""
    if values.dtype.kind in "iuf" and len(np.unique(values[~_missing(values)])) > MOST_VALUES:
        return _quarters(name, values)
    codes, distinct = codes_of(values)
    counts = np.bincount(codes, minlength=len(distinct))
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_VALUES]).tolist()
    found = {
        f"{name}={distinct[place]}": codes == place for place in kept if counts[place] and distinct[place] is not None
    }
    if distinct and distinct[-1] is None:
        found[f"{name} is missing"] = codes == len(distinct) - 1
    return found


def _quarters(name: str, values: NDArray[Any]) -> dict[str, Mask]:
    """Four slices of numbers, each with about as many rows as the others."""
    empty = _missing(values)
    found: dict[str, Mask] = {}
    edges = np.unique(np.quantile(values[~empty], np.linspace(0, 1, _QUANTILES + 1)))
    for low, high in pairwise(edges):
        last = high == edges[-1]
        inside = (values >= low) & ((values <= high) if last else (values < high))
        found[f"{name} in [{low:.6g}, {high:.6g}{']' if last else ')'}"] = inside & ~empty
    if empty.any():
        found[f"{name} is missing"] = empty
    return found


def _missing(values: NDArray[Any]) -> Mask:
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values), bool)
    if values.dtype.kind in "mM":
        return np.asarray(np.isnat(values), bool)
    if values.dtype.kind == "O":
        return np.array([value is None or value != value for value in values], bool)  # noqa: PLR0124  # NaN
    return np.zeros(len(values), bool)


def _condition(text: str, column: Column, known: set[str]) -> Mask:
    mask: Mask | None = None
    for term in _AND.split(text.strip()):
        match = _TERM.fullmatch(term)
        if match is None:
            msg = (
                f"The slice {text!r:.200} is neither a column nor a condition. Columns: {', '.join(sorted(known)[:20])}."
                ' A condition looks like "age >= 65" or "country == \'DE\' and age < 30".'
            )
            raise InvalidInput(msg)
        name, sign, literal = match.groups()
        name = name.strip("`")
        if name not in known:
            msg = f"The slice {text!r:.200} names the column {name!r:.200}, which is not there. Columns: {', '.join(sorted(known)[:20])}."
            raise InvalidInput(msg)
        found = _compared(text, column(name), sign, literal)
        mask = found if mask is None else mask & found
    if mask is None:
        msg = "A slice needs a condition, such as 'age >= 65'."
        raise InvalidInput(msg)
    return mask


def _compared(text: str, values: NDArray[Any], sign: str, literal: str) -> Mask:
    try:
        empty = _missing(values)
        result = _COMPARISONS[sign](values[~empty], _literal(literal, values[~empty]))
    except (TypeError, ValueError) as error:
        msg = f"The slice {text!r:.200} compares what cannot be compared: {error}."
        raise InvalidInput(msg) from error
    mask = np.zeros(len(values), bool)
    mask[~empty] = result
    return mask


def _literal(text: str, known: NDArray[Any]) -> Any:
    """What is written, as the kind of value that the column has. Raises ValueError if it is none."""
    quoted = len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]
    if not quoted and (text[0] in "'\"" or any(sign in text for sign in "<>=")):
        msg = f"{text} is more than one value; comparisons are joined by 'and', and odd values are put in quotes"
        raise ValueError(msg)
    plain = text[1:-1] if quoted else text
    kind = known.dtype.kind
    if kind in "mM":
        return np.datetime64(plain)
    first = known[:1].tolist()
    if kind == "b" or (first and isinstance(first[0], bool)):
        return _truth(plain)
    if kind in "iuf" or (first and isinstance(first[0], int | float)):
        return int(plain) if re.fullmatch(r"[+-]?\d{1,18}", plain, re.ASCII) else float(plain)
    return plain


def _truth(text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        msg = f"{text!r} is neither true nor false"
        raise ValueError(msg)
    return text.lower() in {"true", "1"}
