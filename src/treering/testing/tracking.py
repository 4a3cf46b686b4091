"""What tracking must do, near and far: subclass `TrackingSuite` and give it a `tracking` fixture.

The suites make experiments of their own and look at nothing else, so that one
store or server may serve all tests. A fixture of the whole module is enough.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.clock import now
from treering.core.errors import AlreadyExists, Conflict, InvalidInput, NotFound
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, RunStatus, View
from treering.entities.metric import Metric, MetricColumns
from treering.entities.page import Query
from treering.entities.run import RUN_NAME_TAG, LogBatch, ModelInput, ModelOutput, NewRun, Origin, Run
from treering.tracking.base import NewLoggedModel, Tracking

__all__ = [
    "DatasetsSuite",
    "ExperimentsSuite",
    "LoggedModelsSuite",
    "LoggingSuite",
    "MetricsSuite",
    "RunsSuite",
    "TrackingSuite",
]

_UNKNOWN = "f" * 32
_NAN, _INFINITY = float("nan"), float("inf")
_BAD_KEYS = ["", "/a", "a//b", "../a", "a/../b", "a\n", "a\0b", "a;b", "k" * 251, "."]


def _name() -> str:
    return f"suite-{uuid.uuid4().hex}"


def _experiment(tracking: Tracking) -> str:
    return tracking.experiments.create(_name()).experiment_id


def _run(tracking: Tracking, experiment_id: str = "") -> str:
    return tracking.runs.create(NewRun(experiment_id or _experiment(tracking))).info.run_id


def _points(*points: tuple[int, int, float]) -> MetricColumns:
    """Points given as (step, timestamp, value)."""
    steps, timestamps, values = zip(*points, strict=True)
    return MetricColumns(steps, timestamps, values)


def _rows(columns: MetricColumns) -> list[tuple[int, int, bytes]]:
    """Points that can be compared bit by bit."""
    return [
        (step, timestamp, struct.pack("<d", value))
        for step, timestamp, value in zip(columns.steps, columns.timestamps, columns.values, strict=True)
    ]


def _series(tracking: Tracking, run_id: str, key: str, columns: MetricColumns) -> None:
    tracking.runs.log([LogBatch(run_id, series={key: columns})])


def _pages(tracking: Tracking, run_id: str, key: str, size: int) -> list[MetricColumns]:
    pages, token = [], ""
    while True:
        page, token = tracking.metrics.history(run_id, key, size, token)
        assert len(page) <= size
        pages.append(page)
        if not token:
            return pages


def _ids(runs: Iterable[Run]) -> list[str]:
    return [run.info.run_id for run in runs]


class ExperimentsSuite:
    """The promises of `treering.tracking.base.Experiments`."""

    def test_the_default_experiment_is_there(self, tracking: Tracking) -> None:
        """Every store starts with experiment 0, which has a place for artifacts."""
        found = tracking.experiments.get(DEFAULT_EXPERIMENT_ID)
        assert found.name == DEFAULT_EXPERIMENT_NAME
        assert found.artifact_location.endswith(f"/{DEFAULT_EXPERIMENT_ID}")

    def test_what_was_created_is_found(self, tracking: Tracking) -> None:
        """By id and by name, with its tags and a place of its own."""
        before, name = now(), _name()
        made = tracking.experiments.create(name, tags={"team": "växt"})
        assert made.experiment_id.isdigit()
        assert made.artifact_location.endswith(f"/{made.experiment_id}")
        for found in (tracking.experiments.get(made.experiment_id), tracking.experiments.get_by_name(name)):
            assert (found.name, found.lifecycle_stage) == (name, Lifecycle.ACTIVE)
            assert (found.experiment_id, found.artifact_location) == (made.experiment_id, made.artifact_location)
            assert dict(found.tags) == {"team": "växt"}
            assert before - 60_000 <= found.creation_time <= found.last_update_time

    def test_a_given_artifact_location_is_kept(self, tracking: Tracking) -> None:
        """It is not changed, and runs lie below it."""
        made = tracking.experiments.create(_name(), "s3://bucket/some/where")
        assert tracking.experiments.get(made.experiment_id).artifact_location == "s3://bucket/some/where"
        run = tracking.runs.create(NewRun(made.experiment_id))
        assert run.info.artifact_uri == f"s3://bucket/some/where/{run.info.run_id}/artifacts"

    def test_a_name_is_taken_once(self, tracking: Tracking) -> None:
        """Until the experiment that has it is deleted."""
        name = _name()
        first = tracking.experiments.create(name)
        with pytest.raises(AlreadyExists, match=name):
            tracking.experiments.create(name)
        tracking.experiments.delete(first.experiment_id)
        second = tracking.experiments.create(name)
        assert second.experiment_id != first.experiment_id
        assert tracking.experiments.get_by_name(name).experiment_id == second.experiment_id
        with pytest.raises(AlreadyExists):
            tracking.experiments.restore(first.experiment_id)
        tracking.experiments.delete(second.experiment_id)
        assert tracking.experiments.get_by_name(name).experiment_id == second.experiment_id

    @pytest.mark.parametrize("name", ["", "n" * 501])
    def test_a_name_that_cannot_be(self, tracking: Tracking, name: str) -> None:
        """Empty and too long ones are refused, when created and when renamed."""
        with pytest.raises(InvalidInput):
            tracking.experiments.create(name)
        experiment_id = _experiment(tracking)
        with pytest.raises(InvalidInput):
            tracking.experiments.rename(experiment_id, name)

    @pytest.mark.parametrize(
        "location", ["s3://bucket/../x", "s3://bucket/a?b=c", "s3://bucket/a#b", "s3://" + "x" * 2048]
    )
    def test_a_location_that_cannot_be(self, tracking: Tracking, location: str) -> None:
        """One that climbs, has more than a path, or is too long."""
        with pytest.raises(InvalidInput, match="artifact_location"):
            tracking.experiments.create(_name(), location)

    def test_an_unknown_experiment(self, tracking: Tracking) -> None:
        """Is not found, whatever is asked."""
        for ask in (
            lambda: tracking.experiments.get("987654321"),
            lambda: tracking.experiments.get_by_name(_name()),
            lambda: tracking.experiments.rename("987654321", _name()),
            lambda: tracking.experiments.delete("987654321"),
            lambda: tracking.experiments.restore("987654321"),
            lambda: tracking.experiments.set_tags("987654321", {"a": "b"}),
            lambda: tracking.experiments.delete_tag("987654321", "a"),
        ):
            with pytest.raises(NotFound):
                ask()

    def test_renaming(self, tracking: Tracking) -> None:
        """Frees the old name; onto a taken name it fails."""
        old, new = _name(), _name()
        made = tracking.experiments.create(old)
        tracking.experiments.rename(made.experiment_id, new)
        assert tracking.experiments.get_by_name(new).experiment_id == made.experiment_id
        other = tracking.experiments.create(old)
        with pytest.raises(AlreadyExists):
            tracking.experiments.rename(other.experiment_id, new)

    def test_deletion_takes_the_active_runs_along(self, tracking: Tracking) -> None:
        """And restoring brings those back, but not one that was deleted before."""
        experiment_id = _experiment(tracking)
        kept, gone = _run(tracking, experiment_id), _run(tracking, experiment_id)
        tracking.runs.delete(gone)
        tracking.experiments.delete(experiment_id)
        assert tracking.experiments.get(experiment_id).lifecycle_stage is Lifecycle.DELETED
        assert tracking.runs.get(kept).info.lifecycle_stage is Lifecycle.DELETED
        with pytest.raises(NotFound):
            tracking.experiments.delete(experiment_id)
        tracking.experiments.restore(experiment_id)
        assert tracking.experiments.get(experiment_id).lifecycle_stage is Lifecycle.ACTIVE
        assert tracking.runs.get(kept).info.lifecycle_stage is Lifecycle.ACTIVE
        assert tracking.runs.get(gone).info.lifecycle_stage is Lifecycle.DELETED

    def test_tags_of_an_experiment(self, tracking: Tracking) -> None:
        """Are added, changed and removed one by one."""
        made = tracking.experiments.create(_name(), tags={"a": "1", "b": "2"})
        tracking.experiments.set_tags(made.experiment_id, {"b": "3", "c": ""})
        tracking.experiments.delete_tag(made.experiment_id, "a")
        assert dict(tracking.experiments.get(made.experiment_id).tags) == {"b": "3", "c": ""}
        with pytest.raises(NotFound):
            tracking.experiments.delete_tag(made.experiment_id, "a")
        with pytest.raises(InvalidInput):
            tracking.experiments.set_tags(made.experiment_id, {"k" * 251: "v"})
        with pytest.raises(InvalidInput):
            tracking.experiments.set_tags(made.experiment_id, {"k": "v" * 20_001})

    def test_experiments_in_pages(self, tracking: Tracking) -> None:
        """Each experiment is seen once, newest first, though others are made in between."""
        prefix = _name()
        made = [tracking.experiments.create(f"{prefix}-{number}").experiment_id for number in range(5)]
        query = Query(f"name LIKE '{prefix}%'", max_results=2, with_total=True)
        page = tracking.experiments.search(query)
        assert page.total == 5
        tracking.experiments.create(f"{prefix}-late")
        seen = list(page.items)
        while page.next_token:
            page = tracking.experiments.search(Query(query.filter, max_results=2, page_token=page.next_token))
            seen += page.items
        ids = [found.experiment_id for found in seen if not found.name.endswith("late")]
        assert sorted(ids) == sorted(made)
        times = [found.creation_time for found in seen]
        assert times == sorted(times, reverse=True)

    def test_experiments_by_view(self, tracking: Tracking) -> None:
        """Deleted experiments are found when asked for."""
        prefix = _name()
        kept, gone = (tracking.experiments.create(f"{prefix}-{number}").experiment_id for number in range(2))
        tracking.experiments.delete(gone)
        for view, expected in (
            (View.ACTIVE_ONLY, [kept]),
            (View.DELETED_ONLY, [gone]),
            (View.ALL, [kept, gone]),
        ):
            query = Query(f"name LIKE '{prefix}%'", order_by=["name ASC"], view=view)
            assert [found.experiment_id for found in tracking.experiments.search(query).items] == expected

    @pytest.mark.parametrize(
        "query",
        [
            Query("name ="),
            Query("nonsense = 'x'"),
            Query("name = 'a' OR"),
            Query(order_by=["nonsense"]),
            Query(max_results=0),
            Query(max_results=50_001),
            Query(page_token="!"),  # noqa: S106  # a page token is no password
        ],
    )
    def test_a_search_for_experiments_that_cannot_be(self, tracking: Tracking, query: Query) -> None:
        """Is refused."""
        with pytest.raises(InvalidInput):
            tracking.experiments.search(query)


class RunsSuite:
    """The promises of `treering.tracking.base.Runs`, but for logging."""

    def test_a_run_is_filled_in(self, tracking: Tracking) -> None:
        """Id, name, times and place are made up where they are not given."""
        experiment = tracking.experiments.create(_name())
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
        experiment_id, run_id = _experiment(tracking), uuid.uuid4().hex
        run = tracking.runs.create(NewRun(experiment_id, run_id=run_id, run_name="first", start_time=12))
        assert (run.info.run_id, run.info.run_name, run.info.start_time) == (run_id, "first", 12)
        tagged = tracking.runs.create(NewRun(experiment_id, tags={RUN_NAME_TAG: "second"}))
        assert tagged.info.run_name == "second"
        both = tracking.runs.create(NewRun(experiment_id, run_name="third", tags={RUN_NAME_TAG: "third"}))
        assert both.info.run_name == "third"

    def test_a_repeated_creation_is_one_run(self, tracking: Tracking) -> None:
        """With the same id the run is returned as it is; in another experiment that is a conflict."""
        experiment_id, run_id = _experiment(tracking), uuid.uuid4().hex
        first = tracking.runs.create(NewRun(experiment_id, run_id=run_id, run_name="one"))
        again = tracking.runs.create(NewRun(experiment_id, run_id=run_id, run_name="two", tags={"x": "y"}))
        assert again.info == first.info
        assert "x" not in tracking.runs.get(run_id).data.tags
        with pytest.raises(Conflict):
            tracking.runs.create(NewRun(_experiment(tracking), run_id=run_id))

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
        experiment_id = _experiment(tracking)
        with pytest.raises(InvalidInput):
            tracking.runs.create(NewRun(experiment_id, **extra))  # type: ignore[arg-type]  # each row fits its field
        assert not tracking.runs.search(Query(experiment_ids=[experiment_id])).items

    def test_a_run_needs_an_active_experiment(self, tracking: Tracking) -> None:
        """An unknown one is not found, a deleted one refused."""
        with pytest.raises(NotFound):
            tracking.runs.create(NewRun("987654321"))
        with pytest.raises(InvalidInput):
            tracking.runs.create(NewRun(""))
        experiment_id = _experiment(tracking)
        tracking.experiments.delete(experiment_id)
        with pytest.raises(InvalidInput):
            tracking.runs.create(NewRun(experiment_id))

    def test_an_unknown_run(self, tracking: Tracking) -> None:
        """Is not found, whatever is asked."""
        for ask in (
            lambda: tracking.runs.get(_UNKNOWN),
            lambda: tracking.runs.update(_UNKNOWN, RunStatus.FINISHED),
            lambda: tracking.runs.delete(_UNKNOWN),
            lambda: tracking.runs.restore(_UNKNOWN),
            lambda: tracking.runs.delete_tag(_UNKNOWN, "a"),
            lambda: tracking.metrics.history(_UNKNOWN, "loss"),
        ):
            with pytest.raises(NotFound, match=_UNKNOWN):
                ask()

    def test_updating(self, tracking: Tracking) -> None:
        """What is None stays; RUNNING clears the end; a name is a tag as well."""
        run_id = _run(tracking)
        tracking.runs.update(run_id, RunStatus.FINISHED, 99)
        assert tracking.runs.update(run_id, run_name="new").info == tracking.runs.get(run_id).info
        run = tracking.runs.get(run_id)
        assert (run.info.status, run.info.end_time, run.info.run_name) == (RunStatus.FINISHED, 99, "new")
        assert run.data.tags[RUN_NAME_TAG] == "new"
        assert tracking.runs.update(run_id, RunStatus.RUNNING).info.end_time is None
        assert tracking.runs.get(run_id).info.run_name == "new"

    def test_deletion_can_be_undone_and_repeated(self, tracking: Tracking) -> None:
        """A deleted run can be read, and nothing else."""
        run_id = _run(tracking)
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
        experiment_id = _experiment(tracking)
        runs = [_run(tracking, experiment_id) for _ in range(3)]
        for number, run_id in enumerate(runs):
            tracking.runs.log(
                [
                    LogBatch(
                        run_id,
                        params={"depth": str(number), "kind": "tree"},
                        tags={"odd": str(number % 2)},
                        series={"loss": _points((0, 1, number / 2))},
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
        experiment_id = _experiment(tracking)
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
        one, two = _experiment(tracking), _experiment(tracking)
        first, second, gone = _run(tracking, one), _run(tracking, two), _run(tracking, two)
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
        run_id = _run(tracking)
        tracking.runs.log([LogBatch(run_id, tags={"a/b": "1"})])
        tracking.runs.delete_tag(run_id, "a/b")
        assert "a/b" not in tracking.runs.get(run_id).data.tags
        with pytest.raises(NotFound):
            tracking.runs.delete_tag(run_id, "a/b")


class LoggingSuite:
    """The promises of `treering.tracking.base.Runs.log`."""

    def test_everything_that_can_be_logged(self, tracking: Tracking) -> None:
        """Params, tags, points, datasets and models, for several runs at once."""
        experiment_id = _experiment(tracking)
        one, two = _run(tracking, experiment_id), _run(tracking, experiment_id)
        model = tracking.models.create(NewLoggedModel(experiment_id, "m")).model_id
        data = Dataset("iris", "d1", "code", "{}", "schema", "profile")
        batch = LogBatch(
            one,
            params={"lr": "0.1", "empty": ""},
            tags={"note": "växt 🌲"},
            series={"loss": _points((0, 5, 2.5), (1, 6, 1.5))},
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
        run_id = _run(tracking)
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
        experiment_id = _experiment(tracking)
        one, two = _run(tracking, experiment_id), _run(tracking, experiment_id)
        tracking.runs.log([LogBatch(one, {"a": "1"})])
        with pytest.raises(InvalidInput, match="a"):
            tracking.runs.log(
                [
                    LogBatch(two, {"b": "1"}, {"t": "1"}, {"loss": _points((0, 0, 1.0))}),
                    LogBatch(one, {"a": "2", "c": "1"}, {"t": "1"}, {"loss": _points((0, 0, 1.0))}),
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
        run_id = _run(tracking)
        with pytest.raises(NotFound, match=_UNKNOWN):
            tracking.runs.log([LogBatch(run_id, {"a": "1"}), LogBatch(_UNKNOWN, {"a": "1"})])
        assert not tracking.runs.get(run_id).data.params

    def test_the_name_tag_renames(self, tracking: Tracking) -> None:
        """The tag and the name are one thing."""
        run_id = _run(tracking)
        tracking.runs.log([LogBatch(run_id, tags={RUN_NAME_TAG: "renamed"})])
        assert tracking.runs.get(run_id).info.run_name == "renamed"

    @pytest.mark.parametrize("key", _BAD_KEYS)
    def test_a_key_that_cannot_be(self, tracking: Tracking, key: str) -> None:
        """For params, tags and metrics alike; nothing is stored."""
        run_id = _run(tracking)
        for batch in (
            LogBatch(run_id, {key: "v", "good": "v"}),
            LogBatch(run_id, tags={key: "v"}),
            LogBatch(run_id, series={key: _points((0, 0, 1.0))}),
            LogBatch(run_id, linked=[Metric(key, 1.0, 0)]),
        ):
            with pytest.raises(InvalidInput):
                tracking.runs.log([batch])
        run = tracking.runs.get(run_id)
        assert (dict(run.data.params), run.data.metrics, set(run.data.tags)) == ({}, {}, {RUN_NAME_TAG})

    @pytest.mark.parametrize("key", ["a", "val/loss 1", "a.b-c:d_e", "ključ", "k" * 250])
    def test_a_key_that_can_be(self, tracking: Tracking, key: str) -> None:
        """Letters of any script, digits, spaces and some signs."""
        run_id = _run(tracking)
        tracking.runs.log([LogBatch(run_id, {key: "p"}, {key: "t"}, {key: _points((0, 0, 1.0))})])
        run = tracking.runs.get(run_id)
        assert (run.data.params[key], run.data.tags[key], run.data.metrics[key]) == ("p", "t", 1.0)
        assert _rows(tracking.metrics.history(run_id, key)[0]) == _rows(_points((0, 0, 1.0)))

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
        run_id = _run(tracking)
        with pytest.raises(InvalidInput):
            _series(tracking, run_id, "loss", columns)
        assert not tracking.runs.get(run_id).data.metrics

    def test_a_dataset_that_cannot_be(self, tracking: Tracking) -> None:
        """Without a name, or with too long a digest."""
        run_id = _run(tracking)
        for data in (Dataset("", "d", "code", "{}"), Dataset("n", "d" * 37, "code", "{}"), Dataset("n", "", "c", "{}")):
            with pytest.raises(InvalidInput):
                tracking.runs.log([LogBatch(run_id, dataset_inputs=[DatasetInput(data)])])

    def test_long_values_are_cut(self, tracking: Tracking) -> None:
        """Params at 6000 characters and tags at 8000, unless the settings say otherwise."""
        run_id = _run(tracking)
        tracking.runs.log([LogBatch(run_id, {"p": "é" * 6001}, {"t": "é" * 8001})])
        run = tracking.runs.get(run_id)
        assert (run.data.params["p"], run.data.tags["t"]) == ("é" * 6000, "é" * 8000)

    def test_a_delivery_can_be_repeated(self, tracking: Tracking) -> None:
        """What an origin brought before is skipped; what lies beyond is taken."""
        run_id, journal = _run(tracking), uuid.uuid4().hex
        assert tracking.runs.delivered(journal) == 0
        batch = LogBatch(run_id, tags={"t": "1"}, series={"loss": _points((0, 0, 1.0))})
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
        run_id, journal = _run(tracking), uuid.uuid4().hex
        with pytest.raises(NotFound):
            tracking.runs.log([LogBatch(run_id, {"a": "1"}), LogBatch(_UNKNOWN)], Origin(journal, 10))
        assert tracking.runs.delivered(journal) == 0
        tracking.runs.log([LogBatch(run_id, {"a": "1"})], Origin(journal, 10))
        assert tracking.runs.get(run_id).data.params["a"] == "1"

    def test_many_threads_at_once(self, tracking: Tracking) -> None:
        """Lose nothing."""
        run_id = _run(tracking)

        def log(thread: int) -> None:
            for number in range(5):
                step = thread * 5 + number
                tracking.runs.log(
                    [LogBatch(run_id, {f"p{step}": "v"}, series={"loss": _points((step, step, float(step)))})]
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
        run_id = _run(tracking)
        columns = MetricColumns(
            [-(2**63), -1, 0, 1, 2, 3, 2**63 - 1],
            [0, 1, 2, 3, 4, 5, 2**63 - 1],
            [_NAN, _INFINITY, -_INFINITY, -0.0, 5e-324, 0.1, 1.7976931348623157e308],
        )
        _series(tracking, run_id, "odd", columns)
        assert _rows(tracking.metrics.history(run_id, "odd")[0]) == _rows(columns)

    def test_points_are_ordered_and_once(self, tracking: Tracking) -> None:
        """By (timestamp, step, value), over all batches; exact duplicates are one point."""
        run_id = _run(tracking)
        _series(tracking, run_id, "loss", _points((3, 30, 1.0), (1, 10, 2.0), (1, 10, 2.0), (0, 30, 9.0)))
        _series(tracking, run_id, "loss", _points((1, 10, 1.0), (3, 30, 1.0), (2, 20, _NAN), (2, 20, _NAN)))
        expected = _points((1, 10, 1.0), (1, 10, 2.0), (2, 20, _NAN), (0, 30, 9.0), (3, 30, 1.0))
        assert _rows(tracking.metrics.history(run_id, "loss")[0]) == _rows(expected)

    def test_what_has_no_points(self, tracking: Tracking) -> None:
        """An unknown key is empty; an unknown run is not found, and has nothing to be sampled."""
        run_id = _run(tracking)
        columns, token = tracking.metrics.history(run_id, "nothing", 10)
        assert (len(columns), token) == (0, "")
        assert not tracking.metrics.sample([run_id, _UNKNOWN], ["nothing"], 10)
        with pytest.raises(NotFound):
            tracking.metrics.history(_UNKNOWN, "loss")

    @pytest.mark.parametrize("size", [1, 7, 60, 61, 1000])
    def test_pages_hold_everything_once(self, tracking: Tracking, size: int) -> None:
        """Whatever their size, and though many points share one time and NaN is among them."""
        run_id = _run(tracking)
        points = [(step, step // 20, _NAN if step % 7 == 0 else float(step)) for step in range(60)]
        for start in range(0, 60, 13):
            _series(tracking, run_id, "loss", _points(*points[start : start + 13]))
        pages = _pages(tracking, run_id, "loss", size)
        assert [row for page in pages for row in _rows(page)] == _rows(_points(*points))

    def test_pages_while_points_arrive(self, tracking: Tracking) -> None:
        """New points neither repeat nor hide others, and later ones are seen."""
        run_id = _run(tracking)
        _series(tracking, run_id, "loss", _points(*((step, 10 * step, 0.5) for step in range(6))))
        first, token = tracking.metrics.history(run_id, "loss", 4)
        assert list(first.steps) == [0, 1, 2, 3]
        _series(tracking, run_id, "loss", _points((100, 5, 0.5), (3, 30, 0.5), (6, 60, 0.5)))
        rest, token = tracking.metrics.history(run_id, "loss", 4, token)
        assert (list(rest.steps), token) == ([4, 5, 6], "")

    def test_a_page_that_cannot_be(self, tracking: Tracking) -> None:
        """No size below one, no token from elsewhere."""
        run_id = _run(tracking)
        _series(tracking, run_id, "loss", _points((0, 0, 1.0)))
        for size, token in ((0, ""), (-1, ""), (10, "nonsense"), (10, "1.2"), (10, f"{2**63}.0.0")):
            with pytest.raises(InvalidInput):
                tracking.metrics.history(run_id, "loss", size, token)

    def test_a_point_at_a_time(self, tracking: Tracking) -> None:
        """Many small batches are one series in the end."""
        run_id = _run(tracking)
        for step in range(150):
            _series(tracking, run_id, "loss", _points((step, step, 1.0 / (step + 1))))
        columns, _ = tracking.metrics.history(run_id, "loss")
        assert _rows(columns) == _rows(_points(*((step, step, 1.0 / (step + 1)) for step in range(150))))
        assert tracking.runs.get(run_id).data.summaries["loss"].count == 150

    def test_many_points_at_once(self, tracking: Tracking) -> None:
        """A batch of fifty thousand comes back whole, in pages and thinned."""
        run_id, count = _run(tracking), 50_000
        columns = MetricColumns(range(count), range(count), [step / 3 for step in range(count)])
        _series(tracking, run_id, "loss", columns)
        found, token = tracking.metrics.history(run_id, "loss")
        assert (list(found.steps), list(found.values), token) == (list(columns.steps), list(columns.values), "")
        pages = _pages(tracking, run_id, "loss", 20_000)
        assert [len(page) for page in pages] == [20_000, 20_000, 10_000]
        (sampled,) = tracking.metrics.sample([run_id], ["loss"], 100)
        assert (len(sampled.steps), sampled.total) == (100, count)

    def test_the_last_point_has_the_greatest_step(self, tracking: Tracking) -> None:
        """Then the greatest time, then the greatest value, in whatever order they came."""
        run_id = _run(tracking)
        batches: Sequence[MetricColumns] = (
            _points((5, 1, 3.0), (7, 2, 4.0)),
            _points((7, 3, 1.0), (2, 99, 8.0)),
            _points((7, 3, 2.0), (7, 1, 9.0), (-4, 0, -1.0)),
        )
        for columns in batches:
            _series(tracking, run_id, "loss", columns)
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.last.step, summary.last.timestamp, summary.last.value) == (7, 3, 2.0)
        assert (summary.minimum, summary.maximum, summary.count) == (-1.0, 9.0, 7)

    def test_extremes_leave_nan_aside(self, tracking: Tracking) -> None:
        """There are none while all is NaN."""
        run_id = _run(tracking)
        _series(tracking, run_id, "loss", _points((0, 0, _NAN)))
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.minimum, summary.maximum, summary.count) == (None, None, 1)
        assert summary.last.value != summary.last.value  # only NaN differs from itself
        _series(tracking, run_id, "loss", _points((1, 1, -_INFINITY), (2, 2, _NAN), (3, 3, 4.0)))
        summary = tracking.runs.get(run_id).data.summaries["loss"]
        assert (summary.minimum, summary.maximum, summary.count, summary.last.value) == (-_INFINITY, 4.0, 4, 4.0)

    def test_a_short_series_is_not_thinned(self, tracking: Tracking) -> None:
        """Each bucket holds one point, in order of step."""
        run_id = _run(tracking)
        _series(tracking, run_id, "loss", _points((2, 0, 5.0), (0, 9, 1.0), (1, 4, _INFINITY)))
        (series,) = tracking.metrics.sample([run_id], ["loss"], 3)
        assert (series.run_id, series.key, series.total) == (run_id, "loss", 3)
        assert (list(series.steps), list(series.timestamps)) == ([0, 1, 2], [9, 4, 0])
        assert list(series.last) == list(series.minimum) == list(series.maximum) == [1.0, _INFINITY, 5.0]

    @pytest.mark.parametrize("same_step", [False, True])
    def test_a_spike_survives(self, tracking: Tracking, same_step: bool) -> None:  # noqa: FBT001  # a parameter
        """So do the first and the last point, also where all points have one step."""
        run_id = _run(tracking)
        points = [(0 if same_step else step, step, 1.0) for step in range(5000)]
        points[1234] = (points[1234][0], 1234, 77.0)
        points[4321] = (points[4321][0], 4321, -77.0)
        points[0], points[-1] = (points[0][0], 0, 3.0), (points[-1][0], 4999, 4.0)
        _series(tracking, run_id, "loss", _points(*points))
        (series,) = tracking.metrics.sample([run_id], ["loss"], 50)
        assert len(series.steps) <= 50
        assert (max(series.maximum), min(series.minimum)) == (77.0, -77.0)
        assert (series.timestamps[0], series.last[0]) == (0, 3.0)
        assert (series.timestamps[-1], series.last[-1]) == (4999, 4.0)
        assert list(series.timestamps) == sorted(series.timestamps)
        assert series.total == 5000

    def test_a_range_of_steps(self, tracking: Tracking) -> None:
        """Both ends belong to it; `total` still counts the whole series."""
        run_id = _run(tracking)
        _series(tracking, run_id, "loss", _points(*((step, step, float(step)) for step in range(100))))
        _series(tracking, run_id, "early", _points((0, 0, 1.0)))
        for first, last, expected in ((10, 12, [10, 11, 12]), (98, None, [98, 99]), (None, 1, [0, 1])):
            (series,) = tracking.metrics.sample([run_id], ["loss"], 10, first, last)
            assert (list(series.steps), series.total) == (expected, 100)
        assert not tracking.metrics.sample([run_id], ["loss", "early"], 10, 200)

    def test_several_series(self, tracking: Tracking) -> None:
        """Every run with every key that has points."""
        experiment_id = _experiment(tracking)
        one, two = _run(tracking, experiment_id), _run(tracking, experiment_id)
        _series(tracking, one, "a", _points((0, 0, 1.0)))
        _series(tracking, one, "b", _points((0, 0, 2.0)))
        _series(tracking, two, "a", _points((0, 0, 3.0)))
        found = tracking.metrics.sample([one, two], ["a", "b"], 5)
        assert {(series.run_id, series.key, *series.last) for series in found} == {
            (one, "a", 1.0),
            (one, "b", 2.0),
            (two, "a", 3.0),
        }

    def test_a_sample_that_cannot_be(self, tracking: Tracking) -> None:
        """No buckets, or more than anyone can draw."""
        run_id = _run(tracking)
        for buckets in (0, -1, 10_001):
            with pytest.raises(InvalidInput, match="max_points"):
                tracking.metrics.sample([run_id], ["loss"], buckets)


class LoggedModelsSuite:
    """The promises of `treering.tracking.base.LoggedModels`."""

    def test_the_life_of_a_model(self, tracking: Tracking) -> None:
        """Pending, ready, deleted."""
        experiment = tracking.experiments.create(_name())
        run_id = _run(tracking, experiment.experiment_id)
        asked = NewLoggedModel(experiment.experiment_id, "tree", "classifier", run_id, {"depth": "3"}, {"a": "b"})
        model_id = tracking.models.create(asked).model_id
        model = tracking.models.get(model_id)
        assert model_id.startswith("m-")
        assert (model.name, model.model_type, model.source_run_id) == ("tree", "classifier", run_id)
        assert (model.status, model.lifecycle_stage) == (LoggedModelStatus.PENDING, Lifecycle.ACTIVE)
        assert model.artifact_uri == f"{experiment.artifact_location}/models/{model_id}/artifacts"
        assert (dict(model.params), dict(model.tags)) == ({"depth": "3"}, {"a": "b"})
        assert tracking.models.finalize(model_id, LoggedModelStatus.READY).status is LoggedModelStatus.READY
        tracking.models.delete(model_id)
        for ask in (
            lambda: tracking.models.get(model_id),
            lambda: tracking.models.finalize(model_id, LoggedModelStatus.FAILED),
            lambda: tracking.models.set_tags(model_id, {"a": "c"}),
            lambda: tracking.models.delete(model_id),
        ):
            with pytest.raises(NotFound, match=model_id):
                ask()
        deleted = tracking.models.get(model_id, allow_deleted=True)
        assert (deleted.lifecycle_stage, deleted.status) == (Lifecycle.DELETED, LoggedModelStatus.READY)

    def test_a_model_name_is_made_up(self, tracking: Tracking) -> None:
        """Where none is given; names need not be unique, and some cannot be."""
        experiment_id = _experiment(tracking)
        assert tracking.models.create(NewLoggedModel(experiment_id)).name
        same = {tracking.models.create(NewLoggedModel(experiment_id, "same")).model_id for _ in range(2)}
        assert len(same) == 2
        for name in ("a/b", "a:b", "a.b", "it's"):
            with pytest.raises(InvalidInput, match="name"):
                tracking.models.create(NewLoggedModel(experiment_id, name))

    def test_an_unknown_model(self, tracking: Tracking) -> None:
        """Is not found, whatever is asked."""
        unknown = f"m-{_UNKNOWN}"
        for ask in (
            lambda: tracking.models.create(NewLoggedModel("987654321")),
            lambda: tracking.models.create(NewLoggedModel(_experiment(tracking), source_run_id=_UNKNOWN)),
            lambda: tracking.models.get(unknown, allow_deleted=True),
            lambda: tracking.models.finalize(unknown, LoggedModelStatus.READY),
            lambda: tracking.models.delete(unknown),
            lambda: tracking.models.set_tags(unknown, {"a": "b"}),
            lambda: tracking.models.delete_tag(unknown, "a"),
            lambda: tracking.models.log_params(unknown, {"a": "b"}),
        ):
            with pytest.raises(NotFound):
                ask()

    def test_tags_and_params_of_a_model(self, tracking: Tracking) -> None:
        """Tags change, params do not."""
        model_id = tracking.models.create(NewLoggedModel(_experiment(tracking), tags={"a": "1"})).model_id
        assert dict(tracking.models.set_tags(model_id, {"a": "2", "b": "3"}).tags) == {"a": "2", "b": "3"}
        tracking.models.delete_tag(model_id, "a")
        with pytest.raises(NotFound):
            tracking.models.delete_tag(model_id, "a")
        for _ in range(2):
            tracking.models.log_params(model_id, {"p": "1"})
        with pytest.raises(InvalidInput):
            tracking.models.log_params(model_id, {"p": "2", "q": "1"})
        model = tracking.models.get(model_id)
        assert (dict(model.params), dict(model.tags)) == ({"p": "1"}, {"b": "3"})

    def test_points_that_judge_a_model(self, tracking: Tracking) -> None:
        """Are on the model, the last of each key and dataset, and in the run's series as well."""
        experiment_id = _experiment(tracking)
        run_id = _run(tracking, experiment_id)
        model_id = tracking.models.create(NewLoggedModel(experiment_id, source_run_id=run_id)).model_id
        linked = [
            Metric("f1", 0.5, 10, 1, model_id, "iris", "d1"),
            Metric("f1", 0.7, 11, 2, model_id, "iris", "d1"),
            Metric("f1", 0.9, 12, 2, model_id, "wine", "d2"),
            Metric("f1", 0.1, 13, 0),
        ]
        tracking.runs.log([LogBatch(run_id, series={"f1": _points((9, 9, 0.2))}, linked=linked)])
        model = tracking.models.get(model_id)
        found = {(point.key, point.dataset_name, point.dataset_digest): point for point in model.metrics}
        assert {place: point.value for place, point in found.items()} == {
            ("f1", "iris", "d1"): 0.7,
            ("f1", "wine", "d2"): 0.9,
        }
        columns, _ = tracking.metrics.history(run_id, "f1")
        assert list(columns.values) == [0.2, 0.5, 0.7, 0.9, 0.1]

    def test_models_by_what_they_are(self, tracking: Tracking) -> None:
        """By name, params, tags, status and metrics; within a dataset where one is given."""
        experiment_id = _experiment(tracking)
        run_id = _run(tracking, experiment_id)
        ids = []
        for number in range(3):
            asked = NewLoggedModel(experiment_id, f"tree{number}", source_run_id=run_id, params={"depth": str(number)})
            ids.append(tracking.models.create(asked).model_id)
        points = [
            Metric("f1", value, 1, 0, model_id, name, digest)
            for model_id, name, digest, value in (
                (ids[0], "iris", "d1", 0.1),
                (ids[1], "iris", "d2", 0.5),
                (ids[2], "wine", "d3", 0.9),
            )
        ]
        tracking.runs.log([LogBatch(run_id, linked=points)])
        tracking.models.finalize(ids[2], LoggedModelStatus.READY)
        iris, first = Dataset("iris", "", "", ""), Dataset("iris", "d1", "", "")
        for text, datasets, expected in (
            ("", [], {0, 1, 2}),
            ("name = 'tree1'", [], {1}),
            ("params.depth = '2'", [], {2}),
            ("status = 'READY'", [], {2}),
            (f"source_run_id = '{run_id}'", [], {0, 1, 2}),
            ("metrics.f1 > 0.3", [], {1, 2}),
            ("metrics.f1 > 0.3", [iris], {1}),
            ("metrics.f1 < 0.3", [first], {0}),
        ):
            found = tracking.models.search(Query(text, experiment_ids=[experiment_id]), datasets).items
            assert {model.model_id for model in found} == {ids[number] for number in expected}, text
        assert not tracking.models.search(Query()).items
        tracking.models.delete(ids[0])
        found = tracking.models.search(Query(experiment_ids=[experiment_id])).items
        assert {model.model_id for model in found} == set(ids[1:])

    def test_models_in_pages(self, tracking: Tracking) -> None:
        """Each model is seen once, newest first."""
        experiment_id = _experiment(tracking)
        made = [tracking.models.create(NewLoggedModel(experiment_id)).model_id for _ in range(5)]
        page = tracking.models.search(Query(max_results=2, experiment_ids=[experiment_id]))
        seen = list(page.items)
        while page.next_token:
            query = Query(max_results=2, experiment_ids=[experiment_id], page_token=page.next_token)
            page = tracking.models.search(query)
            seen += page.items
        assert sorted(model.model_id for model in seen) == sorted(made)
        times = [model.creation_time for model in seen]
        assert times == sorted(times, reverse=True)
        with pytest.raises(InvalidInput):
            tracking.models.search(Query("nonsense = 1", experiment_ids=[experiment_id]))


