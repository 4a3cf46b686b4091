"""What logging and the reading of metric points must do."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from treering.entities.metric import Metric, MetricColumns
from treering.entities.run import RUN_NAME_TAG, LogBatch, ModelInput, ModelOutput, Origin
from treering.testing.tracking.given import (
    BAD_KEYS,
    INFINITY,
    NAN,
    UNKNOWN,
    log_series,
    new_experiment,
    new_run,
    pages_of,
    points_of,
    rows_of,
)
from treering.tracking.base import NewLoggedModel, Tracking

__all__ = ["LoggingSuite", "MetricsSuite"]


class LoggingSuite:
    """The promises of `treering.tracking.base.Runs.log`."""

    def test_everything_that_can_be_logged(self, tracking: Tracking) -> None:
        """Params, tags, points, datasets and models, for several runs at once."""
        experiment_id = new_experiment(tracking)
        one, two = new_run(tracking, experiment_id), new_run(tracking, experiment_id)
        model = tracking.models.create(NewLoggedModel(experiment_id, "m")).model_id
        data = Dataset("iris", "d1", "code", "{}", "schema", "profile")
        batch = LogBatch(
            one,
            params={"lr": "0.1", "empty": ""},
            tags={"note": "växt 🌲"},
            series={"loss": points_of((0, 5, 2.5), (1, 6, 1.5))},
            dataset_inputs=[DatasetInput(data, {CONTEXT_TAG: "train"})],
            model_inputs=[ModelInput(model)],
            model_outputs=[ModelOutput(model, 3)],
        )
        tracking.runs.log([batch, LogBatch(two, params={"lr": "0.2"})])
        run = tracking.runs.get(one)
        assert dict(run.data.params) == {"lr": "0.1", "empty": ""}
        assert run.data.tags["note"] == "växt 🌲"
        assert run.data.metrics == {"loss": 1.5}
        assert [(used.dataset, used.context) for used in run.inputs.dataset_inputs] == [(data, "train")]
        assert [used.model_id for used in run.inputs.model_inputs] == [model]
        assert [(made.model_id, made.step) for made in run.outputs.model_outputs] == [(model, 3)]
        assert dict(tracking.runs.get(two).data.params) == {"lr": "0.2"}

    def test_repeating_what_was_logged(self, tracking: Tracking) -> None:
        """The same param, tag, dataset or model again changes nothing; another tag value does.

        A dataset keeps the role that was said first, as in MLflow.
        """
        run_id = new_run(tracking)
        data = Dataset("iris", "d1", "code", "{}")
        for context in ("train", "train", "test"):
            tracking.runs.log(
                [
                    LogBatch(
                        run_id,
                        {"a": "1"},
                        {"t": context},
                        dataset_inputs=[DatasetInput(data, {CONTEXT_TAG: context})],
                    )
                ]
            )
        run = tracking.runs.get(run_id)
        assert (run.data.params["a"], run.data.tags["t"]) == ("1", "test")
        assert [used.context for used in run.inputs.dataset_inputs] == ["train"]

    def test_a_param_does_not_change(self, tracking: Tracking) -> None:
        """And nothing of the whole call is stored, for no run."""
        experiment_id = new_experiment(tracking)
        one, two = new_run(tracking, experiment_id), new_run(tracking, experiment_id)
        tracking.runs.log([LogBatch(one, {"a": "1"})])
        with pytest.raises(InvalidInput, match="a"):
            tracking.runs.log(
                [
                    LogBatch(two, {"b": "1"}, {"t": "1"}, {"loss": points_of((0, 0, 1.0))}),
                    LogBatch(one, {"a": "2", "c": "1"}, {"t": "1"}, {"loss": points_of((0, 0, 1.0))}),
                ]
            )
        assert dict(tracking.runs.get(one).data.params) == {"a": "1"}
        for run_id in (one, two):
            run = tracking.runs.get(run_id)
            assert "t" not in run.data.tags
            assert not run.data.metrics
            assert len(tracking.metrics.history(run_id, "loss")[0]) == 0
        assert not tracking.runs.get(two).data.params

    def test_an_unknown_run_refuses_the_whole(self, tracking: Tracking) -> None:
        """What was meant for other runs is not stored either."""
        run_id = new_run(tracking)
        with pytest.raises(NotFound, match=UNKNOWN):
            tracking.runs.log([LogBatch(run_id, {"a": "1"}), LogBatch(UNKNOWN, {"a": "1"})])
        assert not tracking.runs.get(run_id).data.params

    def test_the_name_tag_renames(self, tracking: Tracking) -> None:
        """The tag and the name are one thing."""
        run_id = new_run(tracking)
        tracking.runs.log([LogBatch(run_id, tags={RUN_NAME_TAG: "renamed"})])
        assert tracking.runs.get(run_id).info.run_name == "renamed"

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_a_key_that_cannot_be(self, tracking: Tracking, key: str) -> None:
        """For params, tags and metrics alike; nothing is stored."""
        run_id = new_run(tracking)
        for batch in (
            LogBatch(run_id, {key: "v", "good": "v"}),
            LogBatch(run_id, tags={key: "v"}),
            LogBatch(run_id, series={key: points_of((0, 0, 1.0))}),
            LogBatch(run_id, linked=[Metric(key, 1.0, 0)]),
        ):
            with pytest.raises(InvalidInput):
                tracking.runs.log([batch])
        run = tracking.runs.get(run_id)
        assert (dict(run.data.params), run.data.metrics, set(run.data.tags)) == ({}, {}, {RUN_NAME_TAG})

    @pytest.mark.parametrize("key", ["a", "val/loss 1", "a.b-c:d_e", "ključ", "k" * 250])
    def test_a_key_that_can_be(self, tracking: Tracking, key: str) -> None:
        """Letters of any script, digits, spaces and some signs."""
        run_id = new_run(tracking)
        tracking.runs.log([LogBatch(run_id, {key: "p"}, {key: "t"}, {key: points_of((0, 0, 1.0))})])
        run = tracking.runs.get(run_id)
        assert (run.data.params[key], run.data.tags[key], run.data.metrics[key]) == ("p", "t", 1.0)
        assert rows_of(tracking.metrics.history(run_id, key)[0]) == rows_of(points_of((0, 0, 1.0)))

    @pytest.mark.parametrize(
        "columns",
        [
            MetricColumns([0], [-1], [1.0]),
            MetricColumns([0, 1], [0], [1.0]),
            MetricColumns([0], [0], [1.0, 2.0]),
        ],
    )
    def test_points_that_cannot_be(self, tracking: Tracking, columns: MetricColumns) -> None:
        """Negative times and columns of several lengths are refused."""
        run_id = new_run(tracking)
        with pytest.raises(InvalidInput):
            log_series(tracking, run_id, "loss", columns)
        assert not tracking.runs.get(run_id).data.metrics

    def test_a_dataset_that_cannot_be(self, tracking: Tracking) -> None:
        """Without a name, or with too long a digest."""
        run_id = new_run(tracking)
        for data in (Dataset("", "d", "code", "{}"), Dataset("n", "d" * 37, "code", "{}"), Dataset("n", "", "c", "{}")):
            with pytest.raises(InvalidInput):
                tracking.runs.log([LogBatch(run_id, dataset_inputs=[DatasetInput(data)])])

    def test_long_values_are_cut(self, tracking: Tracking) -> None:
        """Params at 6000 characters and tags at 8000, unless the settings say otherwise."""
        run_id = new_run(tracking)
        tracking.runs.log([LogBatch(run_id, {"p": "é" * 6001}, {"t": "é" * 8001})])
        run = tracking.runs.get(run_id)
        assert (run.data.params["p"], run.data.tags["t"]) == ("é" * 6000, "é" * 8000)

    def test_a_delivery_can_be_repeated(self, tracking: Tracking) -> None:
        """What an origin brought before is skipped; what lies beyond is taken."""
        run_id, journal = new_run(tracking), uuid.uuid4().hex
        assert tracking.runs.delivered(journal) == 0
        batch = LogBatch(run_id, tags={"t": "1"}, series={"loss": points_of((0, 0, 1.0))})
        for _ in range(2):
            tracking.runs.log([batch], Origin(journal, 100))
        assert tracking.runs.delivered(journal) == 100
        tracking.runs.log([LogBatch(run_id, tags={"t": "old"})], Origin(journal, 60))
        assert tracking.runs.get(run_id).data.tags["t"] == "1"
        assert tracking.runs.get(run_id).data.summaries["loss"].count == 1
        tracking.runs.log([LogBatch(run_id, tags={"t": "2"})], Origin(journal, 130))
        assert tracking.runs.get(run_id).data.tags["t"] == "2"
        assert tracking.runs.delivered(journal) == 130

    def test_a_refused_delivery_is_not_remembered(self, tracking: Tracking) -> None:
        """So that it can be sent again, corrected."""
        run_id, journal = new_run(tracking), uuid.uuid4().hex
        with pytest.raises(NotFound):
            tracking.runs.log([LogBatch(run_id, {"a": "1"}), LogBatch(UNKNOWN)], Origin(journal, 10))
        assert tracking.runs.delivered(journal) == 0
        tracking.runs.log([LogBatch(run_id, {"a": "1"})], Origin(journal, 10))
        assert tracking.runs.get(run_id).data.params["a"] == "1"

    def test_many_threads_at_once(self, tracking: Tracking) -> None:
        """Lose nothing."""
        run_id = new_run(tracking)

        def log(thread: int) -> None:
            for number in range(5):
                step = thread * 5 + number
                tracking.runs.log(
                    [LogBatch(run_id, {f"p{step}": "v"}, series={"loss": points_of((step, step, float(step)))})]
                )

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(log, range(4)))
        run = tracking.runs.get(run_id)
        assert len(run.data.params) == 20
        assert run.data.summaries["loss"].count == 20
        assert list(tracking.metrics.history(run_id, "loss")[0].steps) == list(range(20))


class MetricsSuite:
    """The promises of `treering.tracking.base.Metrics`, and of the summaries that runs carry."""

    def test_every_float_comes_back_bit_by_bit(self, tracking: Tracking) -> None:
        """NaN, infinities, both zeros and the smallest number."""
        run_id = new_run(tracking)
        columns = MetricColumns(
            [-(2**63), -1, 0, 1, 2, 3, 2**63 - 1],
            [0, 1, 2, 3, 4, 5, 2**63 - 1],
            [NAN, INFINITY, -INFINITY, -0.0, 5e-324, 0.1, 1.7976931348623157e308],
        )
        log_series(tracking, run_id, "odd", columns)
        assert rows_of(tracking.metrics.history(run_id, "odd")[0]) == rows_of(columns)

    def test_points_are_ordered_and_once(self, tracking: Tracking) -> None:
        """By (timestamp, step, value), over all batches; exact duplicates are one point."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", points_of((3, 30, 1.0), (1, 10, 2.0), (1, 10, 2.0), (0, 30, 9.0)))
        log_series(tracking, run_id, "loss", points_of((1, 10, 1.0), (3, 30, 1.0), (2, 20, NAN), (2, 20, NAN)))
        expected = points_of((1, 10, 1.0), (1, 10, 2.0), (2, 20, NAN), (0, 30, 9.0), (3, 30, 1.0))
        assert rows_of(tracking.metrics.history(run_id, "loss")[0]) == rows_of(expected)

    def test_what_has_no_points(self, tracking: Tracking) -> None:
        """An unknown key is empty; an unknown run is not found, and has nothing to be sampled."""
        run_id = new_run(tracking)
        columns, token = tracking.metrics.history(run_id, "nothing", 10)
        assert (len(columns), token) == (0, "")
        assert not tracking.metrics.sample([run_id, UNKNOWN], ["nothing"], 10)
        with pytest.raises(NotFound):
            tracking.metrics.history(UNKNOWN, "loss")

    @pytest.mark.parametrize("size", [1, 7, 60, 61, 1000])
    def test_pages_hold_everything_once(self, tracking: Tracking, size: int) -> None:
        """Whatever their size, and though many points share one time and NaN is among them."""
        run_id = new_run(tracking)
        points = [(step, step // 20, NAN if step % 7 == 0 else float(step)) for step in range(60)]
        for start in range(0, 60, 13):
            log_series(tracking, run_id, "loss", points_of(*points[start : start + 13]))
        pages = pages_of(tracking, run_id, "loss", size)
        assert [row for page in pages for row in rows_of(page)] == rows_of(points_of(*points))

    def test_pages_while_points_arrive(self, tracking: Tracking) -> None:
        """New points neither repeat nor hide others, and later ones are seen."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", points_of(*((step, 10 * step, 0.5) for step in range(6))))
        first, token = tracking.metrics.history(run_id, "loss", 4)
        assert list(first.steps) == [0, 1, 2, 3]
        log_series(tracking, run_id, "loss", points_of((100, 5, 0.5), (3, 30, 0.5), (6, 60, 0.5)))
        rest, token = tracking.metrics.history(run_id, "loss", 4, token)
        assert (list(rest.steps), token) == ([4, 5, 6], "")

    def test_a_page_that_cannot_be(self, tracking: Tracking) -> None:
        """No size below one, no token from elsewhere."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", points_of((0, 0, 1.0)))
        for size, token in ((0, ""), (-1, ""), (10, "nonsense"), (10, "1.2"), (10, f"{2**63}.0.0")):
            with pytest.raises(InvalidInput):
                tracking.metrics.history(run_id, "loss", size, token)

    def test_a_point_at_a_time(self, tracking: Tracking) -> None:
        """Many small batches are one series in the end."""
        run_id = new_run(tracking)
        for step in range(150):
            log_series(tracking, run_id, "loss", points_of((step, step, 1.0 / (step + 1))))
        columns, _ = tracking.metrics.history(run_id, "loss")
        assert rows_of(columns) == rows_of(points_of(*((step, step, 1.0 / (step + 1)) for step in range(150))))
        assert tracking.runs.get(run_id).data.summaries["loss"].count == 150

    def test_many_points_at_once(self, tracking: Tracking) -> None:
        """A batch of fifty thousand comes back whole, in pages and thinned."""
        run_id, count = new_run(tracking), 50_000
        columns = MetricColumns(range(count), range(count), [step / 3 for step in range(count)])
        log_series(tracking, run_id, "loss", columns)
        found, token = tracking.metrics.history(run_id, "loss")
        assert (list(found.steps), list(found.values), token) == (list(columns.steps), list(columns.values), "")
        pages = pages_of(tracking, run_id, "loss", 20_000)
        assert [len(page) for page in pages] == [20_000, 20_000, 10_000]
        (sampled,) = tracking.metrics.sample([run_id], ["loss"], 100)
        assert (len(sampled.steps), sampled.total) == (100, count)

    def test_the_last_point_has_the_greatest_step(self, tracking: Tracking) -> None:
        """Then the greatest time, then the greatest value, in whatever order they came."""
        run_id = new_run(tracking)
        batches: Sequence[MetricColumns] = (
            points_of((5, 1, 3.0), (7, 2, 4.0)),
            points_of((7, 3, 1.0), (2, 99, 8.0)),
            points_of((7, 3, 2.0), (7, 1, 9.0), (-4, 0, -1.0)),
        )
        for columns in batches:
            log_series(tracking, run_id, "loss", columns)
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.last.step, summary.last.timestamp, summary.last.value) == (7, 3, 2.0)
        assert (summary.minimum, summary.maximum, summary.count) == (-1.0, 9.0, 7)

    def test_extremes_leave_nan_aside(self, tracking: Tracking) -> None:
        """There are none while all is NaN."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", points_of((0, 0, NAN)))
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.minimum, summary.maximum, summary.count) == (None, None, 1)
        assert summary.last.value != summary.last.value  # only NaN differs from itself
        log_series(tracking, run_id, "loss", points_of((1, 1, -INFINITY), (2, 2, NAN), (3, 3, 4.0)))
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.minimum, summary.maximum, summary.count, summary.last.value) == (-INFINITY, 4.0, 4, 4.0)

    def test_a_short_series_is_not_thinned(self, tracking: Tracking) -> None:
        """Each bucket holds one point, in order of step."""
        run_id = new_run(tracking)
        log_series(tracking, run_id, "loss", points_of((2, 0, 5.0), (0, 9, 1.0), (1, 4, INFINITY)))
        (series,) = tracking.metrics.sample([run_id], ["loss"], 3)
        assert (series.run_id, series.key, series.total) == (run_id, "loss", 3)
        assert (list(series.steps), list(series.timestamps)) == ([0, 1, 2], [9, 4, 0])
        assert list(series.last) == list(series.minimum) == list(series.maximum) == [1.0, INFINITY, 5.0]

    @pytest.mark.parametrize("same_step", [False, True])
    def test_a_spike_survives(self, tracking: Tracking, same_step: bool) -> None:  # noqa: FBT001  # a parameter
        """So do the first and the last point, also where all points have one step."""
        run_id = new_run(tracking)
        points = [(0 if same_step else step, step, 1.0) for step in range(5000)]
        points[1234] = (points[1234][0], 1234, 77.0)
        points[4321] = (points[4321][0], 4321, -77.0)
        points[0], points[-1] = (points[0][0], 0, 3.0), (points[-1][0], 4999, 4.0)
        log_series(tracking, run_id, "loss", points_of(*points))
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
        log_series(tracking, run_id, "loss", points_of(*((step, step, float(step)) for step in range(100))))
        log_series(tracking, run_id, "early", points_of((0, 0, 1.0)))
        for first, last, expected in ((10, 12, [10, 11, 12]), (98, None, [98, 99]), (None, 1, [0, 1])):
            (series,) = tracking.metrics.sample([run_id], ["loss"], 10, first, last)
            assert (list(series.steps), series.total) == (expected, 100)
        assert not tracking.metrics.sample([run_id], ["loss", "early"], 10, 200)

    def test_several_series(self, tracking: Tracking) -> None:
        """Every run with every key that has points."""
        experiment_id = new_experiment(tracking)
        one, two = new_run(tracking, experiment_id), new_run(tracking, experiment_id)
        log_series(tracking, one, "a", points_of((0, 0, 1.0)))
        log_series(tracking, one, "b", points_of((0, 0, 2.0)))
        log_series(tracking, two, "a", points_of((0, 0, 3.0)))
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
