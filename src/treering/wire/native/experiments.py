"""Experiments in the native API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from treering.entities.experiment import Experiment, ExperimentActivity
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native.query import SearchInView

__all__ = [
    "CREATE",
    "DELETE",
    "DELETE_TAG",
    "GET",
    "GET_BY_NAME",
    "OVERVIEW",
    "RENAME",
    "RESTORE",
    "SEARCH",
    "SET_TAGS",
    "CreateExperiment",
    "DeleteExperimentTag",
    "ExperimentId",
    "ExperimentName",
    "ExperimentPage",
    "ExperimentsActivity",
    "ManyExperiments",
    "RenameExperiment",
    "SearchExperiments",
    "SetExperimentTags",
]


class CreateExperiment(msgspec.Struct, frozen=True):
    """An experiment to make; without an artifact location the server chooses it."""

    name: str
    artifact_location: str = ""
    tags: Mapping[str, str] = {}


class ExperimentId(msgspec.Struct, frozen=True):
    """One experiment."""

    experiment_id: str


class ExperimentName(msgspec.Struct, frozen=True):
    """One experiment, by name."""

    name: str


class SearchExperiments(SearchInView, frozen=True, kw_only=True):
    """A search over experiments."""

    max_results: int = 1000


class ExperimentPage(msgspec.Struct, frozen=True):
    """Experiments that match; `next_token` is "" on the last page."""

    experiments: Sequence[Experiment]
    next_token: str = ""
    total: int | None = None


class ManyExperiments(msgspec.Struct, frozen=True):
    """Some experiments, at most 5,000."""

    experiment_ids: Sequence[str]


class ExperimentsActivity(msgspec.Struct, frozen=True):
    """What goes on in experiments, in the order in which they were asked for."""

    experiments: Sequence[ExperimentActivity]


class RenameExperiment(msgspec.Struct, frozen=True):
    """A new name for an experiment."""

    experiment_id: str
    name: str


class SetExperimentTags(msgspec.Struct, frozen=True):
    """Tags to add or change."""

    experiment_id: str
    tags: Mapping[str, str]


class DeleteExperimentTag(msgspec.Struct, frozen=True):
    """A tag to remove."""

    experiment_id: str
    key: str


_ONE = "/api/v1/experiments/{experiment_id}"
_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS

CREATE = Endpoint(
    "experiments.create", "POST", "/api/v1/experiments", CreateExperiment, Experiment, _EDIT, "Make an experiment"
)
GET = Endpoint("experiments.get", "GET", _ONE, ExperimentId, Experiment, _READ, "One experiment, deleted or not")
GET_BY_NAME = Endpoint(
    "experiments.get_by_name", "GET", "/api/v1/experiments/by-name", ExperimentName, Experiment, _READ,
    "The active experiment of a name, or the one deleted last",
)  # fmt: skip
SEARCH = Endpoint(
    "experiments.search", "POST", "/api/v1/experiments/search", SearchExperiments, ExperimentPage, _READ,
    "Experiments that match a filter",
)  # fmt: skip
OVERVIEW = Endpoint(
    "experiments.overview", "POST", "/api/v1/experiments/overview", ManyExperiments, ExperimentsActivity, _READ,
    "How many runs experiments have, and how many run now",
)  # fmt: skip
RENAME = Endpoint("experiments.rename", "PATCH", _ONE, RenameExperiment, Empty, _EDIT, "Rename an experiment")
DELETE = Endpoint(
    "experiments.delete", "DELETE", _ONE, ExperimentId, Empty, _EDIT, "Delete an experiment and its runs softly"
)
RESTORE = Endpoint("experiments.restore", "POST", _ONE + "/restore", ExperimentId, Empty, _EDIT, "Undo a deletion")
SET_TAGS = Endpoint("experiments.set_tags", "POST", _ONE + "/tags", SetExperimentTags, Empty, _EDIT, "Set tags")
DELETE_TAG = Endpoint(
    "experiments.delete_tag", "DELETE", _ONE + "/tags/{key:path}", DeleteExperimentTag, Empty, _EDIT, "Remove a tag"
)
