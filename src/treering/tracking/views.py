"""Saved views on a metadata store."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from treering.core.clock import now
from treering.core.errors import InvalidInput
from treering.entities.view import MAX_VIEW_NAME, MAX_VIEW_SEARCH, NewView, SavedView, ViewChanges
from treering.storage.metadata.base import ViewStore
from treering.tracking.limits import check_present, check_text

__all__ = ["StoredViews"]


class StoredViews:
    """The `Views` of `treering.tracking.base`."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def create(self, new: NewView) -> SavedView:
        """See the Protocol."""
        name, page, search = _name(new.name, "name"), _name(new.page, "page"), _search(new.search)
        time = now()
        view_id = str(uuid.uuid4())
        return self._store.create(
            SavedView(view_id, new.experiment_id, name, page, search, new.is_default, "", time, time)
        )

    def get(self, view_id: str) -> SavedView:
        """See the Protocol."""
        return self._store.get(check_present(view_id, "view_id"))

    def list(self, experiment_id: str = "", page: str = "") -> Sequence[SavedView]:
        """See the Protocol."""
        return self._store.list(experiment_id, page)

    def update(self, view_id: str, changes: ViewChanges) -> SavedView:
        """See the Protocol."""
        if changes.name is not None:
            _name(changes.name, "name")
        if changes.search is not None:
            _search(changes.search)
        return self._store.update(check_present(view_id, "view_id"), changes)

    def delete(self, view_id: str) -> None:
        """See the Protocol."""
        self._store.delete(check_present(view_id, "view_id"))


def _name(value: str, what: str) -> str:
    if not value.strip() or len(value) > MAX_VIEW_NAME:
        msg = (
            f"The {what} of a view has 1 to {MAX_VIEW_NAME} characters, and not only blanks; this one has {len(value)}."
        )
        raise InvalidInput(msg)
    return check_text(value, what)


def _search(value: str) -> str:
    if len(value) > MAX_VIEW_SEARCH:
        msg = (
            f"A view keeps a query string of at most {MAX_VIEW_SEARCH:,} characters; this one has {len(value):,}."
            " Draw fewer runs, or shorten the filter."
        )
        raise InvalidInput(msg)
    return check_text(value, "search")
