"""`treering.objective`: what an experiment is for, and when it has succeeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treering.client.experiments import active_experiment_id
from treering.client.session import Place, session
from treering.entities.objective import Objective
from treering.tracking.objectives import OBJECTIVE_TAG, new_objective, read_objective, write_objective

__all__ = ["get_objective", "get_objective_at", "objective", "set_objective_at"]


def objective(  # noqa: PLR0913  # all that an objective has, by name
    statement: str,
    success: Mapping[str, str | Sequence[str]] | Sequence[str] = (),
    *,
    primary: str = "",
    greater_is_better: bool | None = None,
    min_improvement: float = 0.0,
    owner: str = "",
    experiment_id: str | None = None,
) -> Objective:
    """Say what the active experiment is for; gates, model cards and pages read it.

    Args:
        statement: The problem to be solved, in a sentence that people who know no machine learning understand.
        success: Bounds that all have to hold, by metric: `{"recall": ">= 0.9", "recall[age over 60]": ">= 0.8"}`.
            The name in brackets is that of a slice, as `treering.evaluate` was told of.
        primary: The metric by which a new model is compared with the one in use; that of the first bound unless given.
        greater_is_better: Of the primary metric; as its bound says unless given.
        min_improvement: By how much a new model has to beat the one in use, in the primary metric.
        owner: Who answers for it.
        experiment_id: Another experiment than the active one.

    Returns:
        What was kept; it takes the place of what was said before.

    Raises:
        InvalidInput: If a bound cannot be understood.
        NotFound: If there is no such experiment.
    """
    made = new_objective(
        statement,
        success,
        primary,
        greater_is_better=greater_is_better,
        min_improvement=min_improvement,
        owner=owner,
    )
    current = session()
    set_objective_at(current.place, experiment_id or active_experiment_id(current), made)
    return made


def get_objective(experiment_id: str | None = None) -> Objective | None:
    """The objective of an experiment, of the active one unless another is named; None where it has none.

    Raises:
        NotFound: If there is no such experiment.
        InvalidInput: If the experiment's tag holds something else than an objective.
    """
    current = session()
    return get_objective_at(current.place, experiment_id or active_experiment_id(current))


def get_objective_at(place: Place, experiment_id: str) -> Objective | None:
    """As `get_objective`, at a place."""
    return read_objective(place.services().tracking.experiments.get(experiment_id).tags)


def set_objective_at(place: Place, experiment_id: str, objective: Objective) -> None:
    """Keep an objective as the experiment's tag. Raises NotFound, InvalidInput."""
    place.services().tracking.experiments.set_tags(experiment_id, {OBJECTIVE_TAG: write_objective(objective)})
