"""What a metadata database must do to keep the house: take things in as they were, and remove them for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.deleted import Kind
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.metric import Metric
from treering.entities.model import RegisteredModel
from treering.entities.page import Query
from treering.entities.run import ModelOutput, Origin, Run, RunChanges
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import add_run, logged_model, model_version, run_info, segment, summary

__all__ = ["UpkeepSuite"]

_MANY = 250
_DATA = Dataset("wheat", "d1", "local", "s3://x")


def _full_run(store: MetadataStore, experiment_id: str = "0", dataset: Dataset = _DATA, model_id: str = "") -> str:
    """A run that something of every kind hangs on."""
    run_id = store.runs.create(run_info(experiment_id), {"tag": "x" * 300}).info.run_id
    changes = RunChanges(
        run_id,
        params={"lr": "0.1"},
        metrics={"loss": summary(1.0, 2.0)},
        segments=[segment(run_id, count=2)],
        dataset_inputs=[DatasetInput(dataset)],
        model_outputs=[ModelOutput(model_id)] if model_id else [],
        linked=[Metric("loss", 1.0, 1000, 0, model_id=model_id, run_id=run_id)] if model_id else [],
    )
    store.runs.apply([changes], None)
    return run_id


def _deleted_run(store: MetadataStore, experiment_id: str = "0") -> str:
    run_id = _full_run(store, experiment_id)
    store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
    return run_id


def _all_runs(store: MetadataStore, *experiment_ids: str) -> list[str]:
    query = Query(experiment_ids=experiment_ids or ("0",), view=View.ALL)
    return sorted(run.info.run_id for run in store.runs.search(query).items)


def _deleted(store: MetadataStore, kind: Kind) -> list[str]:
    return [item.item_id for item in store.upkeep.deleted() if item.kind is kind]


def _gone(*looks: Callable[[], object]) -> None:
    for look in looks:
        with pytest.raises(NotFound):
            look()


class UpkeepSuite:
    """Needs a fixture `store`, new and empty for each test."""

    # Taking in

    def test_an_experiment_is_taken_in_as_it_was(self, store: MetadataStore) -> None:
        given = Experiment("70", "ü", "file:///a/70", Lifecycle.DELETED, 5, 6, {"k": "v", "long": "x" * 400})
        made = store.upkeep.put_experiment(given)
        assert made == replace(given, experiment_id=made.experiment_id, lifecycle_stage=Lifecycle.ACTIVE)
        assert store.experiments.get(made.experiment_id) == made
        with pytest.raises(AlreadyExists, match="ü"):
            store.upkeep.put_experiment(given)
        # Those that come later get ids of their own.
        later = store.experiments.create("later", "file:///a", "", {})
        same_id = store.upkeep.put_experiment(replace(given, experiment_id=made.experiment_id, name="other"))
        assert len({made.experiment_id, later.experiment_id, same_id.experiment_id, "0"}) == 4

    def test_the_name_of_a_deleted_experiment_is_free(self, store: MetadataStore) -> None:
        old = store.experiments.create("x", "file:///a", "", {})
        store.experiments.set_lifecycle(old.experiment_id, Lifecycle.DELETED)
        made = store.upkeep.put_experiment(replace(old, experiment_id="70"))
        assert made.experiment_id != old.experiment_id
        assert store.experiments.get_by_name("x") == made

    def test_a_registered_model_is_taken_in_once(self, store: MetadataStore) -> None:
        given = RegisteredModel("m", 5, 6, "why", {"k": "v"}, {"best": 3})
        for one in (given, replace(given, description="another", tags={})):
            store.upkeep.put_registered_model(one)
            found = store.registered_models.get("m")
            assert found == replace(given, aliases={}, latest_versions=found.latest_versions)
            assert list(found.latest_versions) == []

    def test_a_version_keeps_its_number_and_no_other_gets_it(self, store: MetadataStore) -> None:
        given = replace(model_version("m"), version=3, stage="Staging", tags={"k": "v"}, description="why")
        with pytest.raises(NotFound, match="Create it first"):
            store.upkeep.put_version(given)
        store.registered_models.create("m", "", {})
        for one in (given, replace(given, description="another"), replace(given, version=1)):
            store.upkeep.put_version(one)
        assert store.model_versions.get("m", 3) == given
        assert store.model_versions.create(model_version("m")).version == 4
        store.model_versions.delete("m", 4)
        store.upkeep.put_version(replace(given, version=2))
        assert store.model_versions.create(model_version("m")).version == 5

    # What was deleted

    def test_what_was_deleted_is_listed_and_nothing_else(self, store: MetadataStore) -> None:
        assert list(store.upkeep.deleted()) == []
        add_run(store)
        store.logged_models.create(logged_model())
        run_ids = sorted(_deleted_run(store) for _ in range(2))
        model = store.logged_models.create(logged_model())
        store.logged_models.set_lifecycle(model.model_id, Lifecycle.DELETED)
        experiment = store.experiments.create("x", "file:///a", "", {})
        store.experiments.set_lifecycle(experiment.experiment_id, Lifecycle.DELETED)
        found = list(store.upkeep.deleted())
        assert [(item.kind, item.item_id) for item in found] == [
            *((Kind.RUN, run_id) for run_id in run_ids),
            (Kind.LOGGED_MODEL, model.model_id),
            (Kind.EXPERIMENT, experiment.experiment_id),
        ]
        assert [item.artifact_uri for item in found] == [
            *("file:///artifacts/0/1",) * 2, model.artifact_uri, experiment.artifact_location,
        ]  # fmt: skip
        assert [item.experiment_id for item in found] == ["0", "0", "0", experiment.experiment_id]
        assert all(item.deleted is None or item.deleted > 1000 for item in found)

    def test_what_is_restored_is_listed_no_more(self, store: MetadataStore) -> None:
        run_id = _deleted_run(store)
        store.runs.set_lifecycle(run_id, Lifecycle.ACTIVE)
        assert list(store.upkeep.deleted()) == []
        with pytest.raises(InvalidInput, match="is active"):
            store.upkeep.purge_runs([run_id])

    # Runs

    def test_a_run_goes_with_all_that_hangs_on_it(self, store: MetadataStore) -> None:
        model = store.logged_models.create(logged_model())
        run_id = _full_run(store, model_id=model.model_id)
        store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
        assert len(store.logged_models.get(model.model_id).metrics) == 1
        assert store.upkeep.purge_runs([run_id]) == 1
        _gone(lambda: store.runs.get(run_id), lambda: store.runs.set_lifecycle(run_id, Lifecycle.ACTIVE))
        assert _all_runs(store) == []
        assert list(store.series.segments(run_id, "loss")) == []
        assert list(store.series.walk(0, 10)) == []
        assert list(store.datasets.search(["0"], 10)) == []
        assert list(store.logged_models.get(model.model_id).metrics) == []
        assert list(store.upkeep.deleted()) == []

    def test_other_runs_keep_theirs(self, store: MetadataStore) -> None:
        own = Dataset("own", "d2", "local", "s")
        kept, gone = _full_run(store), _deleted_run(store)
        alone = _full_run(store, dataset=own)
        store.runs.set_lifecycle(alone, Lifecycle.DELETED)
        before: Run = store.runs.get(kept)
        assert store.upkeep.purge_runs([gone, alone]) == 2
        assert store.runs.get(kept) == before
        assert len(store.series.segments(kept, "loss")) == 1
        assert [dataset.name for _, dataset, _ in store.datasets.search(["0"], 10)] == ["wheat"]

    def test_once_is_enough_and_unknown_ones_are_passed_over(self, store: MetadataStore) -> None:
        run_id = _deleted_run(store)
        assert store.upkeep.purge_runs([]) == 0
        assert store.upkeep.purge_runs(["nobody", run_id]) == 1
        assert store.upkeep.purge_runs(["nobody", run_id]) == 0

    def test_one_active_run_keeps_all(self, store: MetadataStore) -> None:
        active, run_id = _full_run(store), _deleted_run(store)
        with pytest.raises(InvalidInput, match=f"'{active}' is active"):
            store.upkeep.purge_runs([run_id, active])
        assert _all_runs(store) == sorted([active, run_id])

    def test_what_comes_late_for_it_is_refused(self, store: MetadataStore) -> None:
        run_id = _deleted_run(store)
        store.upkeep.purge_runs([run_id])
        with pytest.raises(NotFound):
            store.runs.apply([RunChanges(run_id, tags={"a": "b"})], Origin("journal", 10))
        assert store.runs.delivered("journal") == 0
        # The id is free, and nothing of the former run comes back.
        again = store.runs.create(run_info(run_id=run_id), {})
        assert (dict(again.data.params), dict(again.data.summaries)) == ({}, {})
        assert list(store.series.segments(run_id, "loss")) == []

    def test_many_at_once(self, store: MetadataStore) -> None:
        run_ids = [store.runs.create(run_info(), {}).info.run_id for _ in range(_MANY)]
        for run_id in run_ids:
            store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
        kept = add_run(store).info.run_id
        assert store.upkeep.purge_runs(run_ids) == _MANY
        assert _all_runs(store) == [kept]

    def test_two_who_remove_the_same_do_not_count_it_twice(self, store: MetadataStore) -> None:
        run_ids = [_deleted_run(store) for _ in range(20)]

        def purge(ids: Sequence[str]) -> int:
            return sum(store.upkeep.purge_runs([run_id]) for run_id in ids)

        with ThreadPoolExecutor(2) as pool:
            counts = list(pool.map(purge, (run_ids, run_ids[::-1])))
        assert sum(counts) == 20
        assert _all_runs(store) == []

    # Logged models

    def test_a_model_goes_with_all_that_hangs_on_it(self, store: MetadataStore) -> None:
        model, other = (store.logged_models.create(logged_model()) for _ in range(2))
        run_id = _full_run(store, model_id=model.model_id)
        _full_run(store, model_id=other.model_id)
        store.logged_models.log_params(model.model_id, {"depth": "3"})
        store.logged_models.set_tags(model.model_id, {"k": "v"})
        with pytest.raises(InvalidInput, match="is active"):
            store.upkeep.purge_logged_models([model.model_id])
        store.logged_models.set_lifecycle(model.model_id, Lifecycle.DELETED)
        assert store.upkeep.purge_logged_models([model.model_id, "m-nobody", model.model_id]) == 1
        assert store.upkeep.purge_logged_models([model.model_id]) == 0
        _gone(lambda: store.logged_models.get(model.model_id))
        query = Query(experiment_ids=["0"], view=View.ALL)
        assert [one.model_id for one in store.logged_models.search(query, ()).items] == [other.model_id]
        assert len(store.logged_models.get(other.model_id).metrics) == 1
        # The run that wrote it remembers that it did.
        assert [one.model_id for one in store.runs.get(run_id).outputs.model_outputs] == [model.model_id]
        again = store.logged_models.create(model)
        assert (dict(again.params), dict(again.tags), list(again.metrics)) == ({}, {}, [])

    def test_one_active_model_keeps_all(self, store: MetadataStore) -> None:
        model, active = (store.logged_models.create(logged_model()) for _ in range(2))
        store.logged_models.set_lifecycle(model.model_id, Lifecycle.DELETED)
        with pytest.raises(InvalidInput, match="is active"):
            store.upkeep.purge_logged_models([model.model_id, active.model_id])
        assert store.logged_models.get(model.model_id).model_id == model.model_id

    # Experiments

    def test_an_experiment_goes_with_all_it_holds(self, store: MetadataStore) -> None:
        experiment = store.experiments.create("x", "file:///a", "", {"k": "v"}).experiment_id
        kept = _full_run(store)
        runs = [_full_run(store, experiment), _deleted_run(store, experiment)]
        model = store.logged_models.create(logged_model(experiment))
        with pytest.raises(InvalidInput, match="is active"):
            store.upkeep.purge_experiment(experiment)
        store.experiments.set_lifecycle(experiment, Lifecycle.DELETED)
        assert store.upkeep.purge_experiment(experiment) == 1
        assert store.upkeep.purge_experiment(experiment) == 0
        _gone(
            lambda: store.experiments.get(experiment),
            lambda: store.experiments.get_by_name("x"),
            lambda: store.logged_models.get(model.model_id),
            *(lambda run_id=run_id: store.runs.get(run_id) for run_id in runs),
        )
        assert list(store.datasets.search([experiment], 10)) == []
        assert list(store.upkeep.deleted()) == []
        assert _all_runs(store, "0", experiment) == [kept]
        again = store.experiments.create("x", "file:///a", "", {})
        assert dict(again.tags) == {}
        assert _all_runs(store, again.experiment_id) == []

    def test_an_experiment_of_many_runs(self, store: MetadataStore) -> None:
        experiment = store.experiments.create("x", "file:///a", "", {}).experiment_id
        for _ in range(_MANY):
            store.runs.create(run_info(experiment), {})
        store.experiments.set_lifecycle(experiment, Lifecycle.DELETED)
        assert len(_deleted(store, Kind.RUN)) == _MANY
        assert store.upkeep.purge_experiment(experiment) == 1
        assert list(store.upkeep.deleted()) == []

    # What the doctor looks at

    def test_all_blocks_are_walked_in_order(self, store: MetadataStore) -> None:
        run_ids = [_full_run(store) for _ in range(3)]
        first = store.series.walk(0, 2)
        rest = store.series.walk(first[-1].segment_id, 2)
        assert [block.run_id for block in (*first, *rest)] == run_ids
        assert [block.data for block in rest] == [b"\0\xff"]
        assert list(store.series.walk(rest[-1].segment_id, 2)) == []

    def test_series_without_all_their_points_are_found(self, store: MetadataStore) -> None:
        _full_run(store)
        run_id = store.runs.create(run_info(), {}).info.run_id
        short = {"a": summary(1.0, 2.0, key="a"), "b": summary(1.0, key="b")}
        store.runs.apply([RunChanges(run_id, metrics=short, segments=[segment(run_id, "a")])], None)
        assert list(store.series.uneven(10)) == [(run_id, "a", 1, 2), (run_id, "b", 0, 1)]
        assert list(store.series.uneven(1)) == [(run_id, "a", 1, 2)]
