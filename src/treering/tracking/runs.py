"""Runs on a metadata store: defaults, limits, and the way of logged points into blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from treering.core.clock import now
from treering.core.errors import InvalidInput, TreeringError
from treering.core.ids import check_id, new_run_id, new_run_name
from treering.core.log import logger
from treering.core.uri import join
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricColumns, MetricSegment
from treering.entities.page import Page, Query
from treering.entities.run import RUN_NAME_TAG, LogBatch, NewRun, Origin, Run, RunChanges, RunInfo
from treering.entities.run_table import RunTable
from treering.storage.metadata.base import RunStore, SeriesKey, SeriesStore
from treering.storage.series.columns import EMPTY
from treering.storage.series.merge import merge
from treering.storage.series.segments import cut, digest
from treering.tracking.base import Experiments
from treering.tracking.limits import (
    Lengths,
    check_dataset_input,
    check_key,
    check_max_results,
    check_metric,
    check_points,
    check_present,
    check_time,
)

__all__ = ["StoredRuns"]

_MERGED_AT_ONCE = 50
"""Series whose blocks are merged in one transaction: of a run with thousands, all would not fit into memory."""


class StoredRuns:
    """The `Runs` of `treering.tracking.base`."""

    def __init__(self, experiments: Experiments, runs: RunStore, series: SeriesStore, lengths: Lengths) -> None:
        self._experiments = experiments
        self._runs = runs
        self._series = series
        self._lengths = lengths

    def create(self, new: NewRun) -> Run:
        """See the Protocol."""
        check_present(new.experiment_id, "experiment_id")
        run_id = check_id(new.run_id, "run_id") if new.run_id else new_run_id()
        check_time(new.start_time, "start_time")
        tags = self._lengths.tags(new.tags)
        name = _run_name(new.run_name, tags.get(RUN_NAME_TAG, ""))
        experiment = self._experiments.get(new.experiment_id)
        info = RunInfo(
            run_id=run_id,
            experiment_id=new.experiment_id,
            run_name=name,
            user_id=new.user_id,
            status=RunStatus.RUNNING,
            start_time=now() if new.start_time is None else new.start_time,
            end_time=None,
            artifact_uri=join(experiment.artifact_location, run_id, "artifacts"),
            lifecycle_stage=Lifecycle.ACTIVE,
        )
        return self._runs.create(info, {**tags, RUN_NAME_TAG: name})

    def get(self, run_id: str) -> Run:
        """See the Protocol."""
        return self._runs.get(check_present(run_id, "run_id"))

    def update(
        self,
        run_id: str,
        status: RunStatus | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
    ) -> Run:
        """See the Protocol; an empty name leaves the name, too."""
        check_time(end_time, "end_time")
        if run_name:
            run_name = self._lengths.tags({RUN_NAME_TAG: run_name})[RUN_NAME_TAG]
        updated = self._runs.update(check_present(run_id, "run_id"), status, end_time, run_name or None)
        if status is not None and status.is_terminated:
            self._merge_run(run_id)
        return updated

    def delete(self, run_id: str) -> None:
        """See the Protocol."""
        self._runs.set_lifecycle(check_present(run_id, "run_id"), Lifecycle.DELETED)

    def restore(self, run_id: str) -> None:
        """See the Protocol."""
        self._runs.set_lifecycle(check_present(run_id, "run_id"), Lifecycle.ACTIVE)

    def search(self, query: Query) -> Page[Run]:
        """See the Protocol."""
        check_max_results(query.max_results)
        return self._runs.search(query)

    def table(self, query: Query) -> RunTable:
        """See the Protocol."""
        check_max_results(query.max_results)
        return self._runs.table(query)

    def log(self, batches: Sequence[LogBatch], origin: Origin | None = None) -> None:
        """See the Protocol."""
        if not batches and origin is None:
            return
        self._merge_small(self._runs.apply([self._changes(batch) for batch in batches], origin))

    def delete_tag(self, run_id: str, key: str) -> None:
        """See the Protocol."""
        check_key(key, "key")
        self._runs.apply([RunChanges(check_present(run_id, "run_id"), deleted_tags=[key])], None)

    def delivered(self, journal_id: str) -> int:
        """See the Protocol."""
        return self._runs.delivered(journal_id)

    def _changes(self, batch: LogBatch) -> RunChanges:
        run_id = check_present(batch.run_id, "run_id")
        for key, columns in batch.series.items():
            check_points(key, columns)
        for metric in batch.linked:
            check_metric(metric)
        for used in batch.dataset_inputs:
            check_dataset_input(used)
        series = _with_linked(batch.series, batch.linked)
        digests = {key: digest(run_id, key, columns) for key, columns in series.items()}
        return RunChanges(
            run_id,
            params=self._lengths.params(batch.params),
            tags=self._lengths.tags(batch.tags),
            metrics={key: summary for key, (summary, _) in digests.items()},
            segments=[segment for _, blocks in digests.values() for segment in blocks],
            dataset_inputs=batch.dataset_inputs,
            model_inputs=batch.model_inputs,
            model_outputs=batch.model_outputs,
            linked=[_of_run(metric, run_id) for metric in batch.linked if metric.model_id],
        )

    def _merge_small(self, scattered: Iterable[SeriesKey]) -> None:
        by_run: dict[str, list[str]] = {}
        for run_id, key in scattered:
            by_run.setdefault(run_id, []).append(key)
        for run_id, keys in by_run.items():
            with _not_now(run_id):
                self._merge(run_id, keys)

    def _merge_run(self, run_id: str) -> None:
        """Nothing more is expected of it, so what is small stays small unless it is merged now."""
        with _not_now(run_id):
            keys = self._series.scattered(run_id)
            for start in range(0, len(keys), _MERGED_AT_ONCE):
                self._merge(run_id, keys[start : start + _MERGED_AT_ONCE])

    def _merge(self, run_id: str, keys: Sequence[str]) -> None:
        # Full blocks are never written again. False says that another process has merged them already.
        small = self._series.small(run_id, keys)
        merged = {key: _merged(run_id, key, blocks) for key, blocks in small.items() if len(blocks) > 1}
        if merged:
            self._series.replace_all(run_id, merged)


@contextmanager
def _not_now(run_id: str) -> Iterator[None]:
    """What goes wrong while blocks are merged loses nothing: the points are stored, and the next time tries again."""
    try:
        yield
    except TreeringError as error:
        logger.warning("Blocks of metrics of the run %s were not merged: %s", run_id, error)


def _merged(run_id: str, key: str, blocks: Sequence[MetricSegment]) -> tuple[Sequence[int], Sequence[MetricSegment]]:
    return [block.segment_id for block in blocks], cut(run_id, key, merge(block.data for block in blocks))


def _run_name(name: str, tag: str) -> str:
    if name and tag and name != tag:
        msg = (
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values"
            f" (run_name='{name}', mlflow.runName='{tag}'). Give only one of them."
        )
        raise InvalidInput(msg)
    return name or tag or new_run_name()


def _with_linked(series: Mapping[str, MetricColumns], linked: Sequence[Metric]) -> dict[str, MetricColumns]:
    """All series that have points, with the linked points behind the others."""
    joined = {key: columns for key, columns in series.items() if len(columns)}
    points: dict[str, list[Metric]] = {}
    for metric in linked:
        points.setdefault(metric.key, []).append(metric)
    for key, added in points.items():
        before = joined.get(key, EMPTY)
        joined[key] = MetricColumns(
            [*before.steps, *(point.step for point in added)],
            [*before.timestamps, *(point.timestamp for point in added)],
            [*before.values, *(point.value for point in added)],
        )
    return joined


def _of_run(metric: Metric, run_id: str) -> Metric:
    return Metric(
        metric.key,
        float(metric.value),
        metric.timestamp,
        metric.step,
        metric.model_id,
        metric.dataset_name,
        metric.dataset_digest,
        run_id,
    )
