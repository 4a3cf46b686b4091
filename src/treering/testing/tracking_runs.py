"""What runs must do, and the logging to them; parts of `treering.testing.tracking`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.clock import now
from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.metric import Metric, MetricColumns
from treering.entities.page import Query
from treering.entities.run import RUN_NAME_TAG, LogBatch, ModelInput, ModelOutput, NewRun, Origin, Run
from treering.testing.tracking_things import UNKNOWN_ID, columns_of, log_series, new_experiment, new_name, new_run, rows
from treering.tracking.base import NewLoggedModel, Tracking

__all__ = ["LoggingSuite", "RunsSuite"]

_BAD_KEYS = ["", "/a", "a//b", "../a", "a/../b", "a\n", "a\0b", "a;b", "k" * 251, "."]


def _ids(runs: Iterable[Run]) -> list[str]:
    return [run.info.run_id for run in runs]


class RunsSuite:
    """The promises of `treering.tracking.base.Runs`, but for logging."""

    def test_a_run_is_filled_in(self, tracking: Tracking) -> None:
        """Id, name, times and place are made up where they are not given."""
        experiment = tracking.experiments.create(new_name())
        before = now()
        made = tracking.runs.create(NewRun(experiment.experiment_id, user_id="ada", tags={"a": "b"}))
        run = tracking.runs.get(made.info.run_id)
        assert len(run.info.run_id) == 32
        assert run.info.run_name
        assert dict(run.data.tags) == {"a": "b", RUN_NAME_TAG: run.info.run_name}
        assert (run.info.experiment_id, run.info.user_id) == (experiment.experiment_id, "ada")
        assert (run.info.status, run.info.lifecycle_stage) == (RunStatus.RUNNING, Lifecycle.ACTIVE)
        assert (run.info.end_time, dict(run.data.params), dict(run.data.metrics)) == (None, {}, {})
        assert before - 60_000 <= run.info.start_time <= now() + 60_000
        assert run.info.artifact_uri == f"{experiment.artifact_location}/{run.info.run_id}/artifacts"
        assert made.info == run.info

    def test_what_is_given_is_kept(self, tracking: Tracking) -> None:
        """Id, name and start time; a tag can name the run, too."""
        experiment_id, run_id = new_experiment(tracking), uuid.uuid4().hex
        run = tracking.runs.create(NewRun(experiment_id, run_id=run_id, run_name="first", start_time=12))
        assert (run.info.run_id, run.info.run_name, run.info.start_time) == (run_id, "first", 12)
        tagged = tracking.runs.create(NewRun(experiment_id, tags={RUN_NAME_TAG: "second"}))
        assert tagged.info.run_name == "second"
        both = tracking.runs.create(NewRun(experiment_id, run_name="third", tags={RUN_NAME_TAG: "third"}))
        assert both.info.run_name == "third"

    def test_a_repeated_creation_is_one_run(self, tracking: Tracking) -> None:
        """With the same id the run is returned as it is; in another experiment that is a conflict."""
        experiment_id, run_id = new_experiment(tracking), uuid.uuid4().hex
        first = tracking.runs.create(NewRun(experiment_id, run_id=run_id, run_name="one"))
        again = tracking.runs.create(NewRun(experiment_id, run_id=run_id, run_name="two", tags={"x": "y"}))
        assert again.info == first.info
        assert "x" not in tracking.runs.get(run_id).data.tags
        with pytest.raises(Conflict):
            tracking.runs.create(NewRun(new_experiment(tracking), run_id=run_id))

    @pytest.mark.parametrize(
        "extra",
        [
            {"run_id": "a/b"},
            {"run_id": "../../x"},
            {"run_id": "x" * 257},
            {"run_name": "a", "tags": {RUN_NAME_TAG: "b"}},
            {"tags": {"../a": "b"}},
            {"tags": {"k" * 251: "b"}},
            {"start_time": -1},
        ],
    )
    def test_a_run_that_cannot_be(self, tracking: Tracking, extra: dict[str, object]) -> None:
        """Malformed ids, names, tags and times are refused, and nothing is made."""
        experiment_id = new_experiment(tracking)
        with pytest.raises(InvalidInput):
            tracking.runs.create(NewRun(experiment_id, **extra))  # type: ignore[arg-type]  # each row fits its field
        assert not tracking.runs.search(Query(experiment_ids=[experiment_id])).items

    def test_a_run_needs_an_active_experiment(self, tracking: Tracking) -> None:
        """An unknown one is not found, a deleted one refused."""
        with pytest.raises(NotFound):
            tracking.runs.create(NewRun("987654321"))
        with pytest.raises(InvalidInput):
            tracking.runs.create(NewRun(""))
        experiment_id = new_experiment(tracking)
        tracking.experiments.delete(experiment_id)
        with pytest.raises(InvalidInput):
            tracking.runs.create(NewRun(experiment_id))

    def test_an_unknown_run(self, tracking: Tracking) -> None:
        """Is not found, whatever is asked."""
        for ask in (
            lambda: tracking.runs.get(UNKNOWN_ID),
            lambda: tracking.runs.update(UNKNOWN_ID, RunStatus.FINISHED),
            lambda: tracking.runs.delete(UNKNOWN_ID),
            lambda: tracking.runs.restore(UNKNOWN_ID),
            lambda: tracking.runs.delete_tag(UNKNOWN_ID, "a"),
            lambda: tracking.metrics.history(UNKNOWN_ID, "loss"),
        ):
            with pytest.raises(NotFound, match=UNKNOWN_ID):
                ask()

    def test_updating(self, tracking: Tracking) -> None:
        """What is None stays; RUNNING clears the end; a name is a tag as well."""
        run_id = new_run(tracking)
        tracking.runs.update(run_id, RunStatus.FINISHED, 99)
        assert tracking.runs.update(run_id, run_name="new").info == tracking.runs.get(run_id).info
        run = tracking.runs.get(run_id)
        assert (run.info.status, run.info.end_time, run.info.run_name) == (RunStatus.FINISHED, 99, "new")
        assert run.data.tags[RUN_NAME_TAG] == "new"
        assert tracking.runs.update(run_id, RunStatus.RUNNING).info.end_time is None
        assert tracking.runs.get(run_id).info.run_name == "new"

    def test_deletion_can_be_undone_and_repeated(self, tracking: Tracking) -> None:
        """A deleted run can be read, and nothing else."""
        run_id = new_run(tracking)
        tracking.runs.log([LogBatch(run_id, tags={"a": "b"})])
        for _ in range(2):
            tracking.runs.delete(run_id)
        assert tracking.runs.get(run_id).info.lifecycle_stage is Lifecycle.DELETED
        for change in (
            lambda: tracking.runs.update(run_id, RunStatus.FAILED),
            lambda: tracking.runs.log([LogBatch(run_id, tags={"a": "c"})]),
            lambda: tracking.runs.delete_tag(run_id, "a"),
        ):
            with pytest.raises(InvalidInput, match="active"):
                change()
        for _ in range(2):
            tracking.runs.restore(run_id)
        assert tracking.runs.get(run_id).info.lifecycle_stage is Lifecycle.ACTIVE
        assert tracking.runs.get(run_id).data.tags["a"] == "b"

    def test_runs_by_what_was_logged(self, tracking: Tracking) -> None:
        """Params, metrics, tags and attributes are conditions, joined by AND."""
        experiment_id = new_experiment(tracking)
        runs = [new_run(tracking, experiment_id) for _ in range(3)]
        for number, run_id in enumerate(runs):
            tracking.runs.log(
                [
                    LogBatch(
                        run_id,
                        params={"depth": str(number), "kind": "tree"},
                        tags={"odd": str(number % 2)},
                        series={"loss": columns_of((0, 1, number / 2))},
                    )
                ]
            )
        for text, expected in (
            ("", {0, 1, 2}),
            ("metrics.loss < 0.9", {0, 1}),
            ("metrics.loss >= 0.5 AND params.kind = 'tree'", {1, 2}),
            ("params.depth = '2'", {2}),
            ("tags.odd != '1'", {0, 2}),
            ("attributes.status = 'RUNNING' and tags.odd = '1'", {1}),
            ("params.missing = '2'", set()),
        ):
            found = tracking.runs.search(Query(text, experiment_ids=[experiment_id])).items
            assert set(_ids(found)) == {runs[number] for number in expected}, text
        query = Query(order_by=["metrics.loss DESC"], experiment_ids=[experiment_id])
        assert _ids(tracking.runs.search(query).items) == runs[::-1]

    def test_runs_in_pages(self, tracking: Tracking) -> None:
        """Newest first; each run is seen once, though others start in between."""
        experiment_id = new_experiment(tracking)
        runs = [
            tracking.runs.create(NewRun(experiment_id, start_time=number)).info.run_id for number in (3, 1, 4, 2, 5)
        ]
        page = tracking.runs.search(Query(max_results=2, experiment_ids=[experiment_id], with_total=True))
        assert page.total == 5
        seen = _ids(page.items)
        tracking.runs.create(NewRun(experiment_id, start_time=9))
        while page.next_token:
            query = Query(max_results=2, experiment_ids=[experiment_id], page_token=page.next_token)
            page = tracking.runs.search(query)
            seen += _ids(page.items)
        assert seen == [runs[4], runs[2], runs[0], runs[3], runs[1]]

    def test_runs_by_experiment_and_view(self, tracking: Tracking) -> None:
        """No experiments, no runs; deleted ones when asked for."""
        one, two = new_experiment(tracking), new_experiment(tracking)
        first, second, gone = new_run(tracking, one), new_run(tracking, two), new_run(tracking, two)
        tracking.runs.delete(gone)
        for experiments, view, expected in (
            ([], View.ALL, set()),
            ([one], View.ACTIVE_ONLY, {first}),
            ([one, two], View.ACTIVE_ONLY, {first, second}),
            ([one, two], View.DELETED_ONLY, {gone}),
            ([two], View.ALL, {second, gone}),
        ):
            found = tracking.runs.search(Query(experiment_ids=experiments, view=view)).items
            assert set(_ids(found)) == expected

    @pytest.mark.parametrize(
        "query",
        [
            Query("metrics.loss <"),
            Query("metrics.loss < 'a'"),
            Query("(params.a = '1'"),
            Query(order_by=["loss loss"]),
            Query(max_results=0),
            Query(max_results=50_001),
            Query(page_token="!"),  # noqa: S106  # a page token is no password
        ],
    )
    def test_a_search_for_runs_that_cannot_be(self, tracking: Tracking, query: Query) -> None:
        """Is refused."""
        asked = Query(query.filter, query.order_by, query.max_results, query.page_token, experiment_ids=["0"])
        with pytest.raises(InvalidInput):
            tracking.runs.search(asked)

    def test_removing_a_tag(self, tracking: Tracking) -> None:
        """Once."""
        run_id = new_run(tracking)
        tracking.runs.log([LogBatch(run_id, tags={"a/b": "1"})])
        tracking.runs.delete_tag(run_id, "a/b")
        assert "a/b" not in tracking.runs.get(run_id).data.tags
        with pytest.raises(NotFound):
            tracking.runs.delete_tag(run_id, "a/b")


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
            series={"loss": columns_of((0, 5, 2.5), (1, 6, 1.5))},
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
        """The same param, tag, dataset or model again changes nothing; another tag value does."""
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
        assert [used.context for used in run.inputs.dataset_inputs] == ["test"]

    def test_a_param_does_not_change(self, tracking: Tracking) -> None:
        """And nothing of the whole call is stored, for no run."""
        experiment_id = new_experiment(tracking)
        one, two = new_run(tracking, experiment_id), new_run(tracking, experiment_id)
        tracking.runs.log([LogBatch(one, {"a": "1"})])
        with pytest.raises(InvalidInput, match="a"):
            tracking.runs.log(
                [
                    LogBatch(two, {"b": "1"}, {"t": "1"}, {"loss": columns_of((0, 0, 1.0))}),
                    LogBatch(one, {"a": "2", "c": "1"}, {"t": "1"}, {"loss": columns_of((0, 0, 1.0))}),
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
        with pytest.raises(NotFound, match=UNKNOWN_ID):
            tracking.runs.log([LogBatch(run_id, {"a": "1"}), LogBatch(UNKNOWN_ID, {"a": "1"})])
        assert not tracking.runs.get(run_id).data.params

    def test_the_name_tag_renames(self, tracking: Tracking) -> None:
        """The tag and the name are one thing."""
        run_id = new_run(tracking)
        tracking.runs.log([LogBatch(run_id, tags={RUN_NAME_TAG: "renamed"})])
        assert tracking.runs.get(run_id).info.run_name == "renamed"

    @pytest.mark.parametrize("key", _BAD_KEYS)
    def test_a_key_that_cannot_be(self, tracking: Tracking, key: str) -> None:
        """For params, tags and metrics alike; nothing is stored."""
        run_id = new_run(tracking)
        for batch in (
            LogBatch(run_id, {key: "v", "good": "v"}),
            LogBatch(run_id, tags={key: "v"}),
            LogBatch(run_id, series={key: columns_of((0, 0, 1.0))}),
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
        tracking.runs.log([LogBatch(run_id, {key: "p"}, {key: "t"}, {key: columns_of((0, 0, 1.0))})])
        run = tracking.runs.get(run_id)
        assert (run.data.params[key], run.data.tags[key], run.data.metrics[key]) == ("p", "t", 1.0)
        assert rows(tracking.metrics.history(run_id, key)[0]) == rows(columns_of((0, 0, 1.0)))

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
        batch = LogBatch(run_id, tags={"t": "1"}, series={"loss": columns_of((0, 0, 1.0))})
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
            tracking.runs.log([LogBatch(run_id, {"a": "1"}), LogBatch(UNKNOWN_ID)], Origin(journal, 10))
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
                    [LogBatch(run_id, {f"p{step}": "v"}, series={"loss": columns_of((step, step, float(step)))})]
                )

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(log, range(4)))
        run = tracking.runs.get(run_id)
        assert len(run.data.params) == 20
        assert run.data.summaries["loss"].count == 20
        assert list(tracking.metrics.history(run_id, "loss")[0].steps) == list(range(20))
