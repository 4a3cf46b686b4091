"""What `exp show` shows: baselines, and the experiments derived from them, in the shape of DVC's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["WORKSPACE", "Derived", "Shown", "to_json"]

WORKSPACE = "workspace"
"""What stands in the place of a commit for the working tree."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One commit, or the working tree.

    Attributes:
        rev: The commit's full name, or `WORKSPACE`.
        name: A branch, tag or experiment that is called so.
        data: The row, as `row.read_row` makes it; None where there was an error.
        error: What is wrong with the commit: `msg` and `type`.
        experiments: What was derived from it; None if nothing.
    """

    rev: str
    name: str | None = None
    data: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    experiments: Sequence[Derived] | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """One experiment.

    Attributes:
        revs: Its commits, the last one first.
        executor: Who runs it: `state`, `name` and `local`; None where nothing is known.
    """

    revs: Sequence[Shown]
    name: str | None = None
    executor: Mapping[str, Any] | None = None


def to_json(lines: Sequence[Shown]) -> list[dict[str, Any]]:
    """As DVC's `exp show --json` writes them."""
    return [
        {
            "rev": line.rev,
            "name": line.name,
            "data": line.data,
            "error": line.error,
            "experiments": None if line.experiments is None else [_derived(one) for one in line.experiments],
        }
        for line in lines
    ]


def _derived(one: Derived) -> dict[str, Any]:
    return {"revs": to_json(one.revs), "executor": one.executor, "name": one.name}
