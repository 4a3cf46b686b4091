"""Runs and their series in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from treering.core.errors import Conflict, InvalidInput, TreeringError
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import MetricSegment, SegmentOutline
from treering.entities.page import Page, Query
from treering.entities.run import RUN_NAME_TAG, Origin, Run, RunChanges, RunData, RunInfo
from treering.entities.run_table import RunTable, TableBuilder
from treering.storage.metadata.announcing import ended_run
from treering.storage.metadata.base import Answer, Delivery, SeriesKey, SeriesOutline
from treering.storage.metadata.memory.history import enqueue
from treering.storage.metadata.memory.state import State
from treering.storage.metadata.merge import (
    SMALL_SEGMENT,
    TOO_MANY_SEGMENTS,
    changed_run,
    check_active,
    in_order,
    merged_linked,
    updated_info,
)
from treering.storage.metadata.search.evaluate import answer
from treering.storage.metadata.search.fields import RUNS
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.readers import RunReader

__all__ = ["MemoryRuns", "MemorySeries"]


class MemoryRuns:
    """RunStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, info: RunInfo, tags: Mapping[str, str]) -> Run:
        """See RunStore."""
        with self._state.lock:
            experiment = self._state.experiment(info.experiment_id)
            known = self._state.runs.get(info.run_id)
            if known is not None and known.info.experiment_id == info.experiment_id:
                return known
            if known is not None:
                msg = (
                    f"The run {info.run_id!r} exists already, in the experiment {known.info.experiment_id!r}."
                    " Choose another id."
                )
                raise Conflict(msg)
            if experiment.lifecycle_stage is not Lifecycle.ACTIVE:
                msg = f"The experiment {info.experiment_id!r} is deleted. Restore it before adding runs."
                raise InvalidInput(msg)
            made = Run(info, RunData(tags=dict(tags)))
            self._state.runs[info.run_id] = made
            return made

    def get(self, run_id: str) -> Run:
        """See RunStore."""
        with self._state.lock:
            return self._state.run(run_id)

    def update(self, run_id: str, status: RunStatus | None, end_time: int | None, run_name: str | None) -> Run:
        """See RunStore."""
        with self._state.lock:
            known = self._state.run(run_id)
            check_active(known.info)
            tags = known.data.tags if run_name is None else {**known.data.tags, RUN_NAME_TAG: run_name}
            info = updated_info(known.info, status, end_time, run_name)
            self._state.runs[run_id] = replace(known, info=info, data=replace(known.data, tags=tags))
            if (told := ended_run(info, known.info.status)) is not None:
                enqueue(self._state, told)
            return self._state.runs[run_id]

    def set_lifecycle(self, run_id: str, stage: Lifecycle) -> None:
        """See RunStore."""
        with self._state.lock:
            known = self._state.run(run_id)
            if known.info.lifecycle_stage is not stage:
                self._state.runs[run_id] = replace(known, info=replace(known.info, lifecycle_stage=stage))
                self._state.deleted_together.discard(run_id)

    def stages(self, run_ids: Sequence[str]) -> Mapping[str, Lifecycle]:
        """See RunStore."""
        with self._state.lock:
            known = self._state.runs
            return {run_id: known[run_id].info.lifecycle_stage for run_id in run_ids if run_id in known}

    def set_lifecycles(self, run_ids: Sequence[str], stage: Lifecycle) -> Sequence[str]:
        """See RunStore."""
        with self._state.lock:
            unlike = [
                run_id for run_id in dict.fromkeys(run_ids) if self._state.run(run_id).info.lifecycle_stage is not stage
            ]
            for run_id in unlike:
                self.set_lifecycle(run_id, stage)
            return unlike

    def search(self, query: Query) -> Page[Run]:
        """See RunStore."""
        search = parse_search(RUNS, query.filter, query.order_by)
        with self._state.lock:
            seen = [
                run
                for run in self._state.runs.values()
                if run.info.experiment_id in query.experiment_ids and query.view.includes(run.info.lifecycle_stage)
            ]
        return answer(seen, search, query, RunReader(), RUNS.noun)

    def table(self, query: Query) -> RunTable:
        """See RunStore."""
        page = self.search(query)
        builder = TableBuilder(len(page.items))
        for run in page.items:
            builder.add(run.info, run.data.metrics, run.data.params, run.data.tags)
        return builder.table(page.next_token)

    def apply(self, changes: Sequence[RunChanges], origin: Origin | None) -> Sequence[SeriesKey]:
        """See RunStore."""
        with self._state.lock:
            if origin is not None and origin.end <= self.delivered(origin.journal_id):
                return []
            changed: dict[str, Run] = {}
            for change in changes:
                before = changed.get(change.run_id) or self._state.run(change.run_id)
                changed[change.run_id] = self._with_known_datasets(changed_run(before, change))
            for run_id, run in changed.items():
                self._state.runs[run_id] = run
            touched: dict[SeriesKey, None] = {}
            for change in changes:
                self._link(change)
                for segment in change.segments:
                    touched[self._append(segment)] = None
            if origin is not None:
                self._state.deliveries[origin.journal_id] = origin.end
            return [key for key in touched if self._small(key) >= TOO_MANY_SEGMENTS]

    def apply_each(self, waiting: Sequence[Delivery]) -> Sequence[Answer]:
        """See RunStore."""
        results: list[Answer] = []
        for changes, origin in waiting:
            try:
                results.append(self.apply(changes, origin))
            except TreeringError as error:
                results.append(error)
        return results

    def _with_known_datasets(self, run: Run) -> Run:
        """`run` with each dataset as its experiment recorded it first."""
        used = [
            replace(one, dataset=self._known_dataset(run.info.experiment_id, one)) for one in run.inputs.dataset_inputs
        ]
        return replace(run, inputs=replace(run.inputs, dataset_inputs=tuple(used)))

    def _known_dataset(self, experiment_id: str, used: DatasetInput) -> Dataset:
        key = (experiment_id, used.dataset.name, used.dataset.digest)
        return self._state.datasets.get(key, used.dataset)

    def _link(self, change: RunChanges) -> None:
        experiment_id = self._state.runs[change.run_id].info.experiment_id
        for used in change.dataset_inputs:
            key = (experiment_id, used.dataset.name, used.dataset.digest)
            self._state.datasets.setdefault(key, used.dataset)
        for point in change.linked:
            if point.model_id:
                known = self._state.linked.get(point.model_id, [])
                added = replace(point, run_id=change.run_id)
                self._state.linked[point.model_id] = merged_linked(known, [added])

    def _append(self, segment: MetricSegment) -> SeriesKey:
        self._state.last_segment += 1
        key = segment.run_id, segment.key
        stored = replace(segment, segment_id=self._state.last_segment)
        self._state.segments.setdefault(key, []).append(stored)
        return key

    def _small(self, key: SeriesKey) -> int:
        return sum(segment.count < SMALL_SEGMENT for segment in self._state.segments[key])

    def delivered(self, journal_id: str) -> int:
        """See RunStore."""
        with self._state.lock:
            return self._state.deliveries.get(journal_id, 0)


