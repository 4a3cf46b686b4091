"""What series of points must do; a part of `treering.testing.tracking`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.metric import MetricColumns
from treering.testing.tracking_things import UNKNOWN_ID, columns_of, log_series, new_experiment, new_run, rows
from treering.tracking.base import Tracking

__all__ = ["MetricsSuite"]

_NAN, _INFINITY = float("nan"), float("inf")


def _pages(tracking: Tracking, run_id: str, key: str, size: int) -> list[MetricColumns]:
    pages, token = [], ""
    while True:
        page, token = tracking.metrics.history(run_id, key, size, token)
        assert len(page) <= size
        pages.append(page)
        if not token:
            return pages


class MetricsSuite:
    """The promises of `treering.tracking.base.Metrics`, and of the summaries that runs carry."""

    def test_every_float_comes_back_bit_by_bit(self, tracking: Tracking) -> None:
        """NaN, infinities, both zeros and the smallest number."""
        run_id = new_run(tracking)
        columns = MetricColumns(
            [-(2**63), -1, 0, 1, 2, 3, 2**63 - 1],
            [0, 1, 2, 3, 4, 5, 2**63 - 1],
            [_NAN, _INFINITY, -_INFINITY, -0.0, 5e-324, 0.1, 1.7976931348623157e308],
        )
        log_series(tracking, run_id, "odd", columns)
        assert rows(tracking.metrics.history(run_id, "odd")[0]) == rows(columns)

    def test_points_are_ordered_and_once(self, tracking: Tracking) -> None:
        """By (timestamp, step, value), over all batches; exact duplicates are one point."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", columns_of((3, 30, 1.0), (1, 10, 2.0), (1, 10, 2.0), (0, 30, 9.0)))
        log_series(tracking, run_id, "loss", columns_of((1, 10, 1.0), (3, 30, 1.0), (2, 20, _NAN), (2, 20, _NAN)))
        expected = columns_of((1, 10, 1.0), (1, 10, 2.0), (2, 20, _NAN), (0, 30, 9.0), (3, 30, 1.0))
        assert rows(tracking.metrics.history(run_id, "loss")[0]) == rows(expected)

    def test_what_has_no_points(self, tracking: Tracking) -> None:
        """An unknown key is empty; an unknown run is not found, and has nothing to be sampled."""
        run_id = new_run(tracking)
        columns, token = tracking.metrics.history(run_id, "nothing", 10)
        assert (len(columns), token) == (0, "")
        assert not tracking.metrics.sample([run_id, UNKNOWN_ID], ["nothing"], 10)
        with pytest.raises(NotFound):
            tracking.metrics.history(UNKNOWN_ID, "loss")

    @pytest.mark.parametrize("size", [1, 7, 60, 61, 1000])
    def test_pages_hold_everything_once(self, tracking: Tracking, size: int) -> None:
        """Whatever their size, and though many points share one time and NaN is among them."""
        run_id = new_run(tracking)
        points = [(step, step // 20, _NAN if step % 7 == 0 else float(step)) for step in range(60)]
        for start in range(0, 60, 13):
            log_series(tracking, run_id, "loss", columns_of(*points[start : start + 13]))
        pages = _pages(tracking, run_id, "loss", size)
        assert [row for page in pages for row in rows(page)] == rows(columns_of(*points))

    def test_pages_while_points_arrive(self, tracking: Tracking) -> None:
        """New points neither repeat nor hide others, and later ones are seen."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", columns_of(*((step, 10 * step, 0.5) for step in range(6))))
        first, token = tracking.metrics.history(run_id, "loss", 4)
        assert list(first.steps) == [0, 1, 2, 3]
        log_series(tracking, run_id, "loss", columns_of((100, 5, 0.5), (3, 30, 0.5), (6, 60, 0.5)))
        rest, token = tracking.metrics.history(run_id, "loss", 4, token)
        assert (list(rest.steps), token) == ([4, 5, 6], "")

    def test_a_page_that_cannot_be(self, tracking: Tracking) -> None:
        """No size below one, no token from elsewhere."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", columns_of((0, 0, 1.0)))
        for size, token in ((0, ""), (-1, ""), (10, "nonsense"), (10, "1.2"), (10, f"{2**63}.0.0")):
            with pytest.raises(InvalidInput):
                tracking.metrics.history(run_id, "loss", size, token)

    def test_a_point_at_a_time(self, tracking: Tracking) -> None:
        """Many small batches are one series in the end."""
        run_id = new_run(tracking)
        for step in range(150):
            log_series(tracking, run_id, "loss", columns_of((step, step, 1.0 / (step + 1))))
        columns, _ = tracking.metrics.history(run_id, "loss")
        assert rows(columns) == rows(columns_of(*((step, step, 1.0 / (step + 1)) for step in range(150))))
        assert tracking.runs.get(run_id).data.summaries["loss"].count == 150

    def test_many_points_at_once(self, tracking: Tracking) -> None:
        """A batch of fifty thousand comes back whole, in pages and thinned."""
        run_id, count = new_run(tracking), 50_000
        columns = MetricColumns(range(count), range(count), [step / 3 for step in range(count)])
        log_series(tracking, run_id, "loss", columns)
        found, token = tracking.metrics.history(run_id, "loss")
        assert (list(found.steps), list(found.values), token) == (list(columns.steps), list(columns.values), "")
        pages = _pages(tracking, run_id, "loss", 20_000)
        assert [len(page) for page in pages] == [20_000, 20_000, 10_000]
        (sampled,) = tracking.metrics.sample([run_id], ["loss"], 100)
        assert (len(sampled.steps), sampled.total) == (100, count)

    def test_the_last_point_has_the_greatest_step(self, tracking: Tracking) -> None:
        """Then the greatest time, then the greatest value, in whatever order they came."""
        run_id = new_run(tracking)
        batches: Sequence[MetricColumns] = (
            columns_of((5, 1, 3.0), (7, 2, 4.0)),
            columns_of((7, 3, 1.0), (2, 99, 8.0)),
            columns_of((7, 3, 2.0), (7, 1, 9.0), (-4, 0, -1.0)),
        )
        for columns in batches:
            log_series(tracking, run_id, "loss", columns)
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.last.step, summary.last.timestamp, summary.last.value) == (7, 3, 2.0)
        assert (summary.minimum, summary.maximum, summary.count) == (-1.0, 9.0, 7)

    def test_extremes_leave_nan_aside(self, tracking: Tracking) -> None:
        """There are none while all is NaN."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", columns_of((0, 0, _NAN)))
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.minimum, summary.maximum, summary.count) == (None, None, 1)
        assert summary.last.value != summary.last.value  # only NaN differs from itself
        log_series(tracking, run_id, "loss", columns_of((1, 1, -_INFINITY), (2, 2, _NAN), (3, 3, 4.0)))
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.minimum, summary.maximum, summary.count, summary.last.value) == (-_INFINITY, 4.0, 4, 4.0)

    def test_a_short_series_is_not_thinned(self, tracking: Tracking) -> None:
        """Each bucket holds one point, in order of step."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", columns_of((2, 0, 5.0), (0, 9, 1.0), (1, 4, _INFINITY)))
        (series,) = tracking.metrics.sample([run_id], ["loss"], 3)
        assert (series.run_id, series.key, series.total) == (run_id, "loss", 3)
        assert (list(series.steps), list(series.timestamps)) == ([0, 1, 2], [9, 4, 0])
        assert list(series.last) == list(series.minimum) == list(series.maximum) == [1.0, _INFINITY, 5.0]

    @pytest.mark.parametrize("same_step", [False, True])
    def test_a_spike_survives(self, tracking: Tracking, same_step: bool) -> None:  # noqa: FBT001  # a parameter
        """So do the first and the last point, also where all points have one step."""
        run_id = new_run(tracking)
        points = [(0 if same_step else step, step, 1.0) for step in range(5000)]
        points[1234] = (points[1234][0], 1234, 77.0)
        points[4321] = (points[4321][0], 4321, -77.0)
        points[0], points[-1] = (points[0][0], 0, 3.0), (points[-1][0], 4999, 4.0)
        log_series(tracking, run_id, "loss", columns_of(*points))
        (series,) = tracking.metrics.sample([run_id], ["loss"], 50)
        assert len(series.steps) <= 50
        assert (max(series.maximum), min(series.minimum)) == (77.0, -77.0)
        assert (series.timestamps[0], series.last[0]) == (0, 3.0)
        assert (series.timestamps[-1], series.last[-1]) == (4999, 4.0)
        assert list(series.timestamps) == sorted(series.timestamps)
        assert series.total == 5000

    def test_a_range_of_steps(self, tracking: Tracking) -> None:
        """Both ends belong to it; `total` still counts the whole series."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", columns_of(*((step, step, float(step)) for step in range(100))))
        log_series(tracking, run_id, "early", columns_of((0, 0, 1.0)))
        for first, last, expected in ((10, 12, [10, 11, 12]), (98, None, [98, 99]), (None, 1, [0, 1])):
            (series,) = tracking.metrics.sample([run_id], ["loss"], 10, first, last)
            assert (list(series.steps), series.total) == (expected, 100)
        assert not tracking.metrics.sample([run_id], ["loss", "early"], 10, 200)

    def test_several_series(self, tracking: Tracking) -> None:
        """Every run with every key that has points."""
        experiment_id = new_experiment(tracking)
        one, two = new_run(tracking, experiment_id), new_run(tracking, experiment_id)
        log_series(tracking, one, "a", columns_of((0, 0, 1.0)))
        log_series(tracking, one, "b", columns_of((0, 0, 2.0)))
        log_series(tracking, two, "a", columns_of((0, 0, 3.0)))
        found = tracking.metrics.sample([one, two], ["a", "b"], 5)
        assert {(series.run_id, series.key, *series.last) for series in found} == {
            (one, "a", 1.0),
            (one, "b", 2.0),
            (two, "a", 3.0),
        }

    def test_a_sample_that_cannot_be(self, tracking: Tracking) -> None:
        """No buckets, or more than anyone can draw."""
        run_id = new_run(tracking)
        for buckets in (0, -1, 10_001):
            with pytest.raises(InvalidInput, match="max_points"):
                tracking.metrics.sample([run_id], ["loss"], buckets)
