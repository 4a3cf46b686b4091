"""Registered models on a metadata store."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from treering.entities.governance import Actor
from treering.entities.model import RegisteredModel
from treering.entities.page import Page, Query
from treering.registry.names import (
    check_alias,
    check_max_results,
    check_model_name,
    check_present,
    check_tag_key,
    check_tags,
    check_text,
    check_version,
)
from treering.storage.metadata.base import RegisteredModelStore

__all__ = ["StoredRegisteredModels"]

_MAX_SEARCH_RESULTS = 1000


class StoredRegisteredModels:
    """The `RegisteredModels` of `treering.registry.base`.

    Args:
        who: Tells whom this process, or the request that is answered, acts for.
    """

    def __init__(self, store: RegisteredModelStore, who: Callable[[], str]) -> None:
        self._store = store
        self._who = who

    def _by(self) -> Actor:
        return Actor(self._who())

    def create(self, name: str, description: str = "", tags: Mapping[str, str] | None = None) -> RegisteredModel:
        """See the Protocol."""
        return self._store.create(
            check_model_name(name), check_text(description, "description"), check_tags(tags), by=self._by()
        )

    def get(self, name: str) -> RegisteredModel:
        """See the Protocol."""
        return self._store.get(check_present(name, "name"))

    def search(self, query: Query) -> Page[RegisteredModel]:
        """See the Protocol."""
        check_max_results(query.max_results, _MAX_SEARCH_RESULTS)
        return self._store.search(query)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """See the Protocol."""
        return self._store.rename(check_present(name, "name"), check_model_name(new_name), by=self._by())

    def update(self, name: str, description: str) -> RegisteredModel:
        """See the Protocol."""
        return self._store.update(check_present(name, "name"), check_text(description, "description"), by=self._by())

    def delete(self, name: str) -> None:
        """See the Protocol."""
        self._store.delete(check_present(name, "name"), by=self._by())

    def set_tags(self, name: str, tags: Mapping[str, str]) -> None:
        """See the Protocol."""
        self._store.set_tags(check_present(name, "name"), check_tags(tags), by=self._by())

    def delete_tag(self, name: str, key: str) -> None:
        """See the Protocol."""
        self._store.delete_tag(check_present(name, "name"), check_tag_key(key), by=self._by())

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """See the Protocol."""
        self._store.set_alias(check_present(name, "name"), check_alias(alias), check_version(version), by=self._by())

    def delete_alias(self, name: str, alias: str) -> None:
        """See the Protocol."""
        self._store.delete_alias(check_present(name, "name"), check_present(alias, "alias"), by=self._by())
