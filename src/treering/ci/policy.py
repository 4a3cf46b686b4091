"""The policy of a gate as it stands in a file.

Such as:

    bounds:                       # beside those of the experiment's objective
      - accuracy >= 0.9
      - recall[age over 60] >= 0.8
    fairness:
      - demographic_parity_ratio[sex] >= 0.8
    compare:                      # with the champion
      metric: roc_auc
      min_improvement: 0.0
      certain: true
      max_drop: {recall: 0.02}
      max_slice_drop: 0.05
      same_data: true
      required: false
    objective: true
    min_rows: 200

Each key may be left out; what each means, says `treering.entities.gate.Policy`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import InvalidInput, NotFound
from treering.entities.gate import Policy
from treering.tracking.objectives import criteria_of

__all__ = ["policy_of", "read_policy"]

_KEYS = ("bounds", "fairness", "compare", "objective", "min_rows")
_COMPARE = (
    "metric",
    "greater_is_better",
    "min_improvement",
    "certain",
    "max_drop",
    "max_slice_drop",
    "same_data",
    "required",
)


def read_policy(path: Path) -> Policy:
    """The policy in a file.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If it holds no policy; the message names file and key.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        msg = f"There is no policy {path}. Name one that exists with --policy, or leave the option out."
        raise NotFound(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The policy {path} cannot be read: {error}."
        raise InvalidInput(msg) from error
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        msg = f"The policy {path} is no YAML: {' '.join(str(error).split())}."
        raise InvalidInput(msg) from error
    return policy_of({} if found is None else found, str(path))


def policy_of(found: Any, where: str = "the policy") -> Policy:
    """A policy from what a file holds. Raises InvalidInput."""
    keys = _mapping(found, where, _KEYS)
    compare = _mapping(keys.get("compare") or {}, f"{where}: compare", _COMPARE)
    greater = compare.get("greater_is_better")
    least = compare.get("min_improvement")
    drop = compare.get("max_slice_drop")
    drops = compare.get("max_drop") or {}
    if not isinstance(drops, Mapping):
        msg = f"{where}: compare: max_drop is {drops!r}. Give numbers by metric, such as {{recall: 0.02}}."
        raise InvalidInput(msg)
    return Policy(
        bounds=_criteria(keys.get("bounds"), f"{where}: bounds"),
        fairness=_criteria(keys.get("fairness"), f"{where}: fairness"),
        objective=_flag(keys.get("objective", True), f"{where}: objective"),
        metric=str(compare.get("metric") or ""),
        greater_is_better=None if greater is None else _flag(greater, f"{where}: compare: greater_is_better"),
        min_improvement=None if least is None else _number(least, f"{where}: compare: min_improvement"),
        certain=_flag(compare.get("certain", True), f"{where}: compare: certain"),
        max_drop={str(name): _number(most, f"{where}: compare: max_drop: {name}") for name, most in drops.items()},
        max_slice_drop=None if drop is None else _number(drop, f"{where}: compare: max_slice_drop"),
        same_data=_flag(compare.get("same_data", True), f"{where}: compare: same_data"),
        min_rows=int(_number(keys.get("min_rows", 0), f"{where}: min_rows")),
        champion_required=_flag(compare.get("required", False), f"{where}: compare: required"),
    )


def _mapping(found: Any, where: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        msg = f"{where} holds {found!r:.60}, and has to hold some of: {', '.join(known)}."
        raise InvalidInput(msg)
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"The keys are: {', '.join(known)}."
            msg = f"{where} has a key {key!r}, which there is not. {hint}"
            raise InvalidInput(msg)
    return found


def _criteria(found: Any, where: str) -> tuple[Any, ...]:
    if found is None:
        return ()
    if not isinstance(found, str | list | Mapping) or (
        isinstance(found, list) and not all(isinstance(one, str) for one in found)
    ):
        msg = f"{where} is {found!r}. Write a list of lines such as '- accuracy >= 0.9'."
        raise InvalidInput(msg)
    try:
        return criteria_of(found)
    except InvalidInput as error:
        msg = f"{where}: {error}"
        raise InvalidInput(msg) from error


def _flag(found: Any, where: str) -> bool:
    if not isinstance(found, bool):
        msg = f"{where} is {found!r}. Write true or false."
        raise InvalidInput(msg)
    return found


def _number(found: Any, where: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
        msg = f"{where} is {found!r}. Write a number, 0 or more."
        raise InvalidInput(msg)
    return float(found)
