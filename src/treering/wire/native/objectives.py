"""Objectives of experiments in the native API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.objective import Criterion, Objective
from treering.wire.endpoint import Empty, Endpoint, Permission

__all__ = ["GET", "REMOVE", "SET", "ObjectiveOf", "ShownObjective", "WrittenObjective"]


class ObjectiveOf(msgspec.Struct, frozen=True):
    """The objective of one experiment."""

    experiment_id: str


class ShownObjective(msgspec.Struct, frozen=True):
    """What an experiment is for; `objective` is null where nobody said."""

    experiment_id: str
    objective: Objective | None = None


class WrittenObjective(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment is for from now on; attributes as in `Objective`.

    Attributes:
        success: Further bounds, as people write them: `recall >= 0.9`, `recall[age over 60] >= 0.8`.
        greater_is_better: Of the primary metric; null reads it off the metric's bound.
    """

    experiment_id: str
    statement: str
    criteria: Sequence[Criterion] = ()
    success: Sequence[str] = ()
    primary: str = ""
    greater_is_better: bool | None = None
    min_improvement: float = 0.0
    owner: str = ""


_PATH = "/api/v1/experiments/objective"

GET = Endpoint(
    "experiments.get_objective", "GET", _PATH, ObjectiveOf, ShownObjective, Permission.READ_EXPERIMENTS,
    "What an experiment is for, and when it has succeeded",
)  # fmt: skip
SET = Endpoint(
    "experiments.set_objective", "POST", _PATH, WrittenObjective, ShownObjective, Permission.EDIT_EXPERIMENTS,
    "Say what an experiment is for",
)  # fmt: skip
REMOVE = Endpoint(
    "experiments.remove_objective", "DELETE", _PATH, ObjectiveOf, Empty, Permission.EDIT_EXPERIMENTS,
    "Take an experiment's objective away",
)  # fmt: skip
