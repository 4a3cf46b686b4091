"""What tracking promises: one small Protocol for each aggregate, and the bundle of them.

Two implementations stand behind these: `treering.tracking.service` on a metadata
store (near), and `treering.client.far` on a server (far). Both pass the suites in
`treering.testing`.

All methods may be called from several threads at once. A method that changes
something has made it durable when it returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from treering.entities.dataset import Dataset, DatasetVersion
from treering.entities.deleted import DeletedItem
from treering.entities.experiment import Experiment, ExperimentActivity
from treering.entities.grid import (
    ChangedRuns,
    GroupsQuery,
    KeysQuery,
    RowsQuery,
    RunGroups,
    RunKeys,
    RunRows,
    RunsChange,
    RunValues,
    ValuesQuery,
)
from treering.entities.lifecycle import LoggedModelStatus, RunStatus
from treering.entities.line import Line, LineQuery
from treering.entities.metric import MetricColumns, SampledSeries
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.page import Page, Query
from treering.entities.run import LogBatch, NewRun, Origin, Run
from treering.entities.run_table import RunTable
from treering.entities.view import NewView, SavedView, ViewChanges

__all__ = [
    "Datasets",
    "Experiments",
    "Grid",
    "LoggedModels",
    "Metrics",
    "NewLoggedModel",
    "Runs",
    "Tracking",
    "Upkeep",
    "Views",
]


class Experiments(Protocol):
    """Named groups of runs."""

    def create(self, name: str, artifact_location: str = "", tags: Mapping[str, str] | None = None) -> Experiment:
        """Make an experiment.

        Args:
            artifact_location: URI for the artifacts; "" takes the default root and the new id.

        Raises:
            AlreadyExists: If an active experiment has the name. The name of a deleted one is free.
            InvalidInput: If the name is empty or longer than 500 characters.
        """
        ...

    def get(self, experiment_id: str) -> Experiment:
        """The experiment, deleted or not. Raises NotFound."""
        ...

    def get_by_name(self, name: str) -> Experiment:
        """The active experiment of that name, or the one deleted last. Raises NotFound."""
        ...

    def search(self, query: Query) -> Page[Experiment]:
        """Experiments that match; newest first unless asked otherwise. Raises BadFilter."""
        ...

    def overview(self, experiment_ids: Sequence[str]) -> Sequence[ExperimentActivity]:
        """What goes on in each of these, in their order; one that does not exist has no runs.

        Raises InvalidInput for more than 5,000 of them.
        """
        ...

    def rename(self, experiment_id: str, name: str) -> None:
        """Raises NotFound, AlreadyExists."""
        ...

    def delete(self, experiment_id: str) -> None:
        """Delete softly, together with its active runs. Raises NotFound, also when deleted already."""
        ...

    def restore(self, experiment_id: str) -> None:
        """Undo `delete`; runs that were deleted one by one before stay deleted. Raises NotFound, AlreadyExists."""
        ...

    def set_tags(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """Raises NotFound."""
        ...

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Raises NotFound, also when there is no such tag."""
        ...