class DatasetsSuite:
    """The promises of `treering.tracking.base.Datasets`."""

    def test_each_use_is_listed_once(self, tracking: Tracking) -> None:
        """Distinct by experiment, dataset and role; only of the experiments asked for."""
        one, two = _experiment(tracking), _experiment(tracking)
        iris, wine = Dataset("iris", "d1", "code", "{}"), Dataset("wine", "d2", "local", '{"path": "x"}')
        for experiment_id, data, context in (
            (one, iris, "train"),
            (one, iris, "train"),
            (one, iris, "test"),
            (one, wine, ""),
            (two, iris, "train"),
        ):
            tags = {CONTEXT_TAG: context} if context else {}
            used = DatasetInput(data, tags)
            tracking.runs.log([LogBatch(_run(tracking, experiment_id), dataset_inputs=[used])])
        found = [
            (experiment, data.name, data.digest, context)
            for experiment, data, context in tracking.datasets.search([one])
        ]
        assert sorted(found) == [(one, "iris", "d1", "test"), (one, "iris", "d1", "train"), (one, "wine", "d2", "")]
        assert len(tracking.datasets.search([one, two])) == 4
        assert not tracking.datasets.search([])


class TrackingSuite(ExperimentsSuite, RunsSuite, LoggingSuite, MetricsSuite, LoggedModelsSuite, DatasetsSuite):
    """All promises of `treering.tracking.base`.

    A subclass provides a fixture `tracking`, of any scope. The settings are the default ones.
    """
