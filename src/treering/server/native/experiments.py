"""Experiments in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.experiment import Experiment
from treering.server.handling import Handlers
from treering.server.locations import check_location
from treering.wire.endpoint import Empty
from treering.wire.native import experiments as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: wire.CreateExperiment) -> Experiment:
    if asked.artifact_location:
        check_location(services.settings, asked.artifact_location, "artifact_location")
    return services.tracking.experiments.create(asked.name, asked.artifact_location, asked.tags)


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.ExperimentId) -> Experiment:
    return services.tracking.experiments.get(asked.experiment_id)


@HANDLERS.handles(wire.GET_BY_NAME)
def _get_by_name(services: Services, asked: wire.ExperimentName) -> Experiment:
    return services.tracking.experiments.get_by_name(asked.name)


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchExperiments) -> wire.ExperimentPage:
    page = services.tracking.experiments.search(asked.query())
    return wire.ExperimentPage(page.items, page.next_token, page.total)


@HANDLERS.handles(wire.OVERVIEW)
def _overview(services: Services, asked: wire.ManyExperiments) -> wire.ExperimentsActivity:
    return wire.ExperimentsActivity(services.tracking.experiments.overview(asked.experiment_ids))


@HANDLERS.handles(wire.RENAME)
def _rename(services: Services, asked: wire.RenameExperiment) -> Empty:
    services.tracking.experiments.rename(asked.experiment_id, asked.name)
    return Empty()


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.ExperimentId) -> Empty:
    services.tracking.experiments.delete(asked.experiment_id)
    return Empty()


@HANDLERS.handles(wire.RESTORE)
def _restore(services: Services, asked: wire.ExperimentId) -> Empty:
    services.tracking.experiments.restore(asked.experiment_id)
    return Empty()


@HANDLERS.handles(wire.SET_TAGS)
def _set_tags(services: Services, asked: wire.SetExperimentTags) -> Empty:
    services.tracking.experiments.set_tags(asked.experiment_id, asked.tags)
    return Empty()


@HANDLERS.handles(wire.DELETE_TAG)
def _delete_tag(services: Services, asked: wire.DeleteExperimentTag) -> Empty:
    services.tracking.experiments.delete_tag(asked.experiment_id, asked.key)
    return Empty()