class Runs(Protocol):
    """Executions of training code."""

    def create(self, new: NewRun) -> Run:
        """Start a run; with a `run_id` that exists already in that experiment, return that run unchanged.

        Raises:
            NotFound: If there is no such experiment.
            InvalidInput: If the experiment is deleted, or a name or tag is malformed.
            Conflict: If `run_id` belongs to another experiment.
        """
        ...

    def get(self, run_id: str) -> Run:
        """The run, deleted or not, with all it holds. Raises NotFound."""
        ...

    def update(
        self,
        run_id: str,
        status: RunStatus | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Change what is given; None leaves a value. Setting RUNNING clears the end time.

        Raises:
            NotFound: If there is no such run.
            InvalidInput: If the run is deleted.
        """
        ...

    def delete(self, run_id: str) -> None:
        """Delete softly; again is no error. Raises NotFound."""
        ...

    def restore(self, run_id: str) -> None:
        """Undo `delete`; again is no error. Raises NotFound."""
        ...

    def search(self, query: Query) -> Page[Run]:
        """Runs of `query.experiment_ids` that match; newest first unless asked otherwise. Raises BadFilter."""
        ...

    def table(self, query: Query) -> RunTable:
        """The page that `search` gives, column by column; for thousands of runs. Raises BadFilter."""
        ...

    def log(self, batches: Sequence[LogBatch], origin: Origin | None = None) -> None:
        """Store all batches in one transaction, or nothing.

        With an `origin` that was applied before, nothing happens: delivery may be repeated.

        Raises:
            NotFound: If a run does not exist.
            InvalidInput: If a run is deleted, a key or value is malformed, or a param changes its value.
        """
        ...

    def delete_tag(self, run_id: str, key: str) -> None:
        """Raises NotFound, also when there is no such tag; InvalidInput if the run is deleted."""
        ...

    def delivered(self, journal_id: str) -> int:
        """The greatest `Origin.end` applied for a journal; 0 if none was."""
        ...


class Grid(Protocol):
    """The table of runs that a person looks at.

    All raise BadFilter for a filter, an ordering or a field that cannot be understood, and InvalidInput where
    too much is asked for at once. Experiments that do not exist have no runs.
    """

    def rows(self, query: RowsQuery) -> RunRows:
        """At most 5,000 rows of up to 500 columns, from any place on; in the order that `Runs.search` gives."""
        ...

    def groups(self, query: GroupsQuery) -> RunGroups:
        """At most 1,000 groups of the runs that match, by one to five fields."""
        ...

    def keys(self, query: KeysQuery) -> RunKeys:
        """Which keys the active runs have, and what can be said of their values; at most 10,000."""
        ...

    def values(self, query: ValuesQuery) -> RunValues:
        """Which texts the active runs have for a field; at most 10,000."""
        ...

    def change(self, change: RunsChange) -> ChangedRuns:
        """Delete, restore or tag many runs, or all that match, 500 in each transaction.

        Raises before anything is changed:
            NotFound: If a run that is listed does not exist.
            InvalidInput: If tags of a deleted run are to be changed, a tag is malformed, or no run is meant.
        """
        ...


class Metrics(Protocol):
    """Reading series of points."""

    def history(
        self, run_id: str, key: str, max_results: int | None = None, page_token: str = ""
    ) -> tuple[MetricColumns, str]:
        """Points of one series in order of (timestamp, step, value), and the token of the next page or "".

        Exact duplicates appear once. An unknown key has no points.

        Raises:
            NotFound: If there is no such run.
        """
        ...

    def sample(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        max_points: int,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Sequence[SampledSeries]:
        """Every series of these runs and keys that has points in the range, thinned to `max_points` buckets.

        A run that does not exist has none.

        Raises:
            InvalidInput: If `max_points` is not between 1 and 10,000.
        """
        ...

    def lines(self, asked: LineQuery) -> Sequence[Line]:
        """Every series of these runs and keys that has points in the range, as a chart draws it.

        They come in the order of the runs, and for each in that of the keys. A run that
        does not exist has none; neither has one without the metric that is x.

        Raises:
            InvalidInput: If there are more than 100 runs or keys, more than 4,000,000 points
                could be asked for, or a field does not fit.
        """
        ...


@dataclass(frozen=True, slots=True)
class NewLoggedModel:
    """What is asked for when a logged model is created; an empty name is made up."""

    experiment_id: str
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: Mapping[str, str] | None = None
    tags: Mapping[str, str] | None = None


class LoggedModels(Protocol):
    """Model folders that runs wrote."""

    def create(self, new: NewLoggedModel) -> LoggedModel:
        """A model in state PENDING. Raises NotFound if experiment or run does not exist."""
        ...

    def get(self, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """Raises NotFound."""
        ...

    def finalize(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Say whether its files are complete. Raises NotFound."""
        ...

    def delete(self, model_id: str) -> None:
        """Delete softly. Raises NotFound."""
        ...

    def search(self, query: Query, datasets: Sequence[Dataset] = ()) -> Page[LoggedModel]:
        """Models of `query.experiment_ids` that match; newest first unless asked otherwise.

        Args:
            datasets: Where given, metric conditions look only at points on these; an
                empty digest stands for every digest of that name.
        """
        ...

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """Raises NotFound."""
        ...

    def delete_tag(self, model_id: str, key: str) -> None:
        """Raises NotFound, also when there is no such tag."""
        ...

    def log_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """Raises NotFound; InvalidInput if a param changes its value."""
        ...


class Datasets(Protocol):
    """Datasets that runs recorded."""

    def search(self, experiment_ids: Sequence[str]) -> Sequence[tuple[str, Dataset, str]]:
        """Distinct (experiment id, dataset, context) triples, at most 1000."""
        ...

    def overview(self, experiment_ids: Sequence[str] = (), name: str = "") -> tuple[Sequence[DatasetVersion], bool]:
        """Versions that active runs used, the one used last first, at most 1000; and whether there are more.

        Args:
            experiment_ids: Whose runs count; empty for those of all.
            name: Only versions of this dataset, then with their schemas; "" for those of all.
        """
        ...


class Views(Protocol):
    """What pages of the web workspace showed, kept under a name.

    A view of a deleted experiment is not found until that is restored, and goes with it for good.
    """

    def create(self, new: NewView) -> SavedView:
        """Keep a view; a default takes the place of the one before.

        Raises:
            NotFound: If there is no such experiment.
            InvalidInput: If the experiment is deleted, the name is empty, or something is too long.
        """
        ...

    def get(self, view_id: str) -> SavedView:
        """Raises NotFound."""
        ...

    def list(self, experiment_id: str = "", page: str = "") -> Sequence[SavedView]:
        """Those of an experiment by name, then those that fit all; of one page unless that is ""."""
        ...

    def update(self, view_id: str, changes: ViewChanges) -> SavedView:
        """Change what is not None. Raises NotFound, InvalidInput."""
        ...

    def delete(self, view_id: str) -> None:
        """Delete for good. Raises NotFound."""
        ...


class Upkeep(Protocol):
    """Keeping the house: taking things in as they were elsewhere, and removing for good; for administrators.

    Taking in may be repeated: what is there already is left as it is.
    """

    def put_experiment(self, given: Experiment) -> Experiment:
        """Insert with its times, active, under its id where that is free, else another; as it is then.

        Raises AlreadyExists if an active experiment has the name.
        """
        ...

    def put_run(self, given: Run) -> Run:
        """Insert with its id, times, status and all it holds but its points, which `Runs.log` takes.

        Of a run that is there, params, inputs and outputs that are new are added. Raises as `Runs.create`.
        """
        ...

    def put_logged_model(self, given: LoggedModel) -> LoggedModel:
        """Insert with its id and times, without its points. Raises NotFound if the experiment does not exist."""
        ...

    def put_registered_model(self, given: RegisteredModel) -> None:
        """Insert with its times and tags, without aliases and versions."""
        ...

    def put_version(self, given: ModelVersion) -> None:
        """Insert under its own number, without aliases. Raises NotFound if the model does not exist."""
        ...

    def deleted(self) -> Sequence[DeletedItem]:
        """All that was deleted softly: runs, then logged models, then experiments."""
        ...

    def purge_runs(self, run_ids: Sequence[str]) -> int:
        """Remove for good, with everything but their artifacts; how many there were. Raises InvalidInput if active."""
        ...

    def purge_logged_models(self, model_ids: Sequence[str]) -> int:
        """As `purge_runs`."""
        ...

    def purge_experiment(self, experiment_id: str) -> int:
        """Remove with all its runs and models, but not their artifacts; 1, or 0 where there was none.

        Raises InvalidInput if it is active, and for the experiment "0".
        """
        ...


@dataclass(frozen=True, slots=True)
class Tracking:
    """All of tracking: what `assembly` or the client hands out."""

    experiments: Experiments
    runs: Runs
    metrics: Metrics
    models: LoggedModels
    datasets: Datasets
    views: Views
    upkeep: Upkeep
    grid: Grid
