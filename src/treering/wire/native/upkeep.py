"""Keeping the house in the native API: taking things in as they were elsewhere, and removing for good."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.deleted import DeletedItem
from treering.entities.experiment import Experiment
from treering.entities.model import ModelVersion, RegisteredModel
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native.models import LoggedModelBody
from treering.wire.native.runs import RunBody

__all__ = [
    "DELETED",
    "PURGE_EXPERIMENT",
    "PURGE_LOGGED_MODELS",
    "PURGE_RUNS",
    "PUT_EXPERIMENT",
    "PUT_LOGGED_MODEL",
    "PUT_REGISTERED_MODEL",
    "PUT_RUN",
    "PUT_VERSION",
    "DeletedItems",
    "PurgeExperiment",
    "PurgeLoggedModels",
    "PurgeRuns",
    "Purged",
]


class DeletedItems(msgspec.Struct, frozen=True):
    """What was deleted softly."""

    items: Sequence[DeletedItem]


class PurgeRuns(msgspec.Struct, frozen=True):
    """Deleted runs to remove for good; with their files unless `artifacts` is false."""

    run_ids: Sequence[str]
    artifacts: bool = True


class PurgeLoggedModels(msgspec.Struct, frozen=True):
    """Deleted logged models to remove for good; with their files unless `artifacts` is false."""

    model_ids: Sequence[str]
    artifacts: bool = True


class PurgeExperiment(msgspec.Struct, frozen=True):
    """A deleted experiment to remove for good, with all its runs and logged models; with their files unless `artifacts` is false."""

    experiment_id: str
    artifacts: bool = True


class Purged(msgspec.Struct, frozen=True):
    """How many there were."""

    count: int


_TAKE, _PURGE = "/api/v1/upkeep/take-in", "/api/v1/upkeep/purge"
_ALL = Permission.ADMINISTER

# fmt: off
PUT_EXPERIMENT = Endpoint("upkeep.put_experiment", "POST", _TAKE + "/experiment", Experiment, Experiment, _ALL, "Take in an experiment as it was elsewhere")
PUT_RUN = Endpoint("upkeep.put_run", "POST", _TAKE + "/run", RunBody, RunBody, _ALL, "Take in a run as it was elsewhere, without its points")
PUT_LOGGED_MODEL = Endpoint("upkeep.put_logged_model", "POST", _TAKE + "/logged-model", LoggedModelBody, LoggedModelBody, _ALL, "Take in a logged model as it was elsewhere")
PUT_REGISTERED_MODEL = Endpoint("upkeep.put_registered_model", "POST", _TAKE + "/registered-model", RegisteredModel, Empty, _ALL, "Take in a registered model as it was elsewhere")
PUT_VERSION = Endpoint("upkeep.put_version", "POST", _TAKE + "/model-version", ModelVersion, Empty, _ALL, "Take in a version under its own number")
DELETED = Endpoint("upkeep.deleted", "GET", "/api/v1/upkeep/deleted", Empty, DeletedItems, _ALL, "All that was deleted softly")
PURGE_RUNS = Endpoint("upkeep.purge_runs", "POST", _PURGE + "/runs", PurgeRuns, Purged, _ALL, "Remove deleted runs for good")
PURGE_LOGGED_MODELS = Endpoint("upkeep.purge_logged_models", "POST", _PURGE + "/logged-models", PurgeLoggedModels, Purged, _ALL, "Remove deleted logged models for good")
PURGE_EXPERIMENT = Endpoint("upkeep.purge_experiment", "POST", _PURGE + "/experiment", PurgeExperiment, Purged, _ALL, "Remove a deleted experiment for good")
# fmt: on
