"""What every RegisteredModelStore and ModelVersionStore must do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from treering.core.errors import AlreadyExists, NotFound
from treering.entities.page import Query
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import model_version

__all__ = ["RegistrySuite"]


class RegistrySuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_create_and_get(self, store: MetadataStore) -> None:
        made = store.registered_models.create("Modèle", "what it does " * 1000, {"a": "1"})
        assert (made.name, made.tags, dict(made.aliases), list(made.latest_versions)) == ("Modèle", {"a": "1"}, {}, [])
        assert made.description == "what it does " * 1000
        assert store.registered_models.get("Modèle") == made
        with pytest.raises(AlreadyExists, match="Modèle"):
            store.registered_models.create("Modèle", "", {})
        store.registered_models.create("modèle", "", {})

    def test_unknown_names_and_versions_are_not_found(self, store: MetadataStore) -> None:
        models, versions = store.registered_models, store.model_versions
        models.create("known", "", {})
        by_name: list[Callable[[str], object]] = [
            models.get,
            models.delete,
            lambda name: models.rename(name, "x"),
            lambda name: models.update(name, "x"),
            lambda name: models.set_tags(name, {"a": "b"}),
            lambda name: models.delete_tag(name, "a"),
            lambda name: models.set_alias(name, "a", 1),
            lambda name: models.delete_alias(name, "a"),
            lambda name: versions.create(model_version(name)),
            lambda name: versions.latest(name, []),
            lambda name: versions.get_by_alias(name, "a"),
        ]
        by_version: list[Callable[[str], object]] = [
            lambda name: versions.get(name, 1),
            lambda name: versions.update(name, 1, "x"),
            lambda name: versions.transition(name, 1, "Staging", archive_existing=True),
            lambda name: versions.delete(name, 1),
            lambda name: versions.set_tags(name, 1, {"a": "b"}),
            lambda name: versions.delete_tag(name, 1, "a"),
        ]
        for attempt in by_name + by_version:
            with pytest.raises(NotFound, match="name=unknown"):
                attempt("unknown")
        for attempt in by_version:
            with pytest.raises(NotFound, match=r"\(name=known, version=1\) not found"):
                attempt("known")
        with pytest.raises(NotFound, match="version=1"):
            models.set_alias("known", "a", 1)
        with pytest.raises(NotFound, match="no alias 'a'"):
            versions.get_by_alias("known", "a")

    def test_rename_takes_everything_along(self, store: MetadataStore) -> None:
        store.registered_models.create("before", "text", {"a": "1"})
        store.registered_models.create("other", "", {})
        store.model_versions.create(model_version("before"))
        store.registered_models.set_alias("before", "best", 1)
        with pytest.raises(AlreadyExists):
            store.registered_models.rename("before", "other")
        renamed = store.registered_models.rename("before", "after")
        assert (renamed.name, renamed.description, renamed.tags, renamed.aliases) == (
            "after",
            "text",
            {"a": "1"},
            {"best": 1},
        )
        assert [version.name for version in renamed.latest_versions] == ["after"]
        assert store.model_versions.get_by_alias("after", "best").name == "after"
        with pytest.raises(NotFound):
            store.registered_models.get("before")
        assert store.model_versions.create(model_version("after")).version == 2
        assert store.registered_models.rename("after", "after").name == "after"

    def test_update_sets_the_description(self, store: MetadataStore) -> None:
        made = store.registered_models.create("m", "old", {})
        assert store.registered_models.update("m", "new").description == "new"
        changed = store.registered_models.update("m", "")
        assert changed.description == ""
        assert changed.last_update_time >= made.last_update_time

    def test_tags_of_models_and_versions(self, store: MetadataStore) -> None:
        store.registered_models.create("m", "", {"a": "1"})
        store.registered_models.set_tags("m", {"a": "2", "A": "3"})
        store.registered_models.delete_tag("m", "nothing")
        assert store.registered_models.get("m").tags == {"a": "2", "A": "3"}
        store.registered_models.delete_tag("m", "a")
        assert store.registered_models.get("m").tags == {"A": "3"}
        store.model_versions.create(model_version("m"))
        store.model_versions.set_tags("m", 1, {"x": "y" * 9000})
        store.model_versions.delete_tag("m", 1, "nothing")
        assert store.model_versions.get("m", 1).tags == {"x": "y" * 9000}
        store.model_versions.delete_tag("m", 1, "x")
        assert store.model_versions.get("m", 1).tags == {}

    def test_a_number_is_never_used_again(self, store: MetadataStore) -> None:
        store.registered_models.create("m", "", {})
        numbers = [store.model_versions.create(model_version("m", f"file:///{n}")).version for n in range(3)]
        assert numbers == [1, 2, 3]
        store.model_versions.delete("m", 3)
        assert store.model_versions.create(model_version("m")).version == 4
        with pytest.raises(NotFound):
            store.model_versions.get("m", 3)
        assert store.model_versions.get("m", 2).source == "file:///1"

    def test_aliases_move_and_go_with_their_version(self, store: MetadataStore) -> None:
        store.registered_models.create("m", "", {})
        for _ in range(2):
            store.model_versions.create(model_version("m"))
        store.registered_models.set_alias("m", "best", 1)
        store.registered_models.set_alias("m", "Best", 1)
        store.registered_models.set_alias("m", "best", 2)
        assert store.registered_models.get("m").aliases == {"best": 2, "Best": 1}
        assert list(store.model_versions.get("m", 2).aliases) == ["best"]
        assert store.model_versions.get_by_alias("m", "best").version == 2
        store.registered_models.delete_alias("m", "nothing")
        store.registered_models.delete_alias("m", "best")
        assert store.registered_models.get("m").aliases == {"Best": 1}
        store.model_versions.delete("m", 1)
        assert store.registered_models.get("m").aliases == {}

    def test_delete_leaves_nothing(self, store: MetadataStore) -> None:
        store.registered_models.create("m", "", {"a": "1"})
        store.model_versions.create(model_version("m"))
        store.model_versions.set_tags("m", 1, {"a": "1"})
        store.registered_models.set_alias("m", "best", 1)
        store.registered_models.delete("m")
        assert list(store.registered_models.search(Query()).items) == []
        assert list(store.model_versions.search(Query()).items) == []
        again = store.registered_models.create("m", "", {})
        assert (again.tags, again.aliases, list(again.latest_versions)) == ({}, {}, [])
        assert store.model_versions.create(model_version("m")).version == 1
        assert store.model_versions.get("m", 1).tags == {}

    def test_stages_and_the_newest_of_each(self, store: MetadataStore) -> None:
        store.registered_models.create("m", "", {})
        for _ in range(4):
            store.model_versions.create(model_version("m"))
        move = store.model_versions.transition
        move("m", 1, "Production", archive_existing=False)
        assert move("m", 2, "Production", archive_existing=False).stage == "Production"

        def stages() -> list[str]:
            return [store.model_versions.get("m", number).stage for number in (1, 2, 3, 4)]

        assert stages() == ["Production", "Production", "None", "None"]
        move("m", 3, "Production", archive_existing=True)
        assert stages() == ["Archived", "Archived", "Production", "None"]
        latest = {version.stage: version.version for version in store.model_versions.latest("m", [])}
        assert latest == {"Archived": 2, "Production": 3, "None": 4}
        assert [version.version for version in store.model_versions.latest("m", ["Production", "Staging"])] == [3]
        found = store.registered_models.get("m").latest_versions
        assert {version.version for version in found} == {2, 3, 4}

    def test_description_of_a_version(self, store: MetadataStore) -> None:
        store.registered_models.create("m", "", {})
        store.model_versions.create(model_version("m"))
        changed = store.model_versions.update("m", 1, "text")
        assert changed.description == "text"
        assert changed.last_update_time > changed.creation_time

    def test_search_models(self, store: MetadataStore) -> None:
        for name in ("fir", "oak", "Oak", "elm"):
            store.registered_models.create(name, "", {"kind": name.lower()})

        def found(text: str, *order: str) -> list[str]:
            return [model.name for model in store.registered_models.search(Query(filter=text, order_by=order)).items]

        assert found("") == ["Oak", "elm", "fir", "oak"]
        assert found("", "name DESC") == ["oak", "fir", "elm", "Oak"]
        assert found("name = 'oak'") == ["oak"]
        assert found("name ILIKE 'O%'") == ["Oak", "oak"]
        assert found("name IN ('fir', 'elm') AND tags.kind != 'fir'") == ["elm"]
        assert found("tag.kind = 'oak'", "last_updated_timestamp DESC", "name") in (["oak", "Oak"], ["Oak", "oak"])

    def test_search_versions(self, store: MetadataStore) -> None:
        for name in ("a", "b"):
            store.registered_models.create(name, "", {})
            for number in range(3):
                store.model_versions.create(model_version(name, f"s3://x/{name}/{number}", run_id=f"run{number}"))
        store.model_versions.set_tags("b", 2, {"approved": "yes"})
        store.registered_models.set_alias("b", "best", 2)

        def found(text: str, *order: str) -> list[tuple[str, int]]:
            page = store.model_versions.search(Query(filter=text, order_by=order))
            return [(version.name, version.version) for version in page.items]

        assert found("name = 'a'") == [("a", 3), ("a", 2), ("a", 1)]
        assert found("run_id IN ('run0')", "name DESC") == [("b", 1), ("a", 1)]
        assert found("source_path LIKE 's3://x/b/%' AND version_number > 1", "version_number") == [("b", 2), ("b", 3)]
        assert found("tags.approved = 'yes'") == [("b", 2)]
        assert found("NOT tags.approved = 'yes' AND version_number = 2") == [("a", 2)]
        [version] = store.model_versions.search(Query(filter="tags.approved = 'yes'")).items
        assert version == store.model_versions.get("b", 2)
        pages: list[tuple[str, int]] = []
        token = ""
        for _ in range(4):
            page = store.model_versions.search(Query(order_by=["run_id"], max_results=2, page_token=token))
            pages += [(version.name, version.version) for version in page.items]
            token = page.next_token
            if not token:
                break
        assert pages == [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3), ("b", 3)]
