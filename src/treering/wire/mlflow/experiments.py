"""Experiments in MLflow's API."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from treering.entities.experiment import Experiment
from treering.entities.lifecycle import View
from treering.entities.page import Page
from treering.wire.endpoint import Empty, Permission
from treering.wire.mlflow.fields import Entry, Int64, KeyValue, Message, Text, declare, key_values, shown

__all__ = [
    "CREATE",
    "DELETE",
    "DELETE_TAG",
    "GET",
    "GET_BY_NAME",
    "RESTORE",
    "SEARCH",
    "SEARCH_BY_GET",
    "SEARCH_DATASETS",
    "SET_TAG",
    "UPDATE",
    "CreateExperiment",
    "CreatedExperiment",
    "DatasetSummaries",
    "DatasetSummary",
    "DeleteExperimentTag",
    "ExperimentId",
    "ExperimentMessage",
    "ExperimentName",
    "FoundExperiment",
    "FoundExperiments",
    "SearchDatasets",
    "SearchExperiments",
    "SetExperimentTag",
    "UpdateExperiment",
    "experiment_message",
    "experiments_page",
]


class ExperimentMessage(Message, frozen=True):
    """An experiment. Times are milliseconds since the epoch."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    workspace: str
    tags: tuple[KeyValue, ...] = ()


class CreateExperiment(Message, frozen=True):
    """Make an experiment."""

    name: Text
    artifact_location: str = ""
    tags: tuple[Entry, ...] = ()


class CreatedExperiment(Message, frozen=True):
    """The id of a new experiment."""

    experiment_id: str


class ExperimentId(Message, frozen=True):
    """One experiment."""

    experiment_id: Text


class ExperimentName(Message, frozen=True):
    """One experiment by its name."""

    experiment_name: Text


class FoundExperiment(Message, frozen=True):
    """The experiment asked for."""

    experiment: ExperimentMessage


class UpdateExperiment(Message, frozen=True):
    """Rename an experiment."""

    experiment_id: Text
    new_name: Text


class SearchExperiments(Message, frozen=True):
    """Experiments that match a filter."""

    max_results: Int64 = 1000
    page_token: str = ""
    filter: str = ""
    order_by: tuple[str, ...] = ()
    view_type: View = View.ACTIVE_ONLY


class FoundExperiments(Message, frozen=True):
    """One page of experiments."""

    experiments: tuple[ExperimentMessage, ...] = ()
    next_page_token: str | UnsetType = UNSET


class SetExperimentTag(Message, frozen=True):
    """Add or change a tag."""

    experiment_id: Text
    key: Text
    value: str = ""


class DeleteExperimentTag(Message, frozen=True):
    """Remove a tag."""

    experiment_id: Text
    key: Text


class SearchDatasets(Message, frozen=True):
    """Datasets that runs of some experiments recorded."""

    experiment_ids: tuple[str, ...] = ()


class DatasetSummary(Message, frozen=True):
    """A dataset and the role in which runs of an experiment used it."""

    experiment_id: str
    name: str
    digest: str
    context: str | UnsetType = UNSET


class DatasetSummaries(Message, frozen=True):
    """At most 1000 of them."""

    dataset_summaries: tuple[DatasetSummary, ...] = ()


_AT = "2.0/mlflow/experiments"
_WORKSPACE = "default"
_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS

GET_BY_NAME = declare("experiments.get_by_name", "GET", f"{_AT}/get-by-name", ExperimentName, FoundExperiment, _READ)
CREATE = declare("experiments.create", "POST", f"{_AT}/create", CreateExperiment, CreatedExperiment, _EDIT)
SEARCH = declare("experiments.search", "POST", f"{_AT}/search", SearchExperiments, FoundExperiments, _READ)
SEARCH_BY_GET = declare("experiments.search_get", "GET", f"{_AT}/search", SearchExperiments, FoundExperiments, _READ)
GET = declare("experiments.get", "GET", f"{_AT}/get", ExperimentId, FoundExperiment, _READ)
DELETE = declare("experiments.delete", "POST", f"{_AT}/delete", ExperimentId, Empty, _EDIT)
RESTORE = declare("experiments.restore", "POST", f"{_AT}/restore", ExperimentId, Empty, _EDIT)
UPDATE = declare("experiments.update", "POST", f"{_AT}/update", UpdateExperiment, Empty, _EDIT)
SET_TAG = declare("experiments.set_tag", "POST", f"{_AT}/set-experiment-tag", SetExperimentTag, Empty, _EDIT)
DELETE_TAG = declare(
    "experiments.delete_tag", "POST", f"{_AT}/delete-experiment-tag", DeleteExperimentTag, Empty, _EDIT
)
SEARCH_DATASETS = declare(
    "experiments.search_datasets", "POST", f"{_AT}/search-datasets", SearchDatasets, DatasetSummaries, _READ
)


def experiment_message(experiment: Experiment) -> ExperimentMessage:
    """How `experiment` looks in MLflow's API."""
    return ExperimentMessage(
        experiment.experiment_id,
        experiment.name,
        experiment.artifact_location,
        experiment.lifecycle_stage,
        experiment.last_update_time,
        experiment.creation_time,
        _WORKSPACE,
        key_values(experiment.tags),
    )


def experiments_page(page: Page[Experiment]) -> FoundExperiments:
    """How a page of experiments looks in MLflow's API."""
    return FoundExperiments(tuple(map(experiment_message, page.items)), shown(page.next_token))
