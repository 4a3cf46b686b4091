"""How logged points become blocks: few of them, and never at the cost of what was stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from treering.core.errors import Unavailable
from treering.entities.lifecycle import RunStatus
from treering.entities.metric import MetricColumns, MetricSegment
from treering.entities.run import LogBatch, NewRun
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore, SeriesStore
from treering.tracking.base import Tracking
from treering.tracking.service import open_tracking


class BrokenMerging:
    """A series store that cannot replace blocks."""

    def __init__(self, series: SeriesStore) -> None:
        self._series = series
        self.tried = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._series, name)

    def replace(self, run_id: str, key: str, old: Sequence[int], new: Sequence[MetricSegment]) -> bool:
        return self.replace_all(run_id, {key: (old, new)})

    def replace_all(self, run_id: str, merged: Mapping[str, tuple[Sequence[int], Sequence[MetricSegment]]]) -> bool:
        del run_id, merged
        self.tried += 1
        msg = "The database went away."
        raise Unavailable(msg)


@pytest.fixture
def store() -> MetadataStore:
    return METADATA.load("memory")("memory://")


@pytest.fixture
def tracking(store: MetadataStore) -> Tracking:
    return open_tracking(store, "memory://artifacts")


def log_steps(tracking: Tracking, steps: range) -> str:
    """One batch for each step; the run that has them."""
    run_id = tracking.runs.create(NewRun("0")).info.run_id
    for step in steps:
        tracking.runs.log([LogBatch(run_id, series={"loss": MetricColumns([step], [step], [1.0])})])
    return run_id


def test_small_blocks_are_merged(store: MetadataStore, tracking: Tracking) -> None:
    run_id = log_steps(tracking, range(500))
    blocks = store.series.segments(run_id, "loss")
    assert len(blocks) < 100
    assert sum(block.count for block in blocks) == 500
    assert list(tracking.metrics.history(run_id, "loss")[0].steps) == list(range(500))


def test_full_blocks_are_left_alone(store: MetadataStore, tracking: Tracking) -> None:
    run_id = tracking.runs.create(NewRun("0")).info.run_id
    full = MetricColumns(range(2000), range(2000), [0.5] * 2000)
    tracking.runs.log([LogBatch(run_id, series={"loss": full})])
    before = {block.segment_id for block in store.series.segments(run_id, "loss")}
    for step in range(2000, 2300):
        tracking.runs.log([LogBatch(run_id, series={"loss": MetricColumns([step], [step], [1.0])})])
    blocks = store.series.segments(run_id, "loss")
    assert before <= {block.segment_id for block in blocks}
    assert sum(block.count for block in blocks) == 2300


def test_merging_that_fails_loses_nothing(store: MetadataStore) -> None:
    broken = BrokenMerging(store.series)
    tracking = open_tracking(replace(store, series=broken), "memory://artifacts")
    run_id = log_steps(tracking, range(100))
    assert broken.tried > 0
    assert list(tracking.metrics.history(run_id, "loss")[0].steps) == list(range(100))


def test_a_run_that_ends_is_left_with_few_blocks(store: MetadataStore, tracking: Tracking) -> None:
    run_id = log_steps(tracking, range(20))
    assert len(store.series.segments(run_id, "loss")) == 20
    tracking.runs.update(run_id, RunStatus.FINISHED, 1)
    assert len(store.series.segments(run_id, "loss")) == 1
    assert list(tracking.metrics.history(run_id, "loss")[0].steps) == list(range(20))


def test_columns_may_be_numpy_arrays(tracking: Tracking) -> None:
    for count in (3, 3000):
        run_id = tracking.runs.create(NewRun("0")).info.run_id
        columns = MetricColumns(np.arange(count), np.arange(count), np.arange(count, dtype=np.float32))
        tracking.runs.log([LogBatch(run_id, series={"loss": columns})])
        assert list(tracking.metrics.history(run_id, "loss")[0].values) == [float(step) for step in range(count)]
        assert tracking.runs.get(run_id).data.metrics == {"loss": float(count - 1)}


def test_no_points_make_no_series(tracking: Tracking) -> None:
    run_id = tracking.runs.create(NewRun("0")).info.run_id
    tracking.runs.log([LogBatch(run_id, series={"loss": MetricColumns([], [], [])}), LogBatch(run_id)])
    tracking.runs.log([])
    assert not tracking.runs.get(run_id).data.metrics
