"""Tracking over HTTP: each method is one request to the native API of a server."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from treering.client.channel import Channel
from treering.client.far_grid import FarGrid
from treering.client.far_upkeep import FarUpkeep
from treering.client.far_views import FarViews
from treering.entities.dataset import Dataset, DatasetVersion
from treering.entities.experiment import Experiment, ExperimentActivity
from treering.entities.lifecycle import LoggedModelStatus, RunStatus
from treering.entities.line import Line, LineQuery
from treering.entities.metric import Metric, MetricColumns, SampledSeries
from treering.entities.model import LoggedModel
from treering.entities.page import Page, Query
from treering.entities.run import LogBatch, NewRun, Origin, Run
from treering.entities.run_table import RunTable
from treering.tracking.base import NewLoggedModel, Tracking
from treering.wire.native import datasets, experiments, metrics, models, runs, tables
from treering.wire.native.lines import lines_from, query_to
from treering.wire.native.numbers import from_numbers, to_number

__all__ = ["FarDatasets", "FarExperiments", "FarLoggedModels", "FarMetrics", "FarRuns", "far_tracking"]


class FarExperiments:
    """Experiments of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def create(self, name: str, artifact_location: str = "", tags: Mapping[str, str] | None = None) -> Experiment:
        """As `Experiments.create`."""
        return self._call(experiments.CREATE, experiments.CreateExperiment(name, artifact_location, tags or {}))

    def get(self, experiment_id: str) -> Experiment:
        """As `Experiments.get`."""
        return self._call(experiments.GET, experiments.ExperimentId(experiment_id))

    def get_by_name(self, name: str) -> Experiment:
        """As `Experiments.get_by_name`."""
        return self._call(experiments.GET_BY_NAME, experiments.ExperimentName(name))

    def search(self, query: Query) -> Page[Experiment]:
        """As `Experiments.search`."""
        page = self._call(experiments.SEARCH, experiments.SearchExperiments.of(query))
        return Page(page.experiments, page.next_token, page.total)

    def overview(self, experiment_ids: Sequence[str]) -> Sequence[ExperimentActivity]:
        """As `Experiments.overview`."""
        return self._call(experiments.OVERVIEW, experiments.ManyExperiments(experiment_ids)).experiments

    def rename(self, experiment_id: str, name: str) -> None:
        """As `Experiments.rename`."""
        self._call(experiments.RENAME, experiments.RenameExperiment(experiment_id, name), repeatable=True)

    def delete(self, experiment_id: str) -> None:
        """As `Experiments.delete`."""
        self._call(experiments.DELETE, experiments.ExperimentId(experiment_id))

    def restore(self, experiment_id: str) -> None:
        """As `Experiments.restore`."""
        self._call(experiments.RESTORE, experiments.ExperimentId(experiment_id))

    def set_tags(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """As `Experiments.set_tags`."""
        self._call(experiments.SET_TAGS, experiments.SetExperimentTags(experiment_id, tags), repeatable=True)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """As `Experiments.delete_tag`."""
        self._call(experiments.DELETE_TAG, experiments.DeleteExperimentTag(experiment_id, key))


class FarRuns:
    """Runs of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def create(self, new: NewRun) -> Run:
        """As `Runs.create`."""
        return runs.run_from(self._call(runs.CREATE, new, repeatable=bool(new.run_id)))

    def get(self, run_id: str) -> Run:
        """As `Runs.get`."""
        return runs.run_from(self._call(runs.GET, runs.RunId(run_id)))

    def update(
        self,
        run_id: str,
        status: RunStatus | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
    ) -> Run:
        """As `Runs.update`."""
        changed = runs.UpdateRun(run_id, status, end_time, run_name)
        return runs.run_from(self._call(runs.UPDATE, changed, repeatable=True))

    def delete(self, run_id: str) -> None:
        """As `Runs.delete`."""
        self._call(runs.DELETE, runs.RunId(run_id), repeatable=True)

    def restore(self, run_id: str) -> None:
        """As `Runs.restore`."""
        self._call(runs.RESTORE, runs.RunId(run_id), repeatable=True)

    def search(self, query: Query) -> Page[Run]:
        """As `Runs.search`."""
        page = self._call(runs.SEARCH, runs.SearchRuns.of(query))
        return Page([runs.run_from(body) for body in page.runs], page.next_token, page.total)

    def table(self, query: Query) -> RunTable:
        """As `Runs.table`."""
        return tables.table_from(self._call(tables.TABLE, runs.SearchRuns.of(query)))

    def log(self, batches: Sequence[LogBatch], origin: Origin | None = None) -> None:
        """As `Runs.log`."""
        bodies = [_batch_body(batch) for batch in batches]
        asked = runs.LogBatches(bodies, origin.journal_id if origin else "", origin.end if origin else 0)
        self._call(runs.LOG, asked, repeatable=origin is not None)

    def delete_tag(self, run_id: str, key: str) -> None:
        """As `Runs.delete_tag`."""
        self._call(runs.DELETE_TAG, runs.DeleteRunTag(run_id, key))

    def delivered(self, journal_id: str) -> int:
        """As `Runs.delivered`."""
        return self._call(runs.DELIVERED, runs.JournalId(journal_id)).end


class FarMetrics:
    """Series of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def history(
        self, run_id: str, key: str, max_results: int | None = None, page_token: str = ""
    ) -> tuple[MetricColumns, str]:
        """As `Metrics.history`."""
        page = self._call(metrics.HISTORY, metrics.History(run_id, key, max_results, page_token))
        points = page.points
        columns = MetricColumns(
            _numbers("q", points.steps), _numbers("q", points.timestamps), _numbers("d", points.values)
        )
        return columns, page.next_token

    def sample(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        max_points: int,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Sequence[SampledSeries]:
        """As `Metrics.sample`."""
        asked = metrics.Sample(run_ids, keys, max_points, first_step, last_step)
        return [
            SampledSeries(
                body.run_id,
                body.key,
                body.steps,
                body.timestamps,
                from_numbers(body.last),
                from_numbers(body.minimum),
                from_numbers(body.maximum),
                body.total,
            )
            for body in self._call(metrics.SAMPLE, asked).series
        ]

    def lines(self, asked: LineQuery) -> Sequence[Line]:
        """As `Metrics.lines`."""
        return lines_from(self._call(metrics.LINES, query_to(asked)))


class FarLoggedModels:
    """Logged models of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def create(self, new: NewLoggedModel) -> LoggedModel:
        """As `LoggedModels.create`."""
        asked = models.CreateLoggedModel(
            new.experiment_id, new.name, new.model_type, new.source_run_id, new.params or {}, new.tags or {}
        )
        return models.logged_model_from(self._call(models.CREATE_LOGGED_MODEL, asked))

    def get(self, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """As `LoggedModels.get`."""
        asked = models.GetLoggedModel(model_id, allow_deleted)
        return models.logged_model_from(self._call(models.GET_LOGGED_MODEL, asked))

    def finalize(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """As `LoggedModels.finalize`."""
        asked = models.FinalizeLoggedModel(model_id, status)
        return models.logged_model_from(self._call(models.FINALIZE_LOGGED_MODEL, asked, repeatable=True))

    def delete(self, model_id: str) -> None:
        """As `LoggedModels.delete`."""
        self._call(models.DELETE_LOGGED_MODEL, models.LoggedModelId(model_id))

    def search(self, query: Query, datasets: Sequence[Dataset] = ()) -> Page[LoggedModel]:
        """As `LoggedModels.search`."""
        page = self._call(models.SEARCH_LOGGED_MODELS, models.SearchLoggedModels.of(query, datasets=datasets))
        return Page([models.logged_model_from(body) for body in page.models], page.next_token, page.total)

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """As `LoggedModels.set_tags`."""
        asked = models.LoggedModelTags(model_id, tags)
        return models.logged_model_from(self._call(models.SET_LOGGED_MODEL_TAGS, asked, repeatable=True))

    def delete_tag(self, model_id: str, key: str) -> None:
        """As `LoggedModels.delete_tag`."""
        self._call(models.DELETE_LOGGED_MODEL_TAG, models.LoggedModelTag(model_id, key))

    def log_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """As `LoggedModels.log_params`."""
        self._call(models.LOG_LOGGED_MODEL_PARAMS, models.LoggedModelParams(model_id, params), repeatable=True)


class FarDatasets:
    """Datasets of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def search(self, experiment_ids: Sequence[str]) -> Sequence[tuple[str, Dataset, str]]:
        """As `Datasets.search`."""
        found = self._call(datasets.SEARCH, datasets.SearchDatasets(experiment_ids))
        return [(use.experiment_id, use.dataset, use.context) for use in found.datasets]

    def overview(self, experiment_ids: Sequence[str] = (), name: str = "") -> tuple[Sequence[DatasetVersion], bool]:
        """As `Datasets.overview`."""
        found = self._call(datasets.OVERVIEW, datasets.AskDatasets(experiment_ids, name))
        versions = [version for named in found.datasets for version in named.versions]
        versions.sort(key=lambda one: (-one.last_used, one.dataset.name, one.dataset.digest))
        return versions, found.truncated


def far_tracking(channel: Channel) -> Tracking:
    """All of a server's tracking."""
    return Tracking(
        FarExperiments(channel),
        FarRuns(channel),
        FarMetrics(channel),
        FarLoggedModels(channel),
        FarDatasets(channel),
        FarViews(channel),
        FarUpkeep(channel),
        FarGrid(channel),
    )


def _batch_body(batch: LogBatch) -> runs.RunBatch:
    return runs.RunBatch(
        batch.run_id,
        batch.params,
        batch.tags,
        {
            key: runs.SeriesPoints(
                _column("q", points.steps), _column("q", points.timestamps), _column("d", points.values)
            )
            for key, points in batch.series.items()
        },
        [_linked_body(metric) for metric in batch.linked],
        batch.dataset_inputs,
        batch.model_inputs,
        batch.model_outputs,
    )


def _linked_body(metric: Metric) -> runs.LinkedMetric:
    return runs.LinkedMetric(
        metric.key,
        to_number(metric.value),
        metric.timestamp,
        metric.step,
        metric.model_id,
        metric.dataset_name,
        metric.dataset_digest,
    )


def _column(typecode: str, values: Iterable[Any]) -> bytes:
    column = array(typecode, values)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _numbers(typecode: str, data: bytes) -> Sequence[Any]:
    column = array(typecode)
    column.frombytes(data)
    if sys.byteorder == "big":
        column.byteswap()
    return column
