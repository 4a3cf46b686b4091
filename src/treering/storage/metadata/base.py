"""What a metadata database promises: one small Protocol for each aggregate, and the bundle of them.

Stores keep rows and find them again. They check what only they can see, such as a
name that is taken; the use cases above them check shapes and fill in defaults.

All methods may be called from several threads, and several processes may share a
database. A method that changes something is one transaction: it has happened
whole when it returns, and not at all when it raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from treering.core.errors import TreeringError
from treering.entities.dataset import Dataset, DatasetVersion
from treering.entities.deleted import DeletedItem
from treering.entities.deployment import Deployment, DeploymentChange, DeploymentEvent, DeploymentQuery
from treering.entities.experiment import Experiment, ExperimentActivity
from treering.entities.governance import NOBODY, Actor
from treering.entities.grid import (
    GroupsQuery,
    KeysQuery,
    RowsQuery,
    RunGroups,
    RunKeys,
    RunRows,
    RunValues,
    ValuesQuery,
)
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, RunStatus, View
from treering.entities.metric import MetricSegment, SegmentOutline
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.page import Page, Query
from treering.entities.run import Origin, Run, RunChanges, RunInfo
from treering.entities.run_table import RunTable
from treering.entities.view import SavedView, ViewChanges
from treering.entities.webhook import Webhook, WebhookChanges
from treering.storage.metadata.feed import RunFeed
from treering.storage.metadata.governing import GovernanceStore, OutboxStore

__all__ = [
    "Answer",
    "Database",
    "DatasetStore",
    "Delivery",
    "DeploymentStore",
    "ExperimentStore",
    "GridStore",
    "LoggedModelStore",
    "MetadataStore",
    "ModelVersionStore",
    "RegisteredModelStore",
    "Related",
    "RelationStore",
    "RunStore",
    "SeriesKey",
    "SeriesOutline",
    "SeriesStore",
    "UpkeepStore",
    "ViewStore",
    "WebhookStore",
]

T = TypeVar("T")


class ExperimentStore(Protocol):
    """Rows of experiments.

    The experiment "0", called "Default", is there from the beginning. Its
    `artifact_location` is "", since a database does not know where artifacts go;
    whoever reads it puts the default root and the id in its place.
    """

    def create(self, name: str, artifact_root: str, artifact_location: str, tags: Mapping[str, str]) -> Experiment:
        """Insert under the next id; with no `artifact_location` it is `<artifact_root>/<id>`.

        Raises:
            AlreadyExists: If an active experiment has the name.
        """
        ...

    def get(self, experiment_id: str) -> Experiment:
        """Raises NotFound."""
        ...

    def get_by_name(self, name: str) -> Experiment:
        """The active one of that name, else the one deleted last. Raises NotFound."""
        ...

    def search(self, query: Query) -> Page[Experiment]:
        """Raises BadFilter."""
        ...

    def overview(self, experiment_ids: Sequence[str]) -> Sequence[ExperimentActivity]:
        """What goes on in each of these, in their order; one that does not exist has no runs."""
        ...

    def rename(self, experiment_id: str, name: str) -> None:
        """Raises NotFound, AlreadyExists."""
        ...

    def set_lifecycle(self, experiment_id: str, stage: Lifecycle) -> None:
        """Delete or restore, with the runs that are active now or that were deleted together with it.

        Raises NotFound if it does not exist or is in `stage` already, AlreadyExists if
        the name was taken in between.
        """
        ...

    def set_tags(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """Raises NotFound."""
        ...

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Raises NotFound for the experiment and for the tag."""
        ...


SeriesKey = tuple[str, str]
"""(run id, metric key)."""

Delivery = tuple[Sequence[RunChanges], Origin | None]
"""What `RunStore.apply` is given."""

Answer = Sequence[SeriesKey] | TreeringError
"""What `RunStore.apply` returns or raises."""


class SeriesOutline(NamedTuple):
    """A series without its points: when its run began, and its blocks in the order they were added."""

    run_id: str
    key: str
    start_time: int
    blocks: Sequence[SegmentOutline]


