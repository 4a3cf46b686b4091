"""The tree that a filter and an ordering become: frozen values, without any text of the user's left."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

__all__ = [
    "COMPARE",
    "Aggregate",
    "And",
    "Comparison",
    "Condition",
    "Entity",
    "Field",
    "Kind",
    "Not",
    "Operator",
    "Or",
    "OrderTerm",
    "Scalar",
    "Search",
]

Scalar = str | int | float
"""A literal, or the value of a field."""


class Entity(StrEnum):
    """Which part of an object a field belongs to."""

    ATTRIBUTE = "attributes"
    DATASET = "datasets"
    METRIC = "metrics"
    PARAM = "params"
    TAG = "tags"


class Kind(StrEnum):
    """What the values of a field are.

    TEXT is ordered by the code points of its first 256 characters. NUMBER is a float and may be NaN. TIME is a whole
    number of milliseconds since the epoch, DURATION one of milliseconds, WHOLE any whole number. ID is a whole number
    that is written as a string.
    """

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    DURATION = "duration"
    WHOLE = "whole"
    ID = "id"


class Aggregate(StrEnum):
    """Which of the values of a metric is meant; `COUNT` is how many there are, NaN among them."""

    LAST = "last"
    MIN = "min"
    MAX = "max"
    COUNT = "count"


class Operator(StrEnum):
    """How a field is compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


COMPARE: Mapping[Operator, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        Operator.EQUAL: operator.eq,
        Operator.UNEQUAL: operator.ne,
        Operator.LESS: operator.lt,
        Operator.AT_MOST: operator.le,
        Operator.GREATER: operator.gt,
        Operator.AT_LEAST: operator.ge,
    }
)
"""What those operators do that compare two values, numbers, arrays or columns of a database alike."""


@dataclass(frozen=True, slots=True)
class Field:
    """A thing that can be compared or ordered by.

    Attributes:
        kind: Of what is compared. A param of kind NUMBER is the number that its text states; one that states none
            has no value.
        aggregate: Of a metric of a run. The smallest and the greatest leave NaN aside, and are no values where all are.
    """

    entity: Entity
    key: str
    kind: Kind
    aggregate: Aggregate = Aggregate.LAST


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition on one field.

    It holds where the object has the key and one of its values compares so; an
    object without the key matches IS NULL alone.

    Attributes:
        value: A tuple of strings for IN and NOT IN, None for IS NULL and IS NOT NULL.
    """

    field: Field
    operator: Operator
    value: Scalar | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; there are at least two."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One part holds; there are at least two."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold: exactly the objects that the part does not find."""

    part: Condition


Condition = Comparison | And | Or | Not


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One column of an ordering.

    In both directions numbers come first, then NaN, then objects without the key.

    Attributes:
        dataset: For a metric of a logged model: (name, digest) of the dataset it was
            computed on; an empty digest stands for all of that name.
    """

    field: Field
    descending: bool = False
    dataset: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A filter and an ordering, understood.

    Attributes:
        order: Ends with columns that make it total; no field stands in it twice.
    """

    condition: Condition | None
    order: tuple[OrderTerm, ...]
