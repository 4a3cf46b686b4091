"""What tracking must do, near and far: subclass `TrackingSuite` and give it a `tracking` fixture.

The suites make experiments of their own and look at nothing else, so that one
store or server may serve all tests. A fixture of the whole module is enough.
"""

from __future__ import annotations

import pytest

from treering.core.clock import now
from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.page import Query
from treering.entities.run import LogBatch, NewRun
from treering.testing.tracking_metrics import MetricsSuite
from treering.testing.tracking_models import LoggedModelsSuite
from treering.testing.tracking_runs import LoggingSuite, RunsSuite
from treering.testing.tracking_things import new_experiment, new_name, new_run
from treering.tracking.base import Tracking

__all__ = [
    "DatasetsSuite",
    "ExperimentsSuite",
    "LoggedModelsSuite",
    "LoggingSuite",
    "MetricsSuite",
    "RunsSuite",
    "TrackingSuite",
]


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


class DatasetsSuite:
    """The promises of `treering.tracking.base.Datasets`."""

    def test_each_use_is_listed_once(self, tracking: Tracking) -> None:
        """Distinct by experiment, dataset and role; only of the experiments asked for."""
        one, two = new_experiment(tracking), new_experiment(tracking)
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
            tracking.runs.log([LogBatch(new_run(tracking, experiment_id), dataset_inputs=[used])])
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
