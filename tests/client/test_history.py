"""A history is a list of points for whoever reads it as one."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

import treering
from treering.client.api.history import MetricHistory
from treering.entities.metric import Metric, MetricColumns

POINTS = [Metric("loss", step / 4, 1000 + step, step, run_id="r") for step in range(5)]


@pytest.fixture
def history() -> MetricHistory:
    columns = MetricColumns(array("q", range(5)), array("q", range(1000, 1005)), array("d", [0, 0.25, 0.5, 0.75, 1]))
    return MetricHistory("r", "loss", columns)


def test_it_reads_as_a_list(history: MetricHistory) -> None:
    assert history == POINTS
    assert list(history) == POINTS
    assert (history[0], history[-1], len(history)) == (POINTS[0], POINTS[-1], 5)
    assert history[1:3] == POINTS[1:3]
    assert list(reversed(history)) == POINTS[::-1]
    assert sorted(history, key=lambda point: -point.step) == POINTS[::-1]
    assert POINTS[2] in history
    assert history.index(POINTS[3]) == 3
    with pytest.raises(IndexError):
        history[5]


def test_it_differs_from_other_points(history: MetricHistory) -> None:
    assert history != POINTS[:-1]
    assert history != [*POINTS[:-1], POINTS[0]]
    assert history != "loss"
    assert history[:0] == []
    assert not history[:0]


def test_it_shows_the_first_points(history: MetricHistory) -> None:
    assert repr(history).startswith("[Metric(key='loss'")
    assert repr(history).endswith("... 2 more]")
    assert repr(history[:0]) == "[]"


def test_its_columns_are_arrays() -> None:
    with treering.start_run() as run:
        for step in range(30):
            treering.log_metric("loss", step / 2, step=step)
    columns = treering.Client().get_metric_history(run.info.run_id, "loss").columns
    assert np.asarray(columns.values).tolist() == [step / 2 for step in range(30)]
    assert np.asarray(columns.steps).dtype == np.int64
