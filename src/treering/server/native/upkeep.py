"""Keeping the house in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.experiment import Experiment
from treering.entities.model import ModelVersion, RegisteredModel
from treering.server.handling import Handlers
from treering.server.locations import check_location
from treering.wire.endpoint import Empty
from treering.wire.native import upkeep as wire
from treering.wire.native.models import LoggedModelBody, logged_model_body, logged_model_from
from treering.wire.native.runs import RunBody, run_body, run_from

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


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
    return wire.Purged(services.tracking.upkeep.purge_runs(asked.run_ids))


@HANDLERS.handles(wire.PURGE_LOGGED_MODELS)
def _purge_logged_models(services: Services, asked: wire.PurgeLoggedModels) -> wire.Purged:
    return wire.Purged(services.tracking.upkeep.purge_logged_models(asked.model_ids))


@HANDLERS.handles(wire.PURGE_EXPERIMENT)
def _purge_experiment(services: Services, asked: wire.PurgeExperiment) -> wire.Purged:
    return wire.Purged(services.tracking.upkeep.purge_experiment(asked.experiment_id))