class MemorySeries:
    """SeriesStore over a State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def segments(
        self, run_id: str, key: str, first_step: int | None = None, last_step: int | None = None
    ) -> Sequence[MetricSegment]:
        """See SeriesStore."""
        with self._state.lock:
            return [
                segment
                for segment in self._state.segments.get((run_id, key), [])
                if (first_step is None or segment.last_step >= first_step)
                and (last_step is None or segment.first_step <= last_step)
            ]

    def bounds(self, run_id: str, key: str, since: int | None = None) -> Sequence[MetricSegment]:
        """See SeriesStore."""
        return [
            replace(block, data=b"")
            for block in self.segments(run_id, key)
            if since is None or block.last_timestamp >= since
        ]

    def outline(self, run_ids: Sequence[str], keys: Sequence[str]) -> Sequence[SeriesOutline]:
        """See SeriesStore."""
        with self._state.lock:
            return [
                SeriesOutline(
                    run_id, key, self._state.runs[run_id].info.start_time, [_outlined(block) for block in blocks]
                )
                for run_id in dict.fromkeys(run_ids)
                for key in dict.fromkeys(keys)
                if (blocks := self._state.segments.get((run_id, key)))
            ]

    def data(self, blocks: Sequence[MetricSegment | SegmentOutline]) -> Sequence[bytes]:
        """See SeriesStore."""
        with self._state.lock:
            found = {block.segment_id: block.data for held in self._state.segments.values() for block in held}
        return in_order(found, blocks)

    def scattered(self, run_id: str) -> Sequence[str]:
        """See SeriesStore."""
        with self._state.lock:
            keys = [key for owner, key in self._state.segments if owner == run_id]
            return sorted(key for key, blocks in self.small(run_id, keys).items() if len(blocks) > 1)

    def small(self, run_id: str, keys: Sequence[str]) -> Mapping[str, Sequence[MetricSegment]]:
        """See SeriesStore."""
        with self._state.lock:
            found = {
                key: [block for block in self._state.segments.get((run_id, key), []) if block.count < SMALL_SEGMENT]
                for key in keys
            }
            return {key: blocks for key, blocks in found.items() if blocks}

    def replace(self, run_id: str, key: str, old: Sequence[int], new: Sequence[MetricSegment]) -> bool:
        """See SeriesStore."""
        return self.replace_all(run_id, {key: (old, new)})

    def replace_all(self, run_id: str, merged: Mapping[str, tuple[Sequence[int], Sequence[MetricSegment]]]) -> bool:
        """See SeriesStore."""
        with self._state.lock:
            for key, (old, _) in merged.items():
                if not set(old) <= {block.segment_id for block in self._state.segments.get((run_id, key), [])}:
                    return False
            for key, (old, new) in merged.items():
                kept = [block for block in self._state.segments[run_id, key] if block.segment_id not in set(old)]
                for block in new:
                    self._state.last_segment += 1
                    kept.append(replace(block, segment_id=self._state.last_segment))
                self._state.segments[run_id, key] = kept
            return True

    def walk(self, after: int, limit: int) -> Sequence[MetricSegment]:
        """See SeriesStore."""
        with self._state.lock:
            blocks = [block for held in self._state.segments.values() for block in held if block.segment_id > after]
        return sorted(blocks, key=lambda block: block.segment_id)[:limit]

    def uneven(self, limit: int) -> Sequence[tuple[str, str, int, int]]:
        """See SeriesStore."""
        with self._state.lock:
            counted = [
                (run_id, key, sum(block.count for block in self._state.segments.get((run_id, key), [])), known.count)
                for run_id, run in sorted(self._state.runs.items())
                for key, known in sorted(run.data.summaries.items())
            ]
        return [one for one in counted if one[2] != one[3]][:limit]


def _outlined(block: MetricSegment) -> SegmentOutline:
    return SegmentOutline(
        block.segment_id,
        block.count,
        block.first_step,
        block.last_step,
        block.first_timestamp,
        block.last_timestamp,
    )