class RunStore(Protocol):
    """Rows of runs with all that hangs on them."""

    def create(self, info: RunInfo, tags: Mapping[str, str]) -> Run:
        """Insert; where the `run_id` exists in the same experiment, return what is there.

        Raises:
            NotFound: If there is no such experiment.
            InvalidInput: If the experiment is deleted.
            Conflict: If the `run_id` exists in another experiment.
        """
        ...

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        ...

    def update(self, run_id: str, status: RunStatus | None, end_time: int | None, run_name: str | None) -> Run:
        """None leaves a value; RUNNING clears the end time; a name is also the tag `mlflow.runName`.

        Raises NotFound; InvalidInput if the run is deleted.
        """
        ...

    def set_lifecycle(self, run_id: str, stage: Lifecycle) -> None:
        """Again is no error. Raises NotFound."""
        ...

    def stages(self, run_ids: Sequence[str]) -> Mapping[str, Lifecycle]:
        """Of those of these runs that exist."""
        ...

    def set_lifecycles(self, run_ids: Sequence[str], stage: Lifecycle) -> Sequence[str]:
        """`set_lifecycle` for many in one transaction; the ones that were not in `stage` before. Raises NotFound."""
        ...

    def search(self, query: Query) -> Page[Run]:
        """Raises BadFilter."""
        ...

    def table(self, query: Query) -> RunTable:
        """The page that `search` gives, column by column. Raises BadFilter."""
        ...

    def apply(self, changes: Sequence[RunChanges], origin: Origin | None) -> Sequence[SeriesKey]:
        """Add all changes in one transaction, or none; skip everything when `origin` was applied before.

        Tags that name the run (`mlflow.runName`) rename it. Summaries are merged with
        what is there. A point in `linked` may come before the model that it judges.

        Returns:
            Series that have gathered so many small segments that merging them pays.

        Raises:
            NotFound: If a run, or a tag to be deleted, does not exist.
            InvalidInput: If a run is deleted, or a param has another value already.
        """
        ...

    def apply_each(self, waiting: Sequence[Delivery]) -> Sequence[Answer]:
        """Do `apply` with each, in their order; for each what it returns or raises.

        One that fails does not hinder the others. Those that can share one transaction do.
        """
        ...

    def delivered(self, journal_id: str) -> int:
        """The greatest `Origin.end` applied for a journal; 0 if none was."""
        ...


class GridStore(Protocol):
    """Runs as a person looks at them: in the order of `RunStore.search`, but from any place on, and in groups.

    All raise BadFilter. Limits are checked before.
    """

    def rows(self, query: RowsQuery) -> RunRows:
        """Some rows of the table of all that match."""
        ...

    def groups(self, query: GroupsQuery) -> RunGroups:
        """Those that match, gathered by what they share."""
        ...

    def keys(self, query: KeysQuery) -> RunKeys:
        """Which keys there are."""
        ...

    def values(self, query: ValuesQuery) -> RunValues:
        """Which texts there are for a field."""
        ...

    def ids(self, experiment_ids: Sequence[str], text: str, view: View) -> Sequence[str]:
        """All runs that the filter `text` finds, the newest first."""
        ...


class SeriesStore(Protocol):
    """Encoded blocks of metric points."""

    def segments(
        self, run_id: str, key: str, first_step: int | None = None, last_step: int | None = None
    ) -> Sequence[MetricSegment]:
        """Blocks that may hold points in the step range, in the order they were added."""
        ...

    def bounds(self, run_id: str, key: str, since: int | None = None) -> Sequence[MetricSegment]:
        """Blocks whose last timestamp is `since` or later, in the order they were added, without their data."""
        ...

    def outline(self, run_ids: Sequence[str], keys: Sequence[str]) -> Sequence[SeriesOutline]:
        """Every series of these runs and keys that has blocks, in no order."""
        ...

    def data(self, blocks: Sequence[MetricSegment | SegmentOutline]) -> Sequence[bytes]:
        """The data of some blocks, of any series. Raises Conflict if one was merged into another meanwhile."""
        ...

    def scattered(self, run_id: str) -> Sequence[str]:
        """Keys of the series that have more than one small block, sorted."""
        ...

    def small(self, run_id: str, keys: Sequence[str]) -> Mapping[str, Sequence[MetricSegment]]:
        """For each series that has any: its blocks of fewer than `SMALL_SEGMENT` points, in the order they were added."""
        ...

    def replace(self, run_id: str, key: str, old: Sequence[int], new: Sequence[MetricSegment]) -> bool:
        """As `replace_all`, for one series."""
        ...

    def replace_all(self, run_id: str, merged: Mapping[str, tuple[Sequence[int], Sequence[MetricSegment]]]) -> bool:
        """For each key put merged blocks in place of small ones; False, and nothing done, if one of the old is gone."""
        ...

    def walk(self, after: int, limit: int) -> Sequence[MetricSegment]:
        """Blocks of all runs whose `segment_id` is greater than `after`, in the order of it."""
        ...

    def uneven(self, limit: int) -> Sequence[tuple[str, str, int, int]]:
        """Series whose blocks do not hold as many points as were logged: run, key, points held, points logged.

        Reads all that is remembered of all runs.
        """
        ...


