"""What a metadata database must do with saved views."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.lifecycle import Lifecycle
from treering.entities.view import MAX_VIEW_SEARCH, SavedView, ViewChanges
from treering.storage.metadata.base import MetadataStore

__all__ = ["ViewSuite"]


def _view(name: str, experiment_id: str = "0", page: str = "workspace", *, is_default: bool = False) -> SavedView:
    return SavedView(f"id-{name}", experiment_id, name, page, f"q={name}&cols=\u00fc", is_default, "ada", 1000, 1000)


def _names(views: Sequence[SavedView]) -> list[str]:
    return [view.name for view in views]


def _defaults(store: MetadataStore, experiment_id: str = "0", page: str = "") -> list[str]:
    return [view.name for view in store.views.list(experiment_id, page) if view.is_default]


class ViewSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_a_view_comes_back_as_it_was(self, store: MetadataStore) -> None:
        for made in (_view("a"), _view("b", "", is_default=True)):
            assert store.views.create(made) == made
            assert store.views.get(made.view_id) == made
        long = SavedView("id-long", "0", "n" * 200, "p" * 200, "x" * MAX_VIEW_SEARCH, True, "", 1, 2)
        store.views.create(long)
        assert store.views.get("id-long") == long

    def test_those_of_an_experiment_come_before_those_that_fit_all(self, store: MetadataStore) -> None:
        other = store.experiments.create("other", "file:///a", "", {}).experiment_id
        for made in (_view("c", ""), _view("b"), _view("a", page="compare"), _view("d", other), _view("e", "")):
            store.views.create(made)
        assert _names(store.views.list("0", "")) == ["a", "b", "c", "e"]
        assert _names(store.views.list("0", "workspace")) == ["b", "c", "e"]
        assert _names(store.views.list(other, "")) == ["d", "c", "e"]
        assert _names(store.views.list("", "")) == ["c", "e"]
        assert _names(store.views.list("no number", "compare")) == []

    def test_what_is_given_is_changed(self, store: MetadataStore) -> None:
        made = store.views.create(_view("a"))
        changed = store.views.update("id-a", ViewChanges(name="b"))
        assert (changed.name, changed.search, changed.is_default) == ("b", made.search, False)
        assert changed.updated > made.updated
        assert store.views.get("id-a") == changed
        changed = store.views.update("id-a", ViewChanges(search="", is_default=True))
        assert (changed.name, changed.search, changed.is_default) == ("b", "", True)

    def test_an_experiment_and_page_have_one_default(self, store: MetadataStore) -> None:
        store.views.create(_view("a", is_default=True))
        store.views.create(_view("b", is_default=True))
        assert _defaults(store) == ["b"]
        store.views.update("id-a", ViewChanges(is_default=True))
        assert _defaults(store) == ["a"]
        store.views.update("id-a", ViewChanges(name="aa"))
        assert _defaults(store) == ["aa"]
        store.views.create(_view("c", page="compare", is_default=True))
        store.views.create(_view("d", "", is_default=True))
        assert _defaults(store) == ["aa", "c", "d"]
        store.views.update("id-a", ViewChanges(is_default=False))
        assert _defaults(store) == ["c", "d"]

    def test_many_who_want_the_default_get_it_one_after_the_other(self, store: MetadataStore) -> None:
        for number in range(6):
            store.views.create(_view(f"v{number}"))
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: store.views.update(f"id-v{n}", ViewChanges(is_default=True)), range(6)))
        assert len(_defaults(store)) == 1

    def test_a_deleted_one_is_gone(self, store: MetadataStore) -> None:
        store.views.create(_view("a"))
        store.views.delete("id-a")
        assert _names(store.views.list("0", "")) == []
        for call in (store.views.get, store.views.delete):
            with pytest.raises(NotFound, match="id-a"):
                call("id-a")
        with pytest.raises(NotFound):
            store.views.update("id-a", ViewChanges(name="b"))

    def test_views_go_with_their_experiment(self, store: MetadataStore) -> None:
        other = store.experiments.create("other", "file:///a", "", {}).experiment_id
        store.views.create(_view("a", other, is_default=True))
        store.views.create(_view("b", ""))
        store.experiments.set_lifecycle(other, Lifecycle.DELETED)
        assert _names(store.views.list(other, "")) == ["b"]
        with pytest.raises(NotFound):
            store.views.get("id-a")
        with pytest.raises(InvalidInput, match="deleted"):
            store.views.create(_view("c", other))
        store.experiments.set_lifecycle(other, Lifecycle.ACTIVE)
        assert _names(store.views.list(other, "")) == ["a", "b"]
        store.experiments.set_lifecycle(other, Lifecycle.DELETED)
        store.upkeep.purge_experiment(other)
        assert _names(store.views.list(other, "")) == ["b"]
        with pytest.raises(NotFound):
            store.views.get("id-a")

    def test_an_experiment_that_is_not_there_has_no_views(self, store: MetadataStore) -> None:
        for unknown in ("777", "no number"):
            with pytest.raises(NotFound, match=unknown):
                store.views.create(_view("a", unknown))
