"""Experiments in MLflow's API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.page import Query
from treering.server.handling import Handlers
from treering.server.locations import check_location
from treering.server.mlflow.asked import at_most, experiment_asked
from treering.wire.endpoint import Empty
from treering.wire.mlflow import experiments as wire
from treering.wire.mlflow.fields import entries_of, shown

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST = 50_000
_MOST_EXPERIMENTS = 20


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: wire.CreateExperiment) -> wire.CreatedExperiment:
    check_location(services.settings, asked.artifact_location, "artifact_location")
    made = services.tracking.experiments.create(asked.name, asked.artifact_location, entries_of(asked.tags))
    return wire.CreatedExperiment(made.experiment_id)


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.ExperimentId) -> wire.FoundExperiment:
    return wire.FoundExperiment(
        wire.experiment_message(services.tracking.experiments.get(experiment_asked(asked.experiment_id)))
    )


@HANDLERS.handles(wire.GET_BY_NAME)
def _get_by_name(services: Services, asked: wire.ExperimentName) -> wire.FoundExperiment:
    found = services.tracking.experiments.get_by_name(asked.experiment_name)
    return wire.FoundExperiment(wire.experiment_message(found))


@HANDLERS.handles(wire.SEARCH)
@HANDLERS.handles(wire.SEARCH_BY_GET)
def _search(services: Services, asked: wire.SearchExperiments) -> wire.FoundExperiments:
    query = Query(asked.filter, asked.order_by, at_most(asked.max_results, _MOST), asked.page_token, asked.view_type)
    return wire.experiments_page(services.tracking.experiments.search(query))


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateExperiment) -> Empty:
    services.tracking.experiments.rename(experiment_asked(asked.experiment_id), asked.new_name)
    return Empty()


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.ExperimentId) -> Empty:
    services.tracking.experiments.delete(experiment_asked(asked.experiment_id))
    return Empty()


@HANDLERS.handles(wire.RESTORE)
def _restore(services: Services, asked: wire.ExperimentId) -> Empty:
    services.tracking.experiments.restore(experiment_asked(asked.experiment_id))
    return Empty()


@HANDLERS.handles(wire.SET_TAG)
def _set_tag(services: Services, asked: wire.SetExperimentTag) -> Empty:
    services.tracking.experiments.set_tags(experiment_asked(asked.experiment_id), {asked.key: asked.value})
    return Empty()


@HANDLERS.handles(wire.DELETE_TAG)
def _delete_tag(services: Services, asked: wire.DeleteExperimentTag) -> Empty:
    services.tracking.experiments.delete_tag(experiment_asked(asked.experiment_id), asked.key)
    return Empty()


@HANDLERS.handles(wire.SEARCH_DATASETS)
def _search_datasets(services: Services, asked: wire.SearchDatasets) -> wire.DatasetSummaries:
    at_most(len(asked.experiment_ids), _MOST_EXPERIMENTS, "number of experiment_ids")
    found = services.tracking.datasets.search([experiment_asked(one) for one in asked.experiment_ids])
    return wire.DatasetSummaries(
        tuple(wire.DatasetSummary(where, item.name, item.digest, shown(context)) for where, item, context in found)
    )