class DatasetStore(Protocol):
    """Datasets that runs recorded."""

    def search(self, experiment_ids: Sequence[str], limit: int) -> Sequence[tuple[str, Dataset, str]]:
        """Distinct (experiment id, dataset, context) triples.

        Datasets of one name and digest in one experiment are one, as it was recorded first.
        """
        ...

    def find(self, name: str, digest: str) -> Dataset:
        """As the first experiment recorded it. Raises NotFound."""
        ...

    def overview(self, experiment_ids: Sequence[str], name: str, limit: int) -> Sequence[DatasetVersion]:
        """Versions that active runs used, the one used last first, each as the first experiment recorded it.

        Args:
            experiment_ids: Whose runs count; empty for those of all.
            name: Only versions of this dataset, then with their schemas; "" for those of all.
        """
        ...


@dataclass(frozen=True, slots=True)
class Related(Generic[T]):
    """Some of those that are related to a thing, the newest first.

    Attributes:
        total: How many there are in all.
    """

    items: Sequence[T]
    total: int


class RelationStore(Protocol):
    """What came of what. Of those asked for, `limit` are listed, and what is deleted is left out.

    A thing that does not exist is related to nothing.
    """

    def users(self, name: str, digest: str, limit: int) -> Related[str]:
        """Runs that read a dataset."""
        ...

    def makers(self, name: str, digest: str, limit: int) -> Related[str]:
        """Runs that made a dataset: they recorded it in the role `OUTPUT_CONTEXT`."""
        ...

    def children(self, run_id: str, limit: int) -> Related[str]:
        """Runs that were started within a run."""
        ...

    def readers(self, model_id: str, limit: int) -> Related[str]:
        """Runs that read a logged model."""
        ...

    def writers(self, model_id: str, limit: int) -> Related[str]:
        """Runs that wrote a logged model: its source, and those that name it among their outputs."""
        ...

    def models(self, run_id: str, limit: int) -> Related[str]:
        """Logged models that a run wrote."""
        ...

    def versions(self, run_id: str, model_id: str, source: str, limit: int) -> Related[tuple[str, int]]:
        """Registered versions that were made of a run without a logged model, of a logged model, or of a URI.

        Each is left out of the question where it is "". A copy of another version was made of that one's URI alone.
        """
        ...


