"""An objective: what an experiment is for, in words, and when it has succeeded, in numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["OPERATORS", "Criterion", "Objective", "Operator"]

Operator = Literal[">=", "<=", ">", "<", "=="]

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
"""What a criterion can ask of a metric."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A bound that a metric has to keep.

    Attributes:
        slice: The slice of the data on which it counts, by name; "" for all of it.
    """

    metric: str
    op: Operator
    value: float
    slice: str = ""

    @property
    def name(self) -> str:
        """`metric`, or `metric[slice]`."""
        return f"{self.metric}[{self.slice}]" if self.slice else self.metric

    @property
    def bound(self) -> str:
        """The bound as people write it, such as `>= 0.9`."""
        return f"{self.op} {self.value:g}"

    def holds(self, value: float) -> bool:
        """Whether `value` keeps the bound; never true of NaN."""
        return OPERATORS[self.op](value, self.value)

    def __str__(self) -> str:
        return f"{self.name} {self.bound}"


@dataclass(frozen=True, slots=True)
class Objective:
    """What an experiment is for, and when it has succeeded.

    Attributes:
        statement: The business problem, in words.
        criteria: All have to hold.
        primary: The metric by which two models are compared; "" where nobody said.
        greater_is_better: Of the primary metric.
        min_improvement: By how much of the primary metric a new model has to beat the old one; at least 0.
        owner: Who answers for it.
    """

    statement: str
    criteria: tuple[Criterion, ...] = ()
    primary: str = ""
    greater_is_better: bool = True
    min_improvement: float = 0.0
    owner: str = ""
