"""Objectives as they are written by people, and as a tag of the experiment keeps them.

The tag is plain JSON, so that every store and every client of MLflow's carries it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import msgspec

from treering.core.errors import InvalidInput
from treering.entities.objective import Criterion, Objective
from treering.tracking.limits import check_key, check_text

__all__ = ["OBJECTIVE_TAG", "criteria_of", "new_objective", "parse_criterion", "read_objective", "write_objective"]

OBJECTIVE_TAG = "treering.objective"
"""The tag of an experiment that holds its objective."""

_CRITERION = re.compile(
    r"\s*(?P<metric>[^\[\]<>=]*[^\[\]<>=\s])\s*(?:\[(?P<slice>[^\[\]]+)\])?\s*"
    r"(?P<op>>=|<=|==|>|<)\s*(?P<value>[^<>=\s,]+)\s*"
)
_LESS_IS_BETTER = ("<", "<=")
# Of a line that is none, the pattern would try every way to part its blanks.
_LONGEST_LINE = 2_000


def new_objective(
    statement: str,
    success: Mapping[str, str | Sequence[str]] | Sequence[str | Criterion] = (),
    primary: str = "",
    *,
    greater_is_better: bool | None = None,
    min_improvement: float = 0.0,
    owner: str = "",
) -> Objective:
    """An objective from what people write.

    Args:
        success: Bounds by metric, such as `{"recall": ">= 0.9", "recall[age over 60]": [">= 0.8"]}`; or whole
            lines, such as `["recall >= 0.9"]`.
        primary: By which metric models are compared; that of the first bound unless given.
        greater_is_better: Of the primary metric; read off its bound unless given.

    Raises:
        InvalidInput: If it says nothing, or a bound cannot be understood.
    """
    criteria = criteria_of(success)
    if not primary and criteria:
        primary = criteria[0].metric
    if greater_is_better is None:
        own = [one for one in criteria if one.metric == primary]
        greater_is_better = not (own and own[0].op in _LESS_IS_BETTER)
    made = Objective(statement.strip(), criteria, primary, greater_is_better, float(min_improvement), owner.strip())
    _check(made)
    return made


def criteria_of(success: Mapping[str, str | Sequence[str]] | Sequence[str | Criterion]) -> tuple[Criterion, ...]:
    """Bounds as people write them, see `new_objective`. Raises InvalidInput."""
    if isinstance(success, str):
        success = [success]
    if not isinstance(success, Mapping):
        return tuple(line if isinstance(line, Criterion) else parse_criterion(line) for line in success)
    found = []
    for name, bounds in success.items():
        if not isinstance(bounds, str | list | tuple):
            hint = f"Write '>= {bounds}' or '<= {bounds}'." if isinstance(bounds, Real) else "Write such as '>= 0.9'."
            msg = f"The bound of {name!r} is {bounds!r}, which does not say in which direction. {hint}"
            raise InvalidInput(msg)
        lines = bounds.split(",") if isinstance(bounds, str) else bounds
        found += [parse_criterion(f"{name} {line}") for line in lines]
    return tuple(found)


def parse_criterion(text: str) -> Criterion:
    """A bound from a line such as `recall >= 0.9` or `recall[age over 60] >= 0.8`. Raises InvalidInput."""
    match = _CRITERION.fullmatch(text) if len(text) <= _LONGEST_LINE else None
    if match is not None:
        try:
            value = float(match["value"])
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            # The pattern lets through no other operator.
            op: Any = match["op"]
            metric = check_key(match["metric"].strip(), "metric")
            return Criterion(metric, op, value, (match["slice"] or "").strip())
    msg = (
        f"{text[:200]!r} is no bound. Write a metric, one of >= <= > < == and a number, such as 'recall >= 0.9';"
        " for a slice of the data 'recall[age over 60] >= 0.8'."
    )
    raise InvalidInput(msg)


def read_objective(tags: Mapping[str, str]) -> Objective | None:
    """The objective that the tags of an experiment hold; None where they hold none.

    Raises:
        InvalidInput: If the tag is there and holds something else.
    """
    text = tags.get(OBJECTIVE_TAG)
    if text is None:
        return None
    try:
        found = msgspec.json.decode(text, type=Objective)
        _check(found)
    except (msgspec.DecodeError, InvalidInput) as error:
        msg = (
            f"The tag {OBJECTIVE_TAG} of the experiment holds no objective: {error} Set it anew with"
            " treering.objective(...) or `treering experiments objective set`, or delete the tag."
        )
        raise InvalidInput(msg) from error
    return found


def write_objective(objective: Objective) -> str:
    """The text of the tag. Raises InvalidInput for an objective that says nothing, or that cannot be."""
    _check(objective)
    return json.dumps(msgspec.to_builtins(objective), ensure_ascii=False, sort_keys=True)


def _check(objective: Objective) -> None:
    if not objective.statement:
        msg = "An objective needs a statement: say in a sentence what the experiment is to achieve, and for whom."
        raise InvalidInput(msg)
    check_text(objective.statement, "statement")
    for one in objective.criteria:
        check_key(one.metric, "metric")
        if not math.isfinite(one.value):
            msg = f"The bound of {one.name!r} is {one.value}. Give a number."
            raise InvalidInput(msg)
    if not (math.isfinite(objective.min_improvement) and objective.min_improvement >= 0):
        msg = (
            f"min_improvement is {objective.min_improvement}. Give how much better a new model has to be, 0 or more;"
            " whether that is up or down says greater_is_better."
        )
        raise InvalidInput(msg)
    if objective.min_improvement and not objective.primary:
        msg = "min_improvement needs the metric it is counted in: name it with primary."
        raise InvalidInput(msg)
