"""What a metadata database must know of what came of what, and of how datasets were used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from treering.core.errors import NotFound
from treering.entities.dataset import CONTEXT_TAG, OUTPUT_CONTEXT, Dataset, DatasetInput, DatasetVersion
from treering.entities.lifecycle import Lifecycle
from treering.entities.run import PARENT_RUN_TAG, ModelInput, ModelOutput, RunChanges
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import logged_model, model_version, run_info

__all__ = ["RelationSuite"]

_WHEAT = Dataset("wheat/2024", "d1", "local", "s3://x", '{"mlflow_colspec": []}', '{"num_rows": 5}')


def _run(store: MetadataStore, experiment_id: str = "0", start_time: int = 1000, parent: str = "") -> str:
    tags = {PARENT_RUN_TAG: parent} if parent else {}
    return store.runs.create(run_info(experiment_id, start_time=start_time), tags).info.run_id


def _use(store: MetadataStore, run_id: str, *datasets: Dataset, context: str = "train") -> str:
    tags = {CONTEXT_TAG: context} if context else {}
    store.runs.apply([RunChanges(run_id, dataset_inputs=[DatasetInput(one, tags) for one in datasets])], None)
    return run_id


def _other(store: MetadataStore) -> str:
    return store.experiments.create("other", "file:///a", "", {}).experiment_id


def _brief(versions: Sequence[DatasetVersion]) -> list[tuple[str, str, int, int, int]]:
    return [(one.dataset.name, one.dataset.digest, one.runs, one.first_used, one.last_used) for one in versions]


class RelationSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_users_of_a_dataset_in_all_experiments(self, store: MetadataStore) -> None:
        other = _other(store)
        ids = [_use(store, _run(store, experiment), _WHEAT) for experiment in ("0", other, "0")]
        _use(store, _run(store), replace(_WHEAT, digest="d2"), replace(_WHEAT, name="wheat"))
        found = store.relations.users("wheat/2024", "d1", 10)
        assert (list(found.items), found.total) == (ids[::-1], 3)
        found = store.relations.users("wheat/2024", "d1", 2)
        assert (list(found.items), found.total) == (ids[:0:-1], 3)
        assert (list(store.relations.users("wheat/2024", "d1", 0).items), found.total) == ([], 3)
        store.runs.set_lifecycle(ids[2], Lifecycle.DELETED)
        found = store.relations.users("wheat/2024", "d1", 10)
        assert (list(found.items), found.total) == ([ids[1], ids[0]], 2)
        assert store.relations.users("wheat/2024", "d9", 10).total == 0

    def test_makers_of_a_dataset_are_not_its_users(self, store: MetadataStore) -> None:
        makers = [_use(store, _run(store), _WHEAT, context=OUTPUT_CONTEXT) for _ in range(3)]
        reader = _use(store, _run(store), _WHEAT, context="")
        found = store.relations.makers("wheat/2024", "d1", 2)
        assert (list(found.items), found.total) == (makers[:0:-1], 3)
        found = store.relations.users("wheat/2024", "d1", 10)
        assert (list(found.items), found.total) == ([reader], 1)
        assert store.relations.makers("wheat/2024", "d9", 10).total == 0

    def test_children_of_a_run(self, store: MetadataStore) -> None:
        parent = _run(store)
        ids = [_run(store, parent=parent) for _ in range(3)]
        _run(store, parent=ids[0])
        found = store.relations.children(parent, 2)
        assert (list(found.items), found.total) == (ids[:0:-1], 3)
        store.runs.set_lifecycle(ids[1], Lifecycle.DELETED)
        assert list(store.relations.children(parent, 9).items) == [ids[2], ids[0]]
        assert store.relations.children("nobody", 9).total == 0

    def test_models_that_runs_wrote_and_read(self, store: MetadataStore) -> None:
        maker, helper, reader = (_run(store) for _ in range(3))
        first = store.logged_models.create(replace(logged_model(created=1000), source_run_id=maker)).model_id
        second = store.logged_models.create(logged_model(created=2000)).model_id
        store.runs.apply(
            [
                RunChanges(maker, model_outputs=[ModelOutput(first, 1), ModelOutput(second), ModelOutput("m-gone")]),
                RunChanges(helper, model_outputs=[ModelOutput(second, 5)], model_inputs=[ModelInput(first)]),
                RunChanges(reader, model_inputs=[ModelInput(second)]),
            ],
            None,
        )
        store.runs.apply([RunChanges(reader, model_inputs=[ModelInput(second), ModelInput(first)])], None)
        made = store.relations.models(maker, 9)
        assert (list(made.items), made.total) == ([second, first], 2)
        assert (list(store.relations.models(maker, 1).items), made.total) == ([second], 2)
        assert list(store.relations.writers(first, 9).items) == [maker]
        assert list(store.relations.writers(second, 9).items) == [helper, maker]
        assert list(store.relations.readers(first, 9).items) == [reader, helper]
        assert list(store.relations.readers(second, 9).items) == [reader]
        assert store.relations.readers("m-gone", 9).total == 0
        store.logged_models.set_lifecycle(second, Lifecycle.DELETED)
        assert list(store.relations.models(maker, 9).items) == [first]
        for run_id in (helper, maker):
            store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
        assert store.relations.writers(second, 9).total == 0
        store.upkeep.purge_runs([helper])
        assert list(store.relations.readers(first, 9).items) == [reader]

    def test_versions_of_a_run_a_model_and_a_uri(self, store: MetadataStore) -> None:
        run_id, model = _run(store), store.logged_models.create(logged_model()).model_id
        for name in ("a", "b"):
            store.registered_models.create(name, "", {})
        store.model_versions.create(model_version("a", run_id=run_id))
        store.model_versions.create(model_version("a", model_id=model, run_id=run_id))
        store.model_versions.create(model_version("b", source="models:/a/1", model_id=model, run_id=run_id))
        assert list(store.relations.versions(run_id, "", "", 9).items) == [("a", 1)]
        assert list(store.relations.versions("", model, "", 9).items) == [("a", 2)]
        assert list(store.relations.versions("", "", "models:/a/1", 9).items) == [("b", 1)]
        every = store.relations.versions(run_id, model, "models:/a/1", 2)
        assert (len(every.items), every.total) == (2, 3)
        assert store.relations.versions("", "", "", 9).total == 0

    def test_a_dataset_is_found_as_it_was_recorded_first(self, store: MetadataStore) -> None:
        _use(store, _run(store), _WHEAT)
        _use(store, _run(store, _other(store)), replace(_WHEAT, source="elsewhere"))
        assert store.datasets.find("wheat/2024", "d1") == _WHEAT
        with pytest.raises(NotFound, match="d9"):
            store.datasets.find("wheat/2024", "d9")

    def test_the_overview_counts_runs_of_each_version(self, store: MetadataStore) -> None:
        other = _other(store)
        rye = Dataset("rye", "d1", "code", "x", "columns", "profile")
        _use(store, _run(store, start_time=1000), _WHEAT)
        _use(store, _run(store, start_time=3000), _WHEAT, context="test")
        _use(store, _run(store, other, start_time=2000), replace(_WHEAT, source="elsewhere"), context="")
        _use(store, _run(store, other, start_time=2500), rye, replace(_WHEAT, digest="d2"))
        deleted = _use(store, _run(store, start_time=9000), rye)
        store.runs.set_lifecycle(deleted, Lifecycle.DELETED)
        every = store.datasets.overview((), "", 10)
        assert _brief(every) == [
            ("wheat/2024", "d1", 3, 1000, 3000),
            ("rye", "d1", 1, 2500, 2500),
            ("wheat/2024", "d2", 1, 2500, 2500),
        ]
        assert every[0].dataset == replace(_WHEAT, schema="")
        assert (list(every[0].contexts), list(every[0].experiment_ids)) == (["test", "train"], ["0", other])
        assert _brief(store.datasets.overview((), "", 1)) == [("wheat/2024", "d1", 3, 1000, 3000)]
        assert _brief(store.datasets.overview([other], "wheat/2024", 10)) == [
            ("wheat/2024", "d2", 1, 2500, 2500),
            ("wheat/2024", "d1", 1, 2000, 2000),
        ]
        named = store.datasets.overview((), "wheat/2024", 10)
        assert named[0].dataset == _WHEAT
        assert list(store.datasets.overview(["777"], "", 10)) == []
        assert list(store.datasets.overview((), "barley", 10)) == []
