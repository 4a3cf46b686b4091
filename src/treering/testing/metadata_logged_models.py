"""What every LoggedModelStore must do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, View
from treering.entities.metric import Metric
from treering.entities.page import Query
from treering.entities.run import RunChanges
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import logged_model, model_version, run_info

__all__ = ["LoggedModelSuite"]


class LoggedModelSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_create_keeps_everything(self, store: MetadataStore) -> None:
        model = replace(
            logged_model(name="clässifier"),
            model_type="pyfunc",
            source_run_id="abc",
            status_message="?",
            params={"depth": "x" * 9000},
            tags={"a": ""},
        )
        assert store.logged_models.create(model) == model
        assert store.logged_models.get(model.model_id) == model

    def test_create_needs_the_experiment(self, store: MetadataStore) -> None:
        with pytest.raises(NotFound, match="id=99 exists"):
            store.logged_models.create(logged_model("99"))

    def test_unknown_models_are_not_found(self, store: MetadataStore) -> None:
        models = store.logged_models
        for attempt in (
            lambda: models.get("m-0"),
            lambda: models.set_status("m-0", LoggedModelStatus.READY),
            lambda: models.set_lifecycle("m-0", Lifecycle.DELETED),
            lambda: models.set_tags("m-0", {"a": "b"}),
            lambda: models.delete_tag("m-0", "a"),
            lambda: models.log_params("m-0", {"a": "b"}),
        ):
            with pytest.raises(NotFound, match="Logged model with ID 'm-0' not found"):
                attempt()

    def test_status_lifecycle_and_tags_change(self, store: MetadataStore) -> None:
        model_id = store.logged_models.create(logged_model()).model_id
        ready = store.logged_models.set_status(model_id, LoggedModelStatus.READY)
        assert ready.status is LoggedModelStatus.READY
        assert ready.last_update_time > ready.creation_time
        assert store.logged_models.set_tags(model_id, {"a": "1", "b": "2"}).tags == {"a": "1", "b": "2"}
        assert store.logged_models.set_tags(model_id, {"a": "3"}).tags == {"a": "3", "b": "2"}
        store.logged_models.delete_tag(model_id, "a")
        with pytest.raises(NotFound, match="no tag 'a'"):
            store.logged_models.delete_tag(model_id, "a")
        store.logged_models.set_lifecycle(model_id, Lifecycle.DELETED)
        found = store.logged_models.get(model_id)
        assert (found.lifecycle_stage, found.tags) == (Lifecycle.DELETED, {"b": "2"})

    def test_params_are_written_once(self, store: MetadataStore) -> None:
        model_id = store.logged_models.create(logged_model()).model_id
        store.logged_models.log_params(model_id, {"a": "1"})
        store.logged_models.log_params(model_id, {"a": "1", "b": "2"})
        with pytest.raises(InvalidInput, match="'a'"):
            store.logged_models.log_params(model_id, {"c": "3", "a": "2"})
        assert store.logged_models.get(model_id).params == {"a": "1", "b": "2"}

    def test_points_that_judge_a_model_are_kept_last_per_key_and_dataset(self, store: MetadataStore) -> None:
        model_id = store.logged_models.create(logged_model()).model_id
        run_id = store.runs.create(run_info(), {}).info.run_id

        def log(*points: Metric) -> Sequence[Metric]:
            store.runs.apply([RunChanges(run_id, linked=points)], None)
            return store.logged_models.get(model_id).metrics

        first = Metric("acc", 0.5, 10, 1, model_id, "eval", "d1", run_id)
        assert list(log(first, replace(first, value=0.4, step=0))) == [first]
        assert list(log(replace(first, value=0.9, step=0))) == [first]
        better = replace(first, value=0.8, step=2)
        other = replace(first, value=math.inf, dataset_digest="d2", run_id="")
        bare = replace(first, dataset_name="", dataset_digest="", value=0.1)
        found = log(better, other, bare, replace(first, model_id=""))
        assert list(found) == [bare, better, replace(other, run_id=run_id)]

    def test_a_point_may_come_before_its_model(self, store: MetadataStore) -> None:
        model = logged_model()
        run_id = store.runs.create(run_info(), {}).info.run_id
        point = Metric("acc", 0.5, 10, 1, model.model_id, run_id=run_id)
        store.runs.apply([RunChanges(run_id, linked=[point])], None)
        assert list(store.logged_models.create(model).metrics) == [point]

    def test_registrations_follow_the_registry(self, store: MetadataStore) -> None:
        model_id = store.logged_models.create(logged_model()).model_id
        store.registered_models.create("reg", "", {})
        store.model_versions.create(model_version("reg", model_id=model_id))
        store.model_versions.create(model_version("reg"))
        assert list(store.logged_models.get(model_id).registrations) == [("reg", 1)]
        store.registered_models.rename("reg", "new")
        assert list(store.logged_models.get(model_id).registrations) == [("new", 1)]
        store.model_versions.delete("new", 1)
        assert list(store.logged_models.get(model_id).registrations) == []

    def test_search(self, store: MetadataStore) -> None:
        other = store.experiments.create("other", "/r", "", {}).experiment_id
        names: dict[str, str] = {}
        for number, name in enumerate(["oak", "fir", "elm"]):
            model = replace(logged_model(name=name, created=1000 + number), params={"n": str(number)})
            names[name] = store.logged_models.create(model).model_id
        store.logged_models.create(logged_model(other, "elsewhere"))
        store.logged_models.set_status(names["fir"], LoggedModelStatus.READY)
        store.logged_models.set_lifecycle(names["elm"], Lifecycle.DELETED)

        def found(text: str, *order: str, view: View = View.ACTIVE_ONLY) -> list[str]:
            query = Query(filter=text, order_by=order, experiment_ids=["0"], view=view)
            return [model.name for model in store.logged_models.search(query, []).items]

        assert found("") == ["fir", "oak"]
        assert found("", view=View.ALL) == ["elm", "fir", "oak"]
        assert found("status = 'READY'") == ["fir"]
        assert found("attributes.name IN ('oak', 'elm') AND creation_timestamp < 1001") == ["oak"]
        assert found("params.n != '1'") == ["oak"]
        assert found(f"model_id = '{names['oak']}' OR creation_time = 1001", "name") == ["fir", "oak"]
        assert found("", "params.n DESC", view=View.DELETED_ONLY) == ["elm"]

    def test_metric_conditions_look_at_the_given_datasets(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id
        values = {"a": {"train": 0.9, "test": 0.1}, "b": {"train": 0.2, "test": 0.8}, "c": {}}
        for name, by_dataset in values.items():
            model_id = store.logged_models.create(logged_model(name=name)).model_id
            points = [
                Metric("acc", value, 10, 1, model_id, dataset, f"{dataset}-digest", run_id)
                for dataset, value in by_dataset.items()
            ]
            store.runs.apply([RunChanges(run_id, linked=points)], None)

        def found(text: str, datasets: Sequence[Dataset], *order: str) -> list[str]:
            query = Query(filter=text, order_by=order, experiment_ids=["0"])
            return [model.name for model in store.logged_models.search(query, datasets).items]

        train, test = Dataset("train", "train-digest", "", ""), Dataset("test", "", "", "")
        assert sorted(found("metrics.acc > 0.5", [])) == ["a", "b"]
        assert found("metrics.acc > 0.5", [train]) == ["a"]
        assert found("metrics.acc > 0.5", [test]) == ["b"]
        assert found("metrics.acc > 0.5", [Dataset("test", "wrong", "", "")]) == []
        assert found("", [train], "metrics.acc") == ["b", "a", "c"]
        assert found("", [test], "metrics.acc") == ["a", "b", "c"]
        assert found("", [], "metrics.acc ON 'test' DESC") == ["b", "a", "c"]
        assert found("", [], "metrics.acc ON 'train' 'train-digest' DESC") == ["a", "b", "c"]

    def test_pages_ordered_by_a_metric(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id
        for name, value in {"a": 2.0, "b": math.nan, "c": -math.inf, "d": None, "e": 2.0}.items():
            model_id = store.logged_models.create(logged_model(name=name)).model_id
            if value is not None:
                store.runs.apply([RunChanges(run_id, linked=[Metric("acc", value, 1, 1, model_id)])], None)
        names: list[str] = []
        token = ""
        while True:
            query = Query(order_by=["metrics.acc", "name"], experiment_ids=["0"], max_results=2, page_token=token)
            page = store.logged_models.search(query, [])
            names += [model.name for model in page.items]
            token = page.next_token
            if not token:
                break
        assert names == ["c", "a", "e", "b", "d"]
