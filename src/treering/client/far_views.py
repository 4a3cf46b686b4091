"""Saved views of a server over HTTP; each method is one request."""

from __future__ import annotations

from collections.abc import Sequence

from treering.client.channel import Channel
from treering.entities.view import NewView, SavedView, ViewChanges
from treering.wire.native import views

__all__ = ["FarViews"]


class FarViews:
    """The `Views` of a server."""

    def __init__(self, channel: Channel) -> None:
        self._call = channel.call

    def create(self, new: NewView) -> SavedView:
        """As `Views.create`."""
        return self._call(views.CREATE, new)

    def get(self, view_id: str) -> SavedView:
        """As `Views.get`."""
        return self._call(views.GET, views.ViewId(view_id))

    def list(self, experiment_id: str = "", page: str = "") -> Sequence[SavedView]:
        """As `Views.list`."""
        return self._call(views.LIST, views.ListViews(experiment_id, page)).views

    def update(self, view_id: str, changes: ViewChanges) -> SavedView:
        """As `Views.update`."""
        asked = views.UpdateView(view_id, changes.name, changes.search, changes.is_default)
        return self._call(views.UPDATE, asked, repeatable=True)

    def delete(self, view_id: str) -> None:
        """As `Views.delete`."""
        self._call(views.DELETE, views.ViewId(view_id))
