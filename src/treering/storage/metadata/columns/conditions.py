"""Evaluates the conditions of a search on a block: which places hold a run that they find."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import TextColumn, Unanswerable
from treering.storage.metadata.columns.numbers import check_field, floats, wholes
from treering.storage.metadata.search.evaluate import like_pattern
from treering.storage.metadata.search.syntax import (
    COMPARE,
    And,
    Comparison,
    Condition,
    Kind,
    Not,
    Operator,
    Or,
    Scalar,
)

__all__ = ["holds"]

Mask = npt.NDArray[np.bool_]

_LARGEST = (1 << 63) - 1


def holds(block: Block, condition: Condition) -> Mask:
    """Which places `condition` finds. Raises Unanswerable."""
    if isinstance(condition, Comparison):
        check_field(condition.field)
        return _comparison(block, condition)
    if isinstance(condition, Not):
        return ~holds(block, condition.part)
    if isinstance(condition, And):
        mask = holds(block, condition.parts[0])
        for part in condition.parts[1:]:
            mask &= holds(block, part)
        return mask
    if isinstance(condition, Or):
        mask = holds(block, condition.parts[0])
        for part in condition.parts[1:]:
            mask |= holds(block, part)
        return mask
    raise Unanswerable


def _comparison(block: Block, comparison: Comparison) -> Mask:
    field, count = comparison.field, block.count
    if field.kind is Kind.TEXT:
        text = block.text(field.entity, field.key)
        return _nowhere(comparison, count) if text is None else _texts(comparison, text, count)
    if field.kind is Kind.NUMBER:
        numbers = floats(block, field)
        if numbers is None:
            return _nowhere(comparison, count)
        return _numbers(comparison, numbers[0][:count], numbers[1][:count])
    whole = wholes(block, field)
    return _nowhere(comparison, count) if whole is None else _whole(comparison, whole[0][:count], whole[1][:count])


def _nowhere(comparison: Comparison, count: int) -> Mask:
    """What a field that no run has is compared to."""
    return np.full(count, comparison.operator is Operator.IS_NULL)


def _numbers(comparison: Comparison, values: npt.NDArray[np.float64], present: Mask) -> Mask:
    match comparison.operator:
        case Operator.IS_NULL:
            return ~present
        case Operator.IS_NOT_NULL:
            return present.copy()
    compare = _comparing(comparison)
    number = float(str(comparison.value))
    if math.isnan(number):
        raise Unanswerable
    mask: Mask = compare(values, number) & present
    return mask


def _comparing(comparison: Comparison) -> Callable[[Any, Any], Any]:
    compare = COMPARE.get(comparison.operator)
    if compare is None:
        raise Unanswerable
    return compare


def _whole(comparison: Comparison, values: npt.NDArray[np.int64], present: Mask) -> Mask:
    """Whole numbers against one that need not be whole, nor fit."""
    match comparison.operator:
        case Operator.IS_NULL:
            return ~present
        case Operator.IS_NOT_NULL:
            return present.copy()
    compare, value = _comparing(comparison), comparison.value
    if not isinstance(value, int):
        value = _rounded(float(str(value)), comparison.operator)
    if value is None:
        return present.copy() if comparison.operator is Operator.UNEQUAL else np.zeros(len(values), np.bool_)
    if abs(value) > _LARGEST:
        # Beyond all numbers of 64 bits: it compares to any as it does to 0.
        return present.copy() if compare(0, value) else np.zeros(len(values), np.bool_)
    mask: Mask = compare(values, value) & present
    return mask


def _rounded(value: float, how: Operator) -> int | None:
    """The whole number that compares to whole numbers as `value` does; None where none is equal to it."""
    if how in {Operator.EQUAL, Operator.UNEQUAL}:
        return None
    return math.ceil(value) if how in {Operator.LESS, Operator.AT_LEAST} else math.floor(value)


def _texts(comparison: Comparison, column: TextColumn, count: int) -> Mask:
    present: Mask = column.codes[:count] >= 0
    match comparison.operator:
        case Operator.IS_NULL:
            return ~present
        case Operator.IS_NOT_NULL:
            return present
    value = comparison.value
    if comparison.operator in {Operator.LIKE, Operator.ILIKE}:
        column.whole()
        return _alike(column, str(value), count, ignore_case=comparison.operator is Operator.ILIKE)
    match comparison.operator:
        case Operator.EQUAL | Operator.UNEQUAL:
            mask = column.equal(str(value), count)
        case Operator.IN | Operator.NOT_IN:
            mask = _among(column, value, count)
        case _:
            raise Unanswerable
    negative = comparison.operator in {Operator.UNEQUAL, Operator.NOT_IN}
    return present & ~mask if negative else mask


def _alike(column: TextColumn, text: str, count: int, *, ignore_case: bool) -> Mask:
    pattern = like_pattern(text, ignore_case=ignore_case)
    if ignore_case:
        return column.where(lambda text: pattern.fullmatch(text.lower()) is not None, count)
    return column.where(lambda text: pattern.fullmatch(text) is not None, count)


def _among(column: TextColumn, value: Scalar | tuple[str, ...] | None, count: int) -> Mask:
    wanted = value if isinstance(value, tuple) else (str(value),)
    table = np.zeros(len(column.texts) + 1, np.bool_)
    table[[code for code in map(column.code, wanted) if code >= 0]] = True
    return table[column.codes[:count]]
