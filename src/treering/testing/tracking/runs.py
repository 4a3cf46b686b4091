"""What experiments and runs must do."""

from __future__ import annotations

import uuid

import pytest

from treering.core.clock import now
from treering.core.errors import AlreadyExists, BadFilter, Conflict, InvalidInput, NotFound
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, ExperimentActivity
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.page import Query
from treering.entities.run import RUN_NAME_TAG, LogBatch, NewRun
from treering.testing.tracking.given import UNKNOWN, ids_of, new_experiment, new_name, new_run, points_of
from treering.tracking.base import Tracking

__all__ = ["ExperimentsSuite", "RunsSuite"]


class ExperimentsSuite:
    """The promises of `treering.tracking.base.Experiments`."""

    def test_the_default_experiment_is_there(self, tracking: Tracking) -> None:
        """Every store starts with experiment 0, which has a place for artifacts."""
        found = tracking.experiments.get(DEFAULT_EXPERIMENT_ID)
        assert found.name == DEFAULT_EXPERIMENT_NAME
        assert found.artifact_location.endswith(f"/{DEFAULT_EXPERIMENT_ID}")

    def test_what_was_created_is_found(self, tracking: Tracking) -> None:
        """By id and by name, with its tags and a place of its own."""
        before, name = now(), new_name()
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
        made = tracking.experiments.create(new_name(), "s3://bucket/some/where")
        assert tracking.experiments.get(made.experiment_id).artifact_location == "s3://bucket/some/where"
        run = tracking.runs.create(NewRun(made.experiment_id))
        assert run.info.artifact_uri == f"s3://bucket/some/where/{run.info.run_id}/artifacts"

    def test_a_name_is_taken_once(self, tracking: Tracking) -> None:
        """Until the experiment that has it is deleted."""
        name = new_name()
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
        experiment_id = new_experiment(tracking)
        with pytest.raises(InvalidInput):
            tracking.experiments.rename(experiment_id, name)

    def test_an_overview_says_what_goes_on(self, tracking: Tracking) -> None:
        """How many runs there are, how many of them run, and when the newest began; in the order asked for."""
        busy, idle = new_experiment(tracking), new_experiment(tracking)
        done = tracking.runs.create(NewRun(busy, start_time=5000))
        tracking.runs.create(NewRun(busy, start_time=4000))
        tracking.runs.update(done.info.run_id, RunStatus.FINISHED, 6000)
        gone = tracking.runs.create(NewRun(busy, start_time=9000))
        tracking.runs.delete(gone.info.run_id)
        assert list(tracking.experiments.overview([idle, busy])) == [
            ExperimentActivity(idle),
            ExperimentActivity(busy, 2, 1, 5000),
        ]
        with pytest.raises(InvalidInput, match="at most 5000"):
            tracking.experiments.overview([busy] * 5001)

    @pytest.mark.parametrize(
        "location", ["s3://bucket/../x", "s3://bucket/a?b=c", "s3://bucket/a#b", "s3://" + "x" * 2048]
    )
    def test_a_location_that_cannot_be(self, tracking: Tracking, location: str) -> None:
        """One that climbs, has more than a path, or is too long."""
        with pytest.raises(InvalidInput, match="artifact_location"):
            tracking.experiments.create(new_name(), location)

    def test_an_unknown_experiment(self, tracking: Tracking) -> None:
        """Is not found, whatever is asked."""
        for ask in (
            lambda: tracking.experiments.get("987654321"),
            lambda: tracking.experiments.get_by_name(new_name()),
            lambda: tracking.experiments.rename("987654321", new_name()),
            lambda: tracking.experiments.delete("987654321"),
            lambda: tracking.experiments.restore("987654321"),
            lambda: tracking.experiments.set_tags("987654321", {"a": "b"}),
            lambda: tracking.experiments.delete_tag("987654321", "a"),
        ):
            with pytest.raises(NotFound):
                ask()

    def test_renaming(self, tracking: Tracking) -> None:
        """Frees the old name; onto a taken name it fails."""
        old, new = new_name(), new_name()
        made = tracking.experiments.create(old)
        tracking.experiments.rename(made.experiment_id, new)
        assert tracking.experiments.get_by_name(new).experiment_id == made.experiment_id
        other = tracking.experiments.create(old)
        with pytest.raises(AlreadyExists):
            tracking.experiments.rename(other.experiment_id, new)

    def test_deletion_takes_the_active_runs_along(self, tracking: Tracking) -> None:
        """And restoring brings those back, but not one that was deleted before."""
        experiment_id = new_experiment(tracking)
        kept, gone = new_run(tracking, experiment_id), new_run(tracking, experiment_id)
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
        made = tracking.experiments.create(new_name(), tags={"a": "1", "b": "2"})
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
        prefix = new_name()
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
        prefix = new_name()
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

    def test_nul_is_refused(self, tracking: Tracking) -> None:
        """By every store alike, though some could keep it."""
        run_id = new_run(tracking)
        for batch in (LogBatch(run_id, params={"a": "b\0"}), LogBatch(run_id, tags={"a": "b\0"})):
            with pytest.raises(InvalidInput, match="NUL"):
                tracking.runs.log([batch])
        with pytest.raises(InvalidInput, match="NUL"):
            tracking.runs.update(run_id, run_name="a\0")
        with pytest.raises(InvalidInput, match="NUL"):
            tracking.experiments.create(f"{new_name()}\0")

    def test_an_unknown_run(self, tracking: Tracking) -> None:
        """Is not found, whatever is asked."""
        for ask in (
            lambda: tracking.runs.get(UNKNOWN),
            lambda: tracking.runs.update(UNKNOWN, RunStatus.FINISHED),
            lambda: tracking.runs.delete(UNKNOWN),
            lambda: tracking.runs.restore(UNKNOWN),
            lambda: tracking.runs.delete_tag(UNKNOWN, "a"),
            lambda: tracking.metrics.history(UNKNOWN, "loss"),
        ):
            with pytest.raises(NotFound, match=UNKNOWN):
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
                        series={"loss": points_of((0, 1, number / 2))},
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
            ("params.depth >= 1", {1, 2}),
            ("metrics.loss.max > 0.4 AND metrics.loss.count = 1", {1, 2}),
            ("start_time > now() - 1d OR start_time < '1971-01-01'", {0, 1, 2}),
        ):
            found = tracking.runs.search(Query(text, experiment_ids=[experiment_id])).items
            assert set(ids_of(found)) == {runs[number] for number in expected}, text
        query = Query(order_by=["metrics.loss DESC"], experiment_ids=[experiment_id])
        assert ids_of(tracking.runs.search(query).items) == runs[::-1]

    def test_runs_in_pages(self, tracking: Tracking) -> None:
        """Newest first; each run is seen once, though others start in between."""
        experiment_id = new_experiment(tracking)
        runs = [
            tracking.runs.create(NewRun(experiment_id, start_time=number)).info.run_id for number in (3, 1, 4, 2, 5)
        ]
        page = tracking.runs.search(Query(max_results=2, experiment_ids=[experiment_id], with_total=True))
        assert page.total == 5
        seen = ids_of(page.items)
        tracking.runs.create(NewRun(experiment_id, start_time=9))
        while page.next_token:
            query = Query(max_results=2, experiment_ids=[experiment_id], page_token=page.next_token)
            page = tracking.runs.search(query)
            seen += ids_of(page.items)
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
            assert set(ids_of(found)) == expected

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

    @pytest.mark.parametrize(
        ("query", "text", "start", "end"),
        [
            (Query("metrics.loss <", experiment_ids=["0"]), "metrics.loss <", 14, 14),
            (Query("start_tim > 1", experiment_ids=["0"]), "start_tim > 1", 0, 9),
            (Query(order_by=["run_name", "loss UP"], experiment_ids=["0"]), "loss UP", 0, 4),
        ],
    )
    def test_a_filter_that_cannot_be_understood(
        self, tracking: Tracking, query: Query, text: str, start: int, end: int
    ) -> None:
        """Is refused with the place, near and far."""
        with pytest.raises(BadFilter) as caught:
            tracking.runs.search(query)
        mistake = caught.value.mistake
        assert mistake is not None
        assert (mistake.text, mistake.start, mistake.end) == (text, start, end)
        assert caught.value.message == f"{mistake.reason}\n  {text}\n  {' ' * start}^"

    def test_removing_a_tag(self, tracking: Tracking) -> None:
        """Once."""
        run_id = new_run(tracking)
        tracking.runs.log([LogBatch(run_id, tags={"a/b": "1"})])
        tracking.runs.delete_tag(run_id, "a/b")
        assert "a/b" not in tracking.runs.get(run_id).data.tags
        with pytest.raises(NotFound):
            tracking.runs.delete_tag(run_id, "a/b")
