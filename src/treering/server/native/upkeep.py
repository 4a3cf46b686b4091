"""Keeping the house in the native API."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from treering.assembly import Services
from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID, Experiment
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.model import ModelVersion, RegisteredModel
from treering.entities.page import Query, every
from treering.registry.origins import find_origins
from treering.server.handling import Handlers
from treering.server.locations import check_location
from treering.storage.objects.removal import remove_all
from treering.wire.endpoint import Empty
from treering.wire.native import upkeep as wire
from treering.wire.native.models import LoggedModelBody, logged_model_body, logged_model_from
from treering.wire.native.runs import RunBody, run_body, run_from

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_PAGE = 1000


@HANDLERS.handles(wire.PUT_EXPERIMENT)
def _put_experiment(services: Services, asked: Experiment) -> Experiment:
    if asked.artifact_location:
        check_location(services.settings, asked.artifact_location, "artifact_location")
    return services.tracking.upkeep.put_experiment(asked)


@HANDLERS.handles(wire.PUT_RUN)
def _put_run(services: Services, asked: RunBody) -> RunBody:
    check_location(services.settings, asked.artifact_uri, "artifact_uri")
    return run_body(services.tracking.upkeep.put_run(run_from(asked)))


@HANDLERS.handles(wire.PUT_LOGGED_MODEL)
def _put_logged_model(services: Services, asked: LoggedModelBody) -> LoggedModelBody:
    check_location(services.settings, asked.artifact_uri, "artifact_uri")
    return logged_model_body(services.tracking.upkeep.put_logged_model(logged_model_from(asked)))


@HANDLERS.handles(wire.PUT_REGISTERED_MODEL)
def _put_registered_model(services: Services, asked: RegisteredModel) -> Empty:
    services.tracking.upkeep.put_registered_model(asked)
    return Empty()


@HANDLERS.handles(wire.PUT_VERSION)
def _put_version(services: Services, asked: ModelVersion) -> Empty:
    for uri, name in ((asked.source, "source"), (asked.storage_uri, "storage_uri")):
        if uri and not uri.startswith(("models:", "runs:")):
            check_location(services.settings, uri, name)
    services.tracking.upkeep.put_version(asked)
    return Empty()


@HANDLERS.handles(wire.DELETED)
def _deleted(services: Services, asked: Empty) -> wire.DeletedItems:
    del asked
    return wire.DeletedItems(services.tracking.upkeep.deleted())


@HANDLERS.handles(wire.PURGE_RUNS)
def _purge_runs(services: Services, asked: wire.PurgeRuns) -> wire.Purged:
    origins = find_origins(services.registry.versions, services.tracking)
    places = []
    for run_id in asked.run_ids:
        with suppress(NotFound):
            info = services.tracking.runs.get(run_id).info
            _check(run_id, info.lifecycle_stage, origins.of_run(run_id, info.artifact_uri))
            places.append(info.artifact_uri)
    _remove_files(services, places if asked.artifacts else ())
    return wire.Purged(services.tracking.upkeep.purge_runs(asked.run_ids))


@HANDLERS.handles(wire.PURGE_LOGGED_MODELS)
def _purge_logged_models(services: Services, asked: wire.PurgeLoggedModels) -> wire.Purged:
    origins = find_origins(services.registry.versions, services.tracking)
    places = []
    for model_id in asked.model_ids:
        with suppress(NotFound):
            model = services.tracking.models.get(model_id, allow_deleted=True)
            _check(model_id, model.lifecycle_stage, origins.of_model(model_id, model.artifact_uri))
            places.append(model.artifact_uri)
    _remove_files(services, places if asked.artifacts else ())
    return wire.Purged(services.tracking.upkeep.purge_logged_models(asked.model_ids))


@HANDLERS.handles(wire.PURGE_EXPERIMENT)
def _purge_experiment(services: Services, asked: wire.PurgeExperiment) -> wire.Purged:
    which = asked.experiment_id
    try:
        experiment = services.tracking.experiments.get(which)
    except NotFound:
        return wire.Purged(0)
    origins = find_origins(services.registry.versions, services.tracking)
    _check(which, experiment.lifecycle_stage, origins.of_experiment(which, experiment.artifact_location))
    if asked.artifacts and which != DEFAULT_EXPERIMENT_ID:
        inside = Query(experiment_ids=[which], view=View.ALL, max_results=_PAGE)
        _remove_files(services, (run.info.artifact_uri for run in every(services.tracking.runs.search, inside)))
        _remove_files(services, (model.artifact_uri for model in every(services.tracking.models.search, inside)))
    return wire.Purged(services.tracking.upkeep.purge_experiment(which))


def _check(which: str, stage: Lifecycle, needed: str) -> None:
    """To be asked of all before the files of one are gone."""
    if stage is Lifecycle.ACTIVE:
        msg = f"{which!r} is active. Delete it first, then remove it for good."
        raise InvalidInput(msg)
    if needed:
        msg = f"{which!r} has to stay: {needed}. Delete that version first, then remove it for good."
        raise Conflict(msg)


def _remove_files(services: Services, places: Iterable[str]) -> None:
    # Files go first: what has lost them is still known as deleted, so that the request can be repeated.
    for uri in places:
        remove_all(services.open_artifacts(uri))
