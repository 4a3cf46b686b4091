"""What the reading of lines for charts must do."""

from __future__ import annotations

import math
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.entities.line import Line, LineAxis, LineQuery
from treering.entities.metric import MetricColumns
from treering.entities.run import NewRun
from treering.testing.tracking.given import (
    INFINITY,
    NAN,
    UNKNOWN,
    log_series,
    new_experiment,
    new_run,
    points_of,
)
from treering.tracking.base import Tracking

__all__ = ["LinesSuite"]


def _line(tracking: Tracking, run_id: str, **asked: Any) -> Line:
    (line,) = tracking.metrics.lines(LineQuery([run_id], ["loss"], **asked))
    return line


class LinesSuite:
    """The promises of `treering.tracking.base.Metrics.lines`."""

    def test_a_short_series_is_there_point_by_point(self, tracking: Tracking) -> None:
        """In order of step, with what is no finite number."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", points_of((2, 0, 5.0), (0, 9, NAN), (1, 4, -INFINITY), (1, 4, 1 / 3)))
        line = _line(tracking, run_id)
        assert (line.run_id, line.key, line.total, line.x.numbers()) == (run_id, "loss", 4, [0, 1, 1, 2])
        assert math.isnan(line.last[0])
        assert list(line.last)[1:] == [-INFINITY, pytest.approx(1 / 3, rel=1e-7), 5.0]
        assert list(line.below) == list(line.above) == []
        assert line.minimum()[1:] == line.maximum()[1:] == list(line.last)[1:]

    @pytest.mark.parametrize("same_step", [False, True])
    def test_no_spike_is_lost(self, tracking: Tracking, same_step: bool) -> None:  # noqa: FBT001  # a parameter
        """So are the first and the last point there, also where all points have one step."""
        run_id = new_run(tracking)
        points = [(0 if same_step else step, step, 1.0) for step in range(5000)]
        points[1234] = (points[1234][0], 1234, 77.0)
        points[4321] = (points[4321][0], 4321, -77.0)
        points[0], points[-1] = (points[0][0], 0, 3.0), (points[-1][0], 4999, 4.0)
        log_series(tracking, run_id, "loss", points_of(*points))
        line = _line(tracking, run_id, points=50)
        assert (len(line.last), line.total) == (50, 5000)
        assert (line.last[0], line.last[-1]) == (3.0, 4.0)
        assert 77.0 <= max(line.maximum()) < 78.0
        assert -78.0 < min(line.minimum()) <= -77.0
        assert sorted(line.maximum())[-2] == 4.0
        assert sorted(line.minimum())[1] == 1.0

    def test_a_range_has_its_points_and_a_neighbour_on_either_side(self, tracking: Tracking) -> None:
        """The nearest one, whatever block it lies in; the finer the range, the more of its points are there."""
        run_id = new_run(tracking)
        for start in (6000, 0, 3000):  # blocks that did not come in order
            steps = range(start, start + 3000, 3)
            log_series(tracking, run_id, "loss", MetricColumns(steps, steps, [float(step) for step in steps]))
        for first, last, points, expected in (
            (300.0, 310.0, 10, [297, 300, 303, 306, 309, 312]),
            (2999.5, 3000.4, 10, [2997, 3000, 3003]),
            (-5.0, 3.0, 10, [0, 3, 6]),
            (8997.0, None, 10, [8994, 8997]),
            (None, 0.0, 10, [0, 3]),
            (-INFINITY, 2.0, 10, [0, 3]),
            (301.0, 302.0, 10, [300, 303]),
            (3001.0, 5999.0, 2, [3000, 3003, 5997, 6000]),
        ):
            line = _line(tracking, run_id, first=first, last=last, points=points)
            assert line.x.numbers() == expected == list(line.last)
        assert line.total == 999
        assert line.maximum()[2] == 5997.0
        assert line.minimum()[2] <= 3006.0
        for first, last in ((9000.0, 9999.0), (-10.0, -1.0)):
            assert not tracking.metrics.lines(LineQuery([run_id], ["loss"], first=first, last=last))

    def test_time_and_the_time_since_the_start(self, tracking: Tracking) -> None:
        """In seconds, in order of time, and exact to the millisecond."""
        run_id = new_run(tracking)
        start = tracking.runs.get(run_id).info.start_time
        times = [start + 1, start + 1501, start + 90_000]
        log_series(tracking, run_id, "loss", points_of((3, times[0], 1.0), (2, times[1], 2.0), (1, times[2], 3.0)))
        line = _line(tracking, run_id, axis=LineAxis.TIME)
        assert (line.x.numbers(), list(line.last)) == ([time / 1000 for time in times], [1.0, 2.0, 3.0])
        assert _line(tracking, run_id, axis=LineAxis.RELATIVE).x.numbers() == [0.001, 1.501, 90.0]
        for asked in (
            {"axis": LineAxis.TIME, "first": times[1] / 1000, "last": times[1] / 1000},
            {"axis": LineAxis.RELATIVE, "first": 1.501, "last": 1.501},
        ):
            line = _line(tracking, run_id, **asked)
            assert (list(line.last), line.total) == ([1.0, 2.0, 3.0], 1)

    def test_a_run_whose_start_is_not_known(self, tracking: Tracking) -> None:
        """It began with the series."""
        run_id = tracking.runs.create(NewRun(new_experiment(tracking), start_time=0)).info.run_id
        log_series(tracking, run_id, "loss", points_of((0, 5000, 1.0), (1, 7500, 2.0)))
        assert _line(tracking, run_id, axis=LineAxis.RELATIVE).x.numbers() == [0.0, 2.5]

    def test_another_metric_as_x(self, tracking: Tracking) -> None:
        """Its value at the same step or before; points that have none are left out."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", points_of(*((step, step, float(step)) for step in range(6))))
        log_series(tracking, run_id, "epoch", points_of((1, 50, 0.5), (3, 60, NAN), (4, 70, 0.25)))
        line = _line(tracking, run_id, axis=LineAxis.METRIC, x_key="epoch")
        assert (line.x.numbers(), list(line.last)) == ([0.5, 0.5, 0.25, 0.25], [1.0, 2.0, 4.0, 5.0])
        line = _line(tracking, run_id, axis=LineAxis.METRIC, x_key="epoch", last=0.3)
        assert (line.x.numbers(), line.total) == ([0.5, 0.25, 0.25], 2)
        assert not tracking.metrics.lines(LineQuery([run_id], ["loss"], LineAxis.METRIC, "none"))

    def test_lines_come_in_the_order_asked_for(self, tracking: Tracking) -> None:
        """What there is of runs and keys, each once."""
        experiment_id = new_experiment(tracking)
        one, two = new_run(tracking, experiment_id), new_run(tracking, experiment_id)
        for run_id, key in ((one, "a"), (one, "b"), (two, "a")):
            log_series(tracking, run_id, key, points_of((0, 0, 1.0)))
        lines = tracking.metrics.lines(LineQuery([two, UNKNOWN, one, two], ["b", "a", "none"]))
        assert [(line.run_id, line.key) for line in lines] == [(two, "a"), (one, "b"), (one, "a")]
        assert not tracking.metrics.lines(LineQuery([], []))

    def test_extremes_around_what_is_not_finite(self, tracking: Tracking) -> None:
        """They leave NaN aside and keep infinities; a bucket of NaN alone has none."""
        run_id = new_run(tracking)
        values = [1.0, 2.0, NAN, NAN, NAN, 8.0, INFINITY, -3.0, 5.0]
        log_series(tracking, run_id, "loss", MetricColumns(range(9), range(9), values))
        line = _line(tracking, run_id, points=5)
        assert line.x.numbers() == [0, 2, 4, 6, 8]
        low, high = line.minimum(), line.maximum()
        assert (low[:2], high[:2]) == ([1.0, 2.0], [1.0, 2.0])
        assert math.isnan(low[2])
        assert math.isnan(high[2])
        assert (low[3], high[3], high[4]) == (8.0, INFINITY, 5.0)
        assert -3.1 < low[4] <= -3.0
        assert [line.last[3], line.last[4]] == [INFINITY, 5.0]

    @pytest.mark.parametrize(
        ("asked", "word"),
        [
            ({"points": 1}, "points"),
            ({"points": 4001}, "points"),
            ({"run_ids": ["r"] * 101}, "run_ids"),
            ({"keys": ["k"] * 101}, "keys"),
            ({"run_ids": ["r"] * 100, "keys": ["k"] * 100, "points": 401}, "fewer at a time"),
            ({"axis": LineAxis.METRIC}, "x_key"),
            ({"x_key": "loss"}, "x_key"),
            ({"first": NAN}, "first"),
        ],
    )
    def test_lines_that_cannot_be(self, tracking: Tracking, asked: dict[str, Any], word: str) -> None:
        """Too many, too few, or what does not fit together."""
        with pytest.raises(InvalidInput, match=word):
            tracking.metrics.lines(LineQuery(**({"run_ids": ["r"], "keys": ["loss"]} | asked)))
