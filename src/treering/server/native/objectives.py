"""Objectives of experiments in the native API."""

from __future__ import annotations

from contextlib import suppress

from treering.assembly import Services
from treering.core.errors import NotFound
from treering.server.handling import Handlers
from treering.tracking.objectives import OBJECTIVE_TAG, new_objective, read_objective, write_objective
from treering.wire.endpoint import Empty
from treering.wire.native import objectives as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.ObjectiveOf) -> wire.ShownObjective:
    experiment = services.tracking.experiments.get(asked.experiment_id)
    return wire.ShownObjective(experiment.experiment_id, read_objective(experiment.tags))


@HANDLERS.handles(wire.SET)
def _set(services: Services, asked: wire.WrittenObjective) -> wire.ShownObjective:
    made = new_objective(
        asked.statement,
        [*asked.criteria, *asked.success],
        asked.primary,
        greater_is_better=asked.greater_is_better,
        min_improvement=asked.min_improvement,
        owner=asked.owner,
    )
    services.tracking.experiments.set_tags(asked.experiment_id, {OBJECTIVE_TAG: write_objective(made)})
    return wire.ShownObjective(asked.experiment_id, made)


@HANDLERS.handles(wire.REMOVE)
def _remove(services: Services, asked: wire.ObjectiveOf) -> Empty:
    services.tracking.experiments.get(asked.experiment_id)
    with suppress(NotFound):  # it had none
        services.tracking.experiments.delete_tag(asked.experiment_id, OBJECTIVE_TAG)
    return Empty()
