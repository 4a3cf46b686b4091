"""What logged models and datasets must do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus
from treering.entities.metric import Metric
from treering.entities.page import Query
from treering.entities.run import LogBatch
from treering.testing.tracking.given import UNKNOWN, new_experiment, new_name, new_run, points_of
from treering.tracking.base import NewLoggedModel, Tracking

__all__ = ["DatasetsSuite", "LoggedModelsSuite"]


class LoggedModelsSuite:
    """The promises of `treering.tracking.base.LoggedModels`."""

    def test_the_life_of_a_model(self, tracking: Tracking) -> None:
        """Pending, ready, deleted."""
        experiment = tracking.experiments.create(new_name())
        run_id = new_run(tracking, experiment.experiment_id)
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
        experiment_id = new_experiment(tracking)
        assert tracking.models.create(NewLoggedModel(experiment_id)).name
        same = {tracking.models.create(NewLoggedModel(experiment_id, "same")).model_id for _ in range(2)}
        assert len(same) == 2
        for name in ("a/b", "a:b", "a.b", "it's"):
            with pytest.raises(InvalidInput, match="name"):
                tracking.models.create(NewLoggedModel(experiment_id, name))

    def test_an_unknown_model(self, tracking: Tracking) -> None:
        """Is not found, whatever is asked."""
        unknown = f"m-{UNKNOWN}"
        for ask in (
            lambda: tracking.models.create(NewLoggedModel("987654321")),
            lambda: tracking.models.create(NewLoggedModel(new_experiment(tracking), source_run_id=UNKNOWN)),
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
        model_id = tracking.models.create(NewLoggedModel(new_experiment(tracking), tags={"a": "1"})).model_id
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
        experiment_id = new_experiment(tracking)
        run_id = new_run(tracking, experiment_id)
        made_by = new_run(tracking, experiment_id)
        model_id = tracking.models.create(NewLoggedModel(experiment_id, source_run_id=made_by)).model_id
        linked = [
            Metric("f1", 0.5, 10, 1, model_id, "iris", "d1"),
            Metric("f1", 0.7, 11, 2, model_id, "iris", "d1"),
            Metric("f1", 0.9, 12, 2, model_id, "wine", "d2"),
            Metric("f1", 0.1, 13, 0),
        ]
        tracking.runs.log([LogBatch(run_id, series={"f1": points_of((9, 9, 0.2))}, linked=linked)])
        model = tracking.models.get(model_id)
        found = {(point.key, point.dataset_name, point.dataset_digest): point for point in model.metrics}
        assert {place: point.value for place, point in found.items()} == {
            ("f1", "iris", "d1"): 0.7,
            ("f1", "wine", "d2"): 0.9,
        }
        # Of the run that judged, which need not be the one that made the model.
        assert {point.run_id for point in model.metrics} == {run_id}
        columns, _ = tracking.metrics.history(run_id, "f1")
        assert list(columns.values) == [0.2, 0.5, 0.7, 0.9, 0.1]

    def test_models_by_what_they_are(self, tracking: Tracking) -> None:
        """By name, params, tags, status and metrics; within a dataset where one is given."""
        experiment_id = new_experiment(tracking)
        run_id = new_run(tracking, experiment_id)
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
        experiment_id = new_experiment(tracking)
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

    def test_the_overview_counts_runs(self, tracking: Tracking) -> None:
        """By name and digest; with a schema where one name is asked for."""
        one, two, name = new_experiment(tracking), new_experiment(tracking), new_name()
        wine = Dataset(name, "d1", "local", '{"path": "x"}', '{"mlflow_colspec": []}', '{"num_rows": 3}')
        rye = Dataset(f"{name}-rye", "d1", "code", "{}")
        for experiment_id, data in (
            (one, wine),
            (one, wine),
            (two, wine),
            (two, replace(wine, digest="d2")),
            (two, rye),
        ):
            tracking.runs.log([LogBatch(new_run(tracking, experiment_id), dataset_inputs=[DatasetInput(data)])])
        found, truncated = tracking.datasets.overview([one, two])
        assert {(each.dataset.name, each.dataset.digest, each.runs) for each in found} == {
            (name, "d1", 3),
            (name, "d2", 1),
            (rye.name, "d1", 1),
        }
        assert not truncated
        assert all(each.first_used <= each.last_used for each in found)
        assert {each.dataset.schema for each in found} == {""}
        (first,) = [each for each in tracking.datasets.overview((), name)[0] if each.dataset.digest == "d1"]
        assert (first.dataset, first.runs, set(first.experiment_ids)) == (wine, 3, {one, two})
        assert [each.runs for each in tracking.datasets.overview([one], name)[0]] == [2]
        assert tracking.datasets.overview([one], new_name()) == ([], False)
