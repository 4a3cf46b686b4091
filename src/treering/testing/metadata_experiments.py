"""What every ExperimentStore must do."""

from __future__ import annotations

import pytest

from treering.core.errors import AlreadyExists, NotFound
from treering.entities.experiment import ExperimentActivity
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.page import Query
from treering.entities.run import RunChanges
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import run_info

__all__ = ["ExperimentSuite"]


class ExperimentSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_the_default_experiment_is_there(self, store: MetadataStore) -> None:
        default = store.experiments.get("0")
        assert default.name == "Default"
        assert default.lifecycle_stage is Lifecycle.ACTIVE
        assert store.experiments.get_by_name("Default") == default

    def test_create_gives_the_next_id_and_a_location_below_the_root(self, store: MetadataStore) -> None:
        first = store.experiments.create("one", "s3://bucket/root", "", {"team": "bäume"})
        second = store.experiments.create("two", "s3://bucket/root", "file:///elsewhere", {})
        assert int(second.experiment_id) > int(first.experiment_id) > 0
        assert first.artifact_location == f"s3://bucket/root/{first.experiment_id}"
        assert second.artifact_location == "file:///elsewhere"
        assert first.tags == {"team": "bäume"}
        assert store.experiments.get(first.experiment_id) == first

    def test_names_are_told_apart_by_case_accents_and_blanks(self, store: MetadataStore) -> None:
        names = ["name", "Name", "nâme", "name ", "名前", "🌲"]
        made = {store.experiments.create(name, "/r", "", {}).experiment_id for name in names}
        assert len(made) == len(names)
        for name in names:
            assert store.experiments.get_by_name(name).name == name

    def test_a_name_is_unique_among_active_ones(self, store: MetadataStore) -> None:
        store.experiments.create("taken", "/r", "", {})
        with pytest.raises(AlreadyExists, match="'taken' exists already"):
            store.experiments.create("taken", "/r", "", {})

    def test_a_deleted_name_is_free_and_restoring_it_can_fail(self, store: MetadataStore) -> None:
        first = store.experiments.create("name", "/r", "", {})
        store.experiments.set_lifecycle(first.experiment_id, Lifecycle.DELETED)
        assert store.experiments.get_by_name("name").experiment_id == first.experiment_id
        second = store.experiments.create("name", "/r", "", {})
        assert store.experiments.get_by_name("name").experiment_id == second.experiment_id
        with pytest.raises(AlreadyExists):
            store.experiments.set_lifecycle(first.experiment_id, Lifecycle.ACTIVE)
        store.experiments.set_lifecycle(second.experiment_id, Lifecycle.DELETED)
        store.experiments.set_lifecycle(first.experiment_id, Lifecycle.ACTIVE)
        assert store.experiments.get_by_name("name").experiment_id == first.experiment_id

    @pytest.mark.parametrize("experiment_id", ["7", "", "x", "00", "-1", "٣", "9" * 40])
    def test_unknown_ids_are_not_found(self, store: MetadataStore, experiment_id: str) -> None:
        for attempt in (
            lambda: store.experiments.get(experiment_id),
            lambda: store.experiments.rename(experiment_id, "x"),
            lambda: store.experiments.set_lifecycle(experiment_id, Lifecycle.DELETED),
            lambda: store.experiments.set_tags(experiment_id, {"a": "b"}),
            lambda: store.experiments.delete_tag(experiment_id, "a"),
        ):
            with pytest.raises(NotFound, match="No Experiment with id="):
                attempt()

    def test_an_unknown_name_is_not_found(self, store: MetadataStore) -> None:
        with pytest.raises(NotFound, match="'nothing'"):
            store.experiments.get_by_name("nothing")

    def test_rename(self, store: MetadataStore) -> None:
        made = store.experiments.create("before", "/r", "", {})
        store.experiments.create("other", "/r", "", {})
        store.experiments.rename(made.experiment_id, "after")
        store.experiments.rename(made.experiment_id, "after")
        assert store.experiments.get(made.experiment_id).name == "after"
        with pytest.raises(AlreadyExists):
            store.experiments.rename(made.experiment_id, "other")
        store.experiments.create("before", "/r", "", {})

    def test_deleting_takes_active_runs_along_and_restoring_brings_only_those_back(self, store: MetadataStore) -> None:
        made = store.experiments.create("name", "/r", "", {})
        kept = store.runs.create(run_info(made.experiment_id), {}).info.run_id
        gone = store.runs.create(run_info(made.experiment_id), {}).info.run_id
        elsewhere = store.runs.create(run_info("0"), {}).info.run_id
        store.runs.set_lifecycle(gone, Lifecycle.DELETED)
        store.experiments.set_lifecycle(made.experiment_id, Lifecycle.DELETED)
        assert store.runs.get(kept).info.lifecycle_stage is Lifecycle.DELETED
        assert store.runs.get(elsewhere).info.lifecycle_stage is Lifecycle.ACTIVE
        with pytest.raises(NotFound, match="deleted already"):
            store.experiments.set_lifecycle(made.experiment_id, Lifecycle.DELETED)
        store.experiments.set_lifecycle(made.experiment_id, Lifecycle.ACTIVE)
        assert store.runs.get(kept).info.lifecycle_stage is Lifecycle.ACTIVE
        assert store.runs.get(gone).info.lifecycle_stage is Lifecycle.DELETED
        store.runs.apply([RunChanges(kept, params={"a": "1"})], None)

    def test_overview_counts_active_runs_and_those_that_run(self, store: MetadataStore) -> None:
        made = store.experiments.create("busy", "/r", "", {}).experiment_id
        empty = store.experiments.create("empty", "/r", "", {}).experiment_id
        first, second, third = (
            store.runs.create(run_info(made, start_time=time), {}).info.run_id for time in (3000, 5000, 9000)
        )
        store.runs.update(first, RunStatus.FINISHED, 4000, None)
        store.runs.set_lifecycle(third, Lifecycle.DELETED)
        asked = [empty, made, "4711", "x", made]
        assert list(store.experiments.overview(asked)) == [
            ExperimentActivity(empty),
            ExperimentActivity(made, 2, 1, 5000),
            ExperimentActivity("4711"),
            ExperimentActivity("x"),
            ExperimentActivity(made, 2, 1, 5000),
        ]
        assert list(store.experiments.overview([])) == []
        store.runs.set_lifecycle(second, Lifecycle.DELETED)
        assert list(store.experiments.overview([made])) == [ExperimentActivity(made, 1, 0, 3000)]

    def test_tags_are_set_changed_and_deleted(self, store: MetadataStore) -> None:
        store.experiments.set_tags("0", {"a": "1", "b": "2"})
        store.experiments.set_tags("0", {"a": "3" * 9000, "B": ""})
        assert store.experiments.get("0").tags == {"a": "3" * 9000, "b": "2", "B": ""}
        store.experiments.delete_tag("0", "a")
        with pytest.raises(NotFound, match="no tag 'a'"):
            store.experiments.delete_tag("0", "a")
        assert store.experiments.get("0").tags == {"b": "2", "B": ""}

    def test_search_by_name_id_time_and_tag(self, store: MetadataStore) -> None:
        one = store.experiments.create("tree/oak", "/r", "", {"kind": "Leaf"})
        two = store.experiments.create("tree/fir", "/r", "", {"kind": "needle"})

        def names(text: str, *order: str) -> list[str]:
            return [found.name for found in store.experiments.search(Query(filter=text, order_by=order)).items]

        assert names("name LIKE 'tree/%'", "name") == ["tree/fir", "tree/oak"]
        assert names("name LIKE 'TREE/%'") == []
        assert names("name ILIKE 'TREE/%' AND tags.kind = 'Leaf'") == ["tree/oak"]
        assert names(f"experiment_id IN ('{two.experiment_id}', 'x')") == ["tree/fir"]
        assert names(f"experiment_id != '{two.experiment_id}'", "experiment_id DESC") == ["tree/oak", "Default"]
        assert names(f"creation_time >= {one.creation_time} AND name != 'Default'", "experiment_id") == [
            "tree/oak",
            "tree/fir",
        ]
        assert names("tags.kind IS NULL") == ["Default"]
        assert names("tags.kind IS NOT NULL", "experiment_id") == ["tree/oak", "tree/fir"]

    def test_search_sees_what_the_view_says(self, store: MetadataStore) -> None:
        made = store.experiments.create("gone", "/r", "", {})
        store.experiments.set_lifecycle(made.experiment_id, Lifecycle.DELETED)

        def names(view: View) -> list[str]:
            query = Query(view=view, order_by=["name"], with_total=True)
            page = store.experiments.search(query)
            assert page.total == len(page.items)
            return [found.name for found in page.items]

        assert names(View.ACTIVE_ONLY) == ["Default"]
        assert names(View.DELETED_ONLY) == ["gone"]
        assert names(View.ALL) == ["Default", "gone"]