class LoggedModelStore(Protocol):
    """Rows of logged models."""

    def create(self, model: LoggedModel) -> LoggedModel:
        """Insert as given. Raises NotFound if the experiment does not exist."""
        ...

    def get(self, model_id: str) -> LoggedModel:
        """Deleted or not. Raises NotFound."""
        ...

    def set_status(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Raises NotFound."""
        ...

    def set_lifecycle(self, model_id: str, stage: Lifecycle) -> None:
        """Raises NotFound."""
        ...

    def search(self, query: Query, datasets: Sequence[Dataset]) -> Page[LoggedModel]:
        """Raises BadFilter."""
        ...

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """Raises NotFound."""
        ...

    def delete_tag(self, model_id: str, key: str) -> None:
        """Raises NotFound for the model and for the tag."""
        ...

    def log_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """Raises NotFound; InvalidInput if a param has another value already."""
        ...


class RegisteredModelStore(Protocol):
    """Rows of registered models. All methods raise NotFound for an unknown name.

    Each change is recorded in the history, and told to webhooks, in its own transaction.
    """

    def create(self, name: str, description: str, tags: Mapping[str, str], *, by: Actor = NOBODY) -> RegisteredModel:
        """Raises AlreadyExists."""
        ...

    def get(self, name: str) -> RegisteredModel:
        """With aliases and the newest version of each stage."""
        ...

    def search(self, query: Query) -> Page[RegisteredModel]:
        """Raises BadFilter."""
        ...

    def rename(self, name: str, new_name: str, *, by: Actor = NOBODY) -> RegisteredModel:
        """Raises AlreadyExists."""
        ...

    def update(self, name: str, description: str, *, by: Actor = NOBODY) -> RegisteredModel:
        """Set the description."""
        ...

    def delete(self, name: str, *, by: Actor = NOBODY) -> None:
        """With versions, tags and aliases."""
        ...

    def set_tags(self, name: str, tags: Mapping[str, str], *, by: Actor = NOBODY) -> None:
        """Add or change tags."""
        ...

    def delete_tag(self, name: str, key: str, *, by: Actor = NOBODY) -> None:
        """No error where there is none."""
        ...

    def set_alias(self, name: str, alias: str, version: int, *, by: Actor = NOBODY) -> None:
        """Raises NotFound for an unknown version, PermissionDenied where a rule guards the alias."""
        ...

    def delete_alias(self, name: str, alias: str, *, by: Actor = NOBODY) -> None:
        """No error where there is none."""
        ...


class ModelVersionStore(Protocol):
    """Rows of versions. All methods raise NotFound for an unknown one. Changes are recorded as those of models are."""

    def create(self, version: ModelVersion, *, by: Actor = NOBODY) -> ModelVersion:
        """Insert under the next number; the one in `version` is ignored."""
        ...

    def get(self, name: str, version: int) -> ModelVersion:
        """One version."""
        ...

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Raises NotFound for an unknown alias."""
        ...

    def search(self, query: Query) -> Page[ModelVersion]:
        """Raises BadFilter."""
        ...

    def update(self, name: str, version: int, description: str, *, by: Actor = NOBODY) -> ModelVersion:
        """Set the description."""
        ...

    def transition(
        self, name: str, version: int, stage: str, *, archive_existing: bool, by: Actor = NOBODY
    ) -> ModelVersion:
        """Move to a stage; with `archive_existing` the others in that stage go to Archived.

        Raises PermissionDenied where a rule guards the stage.
        """
        ...

    def latest(self, name: str, stages: Sequence[str]) -> Sequence[ModelVersion]:
        """The newest of each stage; of all stages where none are given."""
        ...

    def delete(self, name: str, version: int, *, by: Actor = NOBODY) -> None:
        """Delete for good; the number is never used again."""
        ...

    def set_tags(self, name: str, version: int, tags: Mapping[str, str], *, by: Actor = NOBODY) -> None:
        """Add or change tags."""
        ...

    def delete_tag(self, name: str, version: int, key: str, *, by: Actor = NOBODY) -> None:
        """No error where there is none."""
        ...


class UpkeepStore(Protocol):
    """What keeps the house: taking things in exactly as they were elsewhere, and removing for good.

    Taking in may be repeated: what is there already is left as it is.
    """

    def put_experiment(self, given: Experiment) -> Experiment:
        """Insert as given but active, under its own id where that is free, else under the next; as it is then.

        Raises AlreadyExists if an active experiment has the name.
        """
        ...

    def put_registered_model(self, given: RegisteredModel) -> None:
        """Insert with its times, description and tags, without aliases and versions."""
        ...

    def put_version(self, given: ModelVersion) -> None:
        """Insert under its own number, without aliases. Raises NotFound if the model does not exist."""
        ...

    def deleted(self) -> Sequence[DeletedItem]:
        """All that was deleted softly: runs, then logged models, then experiments."""
        ...

    def purge_runs(self, run_ids: Sequence[str]) -> int:
        """Remove for good, with points, params, tags and dataset links; how many there were.

        Unknown ids are passed over. Raises InvalidInput, and removes none, if one is active.
        """
        ...

    def purge_logged_models(self, model_ids: Sequence[str]) -> int:
        """As `purge_runs`, for logged models with all that hangs on them."""
        ...

    def purge_experiment(self, experiment_id: str) -> int:
        """Remove an experiment with all its runs and logged models; 1, or 0 where there is none.

        Raises InvalidInput if it is active.
        """
        ...


class ViewStore(Protocol):
    """Rows of saved views.

    A view of a deleted experiment is not found until that is restored, and goes with it for good.
    """

    def create(self, view: SavedView) -> SavedView:
        """Insert as given; a default takes the place of the one before.

        Raises NotFound if there is no such experiment, InvalidInput if it is deleted.
        """
        ...

    def get(self, view_id: str) -> SavedView:
        """Raises NotFound."""
        ...

    def list(self, experiment_id: str, page: str) -> Sequence[SavedView]:
        """Those of an experiment by name, then those that fit all; of one page unless that is ""."""
        ...

    def update(self, view_id: str, changes: ViewChanges) -> SavedView:
        """Change what is not None; a default takes the place of the one before. Raises NotFound."""
        ...

    def delete(self, view_id: str) -> None:
        """Delete for good. Raises NotFound."""
        ...


class WebhookStore(Protocol):
    """Rows of webhooks. Methods that name one raise NotFound for an unknown id."""

    def create(self, webhook: Webhook, secret: str) -> Webhook:
        """Insert as given."""
        ...

    def get(self, webhook_id: str) -> Webhook:
        """One webhook."""
        ...

    def secret(self, webhook_id: str) -> str:
        """What its messages are signed with; "" for none."""
        ...

    def search(self, query: Query) -> Page[Webhook]:
        """The newest first unless asked otherwise. Raises BadFilter."""
        ...

    def update(self, webhook_id: str, changes: WebhookChanges) -> Webhook:
        """Change what is not None."""
        ...

    def delete(self, webhook_id: str) -> None:
        """Delete for good, with its secret."""
        ...


class DeploymentStore(Protocol):
    """Rows of deployments and of their histories, which outlive them."""

    def put(
        self, deployment: Deployment, changes: Sequence[DeploymentChange], *, by: Actor = NOBODY, expected: int
    ) -> Deployment:
        """Insert, or take the place of the one of that name; record the changes, and tell webhooks of them.

        The revision, and when it was updated, are the store's to set.

        Args:
            expected: The revision that is there; 0 where none is to be there.

        Raises:
            AlreadyExists: If none was expected.
            NotFound: If one was expected, and there is none.
            Conflict: If it has been changed since.
        """
        ...

    def get(self, name: str) -> Deployment:
        """Removed or not. Raises NotFound."""
        ...

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """By name. A page's token is the last name on it."""
        ...

    def history(self, name: str, before: int, limit: int) -> Sequence[DeploymentEvent]:
        """The newest first, below the number `before` unless that is 0; nothing where the name is unknown."""
        ...


class Database(Protocol):
    """The database as a whole."""

    @property
    def shared(self) -> bool:
        """Whether another process that opens the same URI sees what this one writes."""
        ...

    def check(self) -> None:
        """Raises Unavailable if it cannot be reached, SchemaMismatch if its schema is not this version's."""
        ...

    def close(self) -> None:
        """Give its connections back; the stores must not be used afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class MetadataStore:
    """All stores of one database.

    Attributes:
        feed: Lets columns of runs be kept in memory; None where that would gain nothing.
    """

    experiments: ExperimentStore
    runs: RunStore
    grid: GridStore
    series: SeriesStore
    datasets: DatasetStore
    logged_models: LoggedModelStore
    registered_models: RegisteredModelStore
    model_versions: ModelVersionStore
    upkeep: UpkeepStore
    webhooks: WebhookStore
    views: ViewStore
    relations: RelationStore
    governance: GovernanceStore
    outbox: OutboxStore
    deployments: DeploymentStore
    database: Database
    feed: RunFeed | None = None
