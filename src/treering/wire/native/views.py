"""Saved views in the native API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treering.entities.view import NewView, SavedView
from treering.wire.endpoint import Empty, Endpoint, Permission

__all__ = ["CREATE", "DELETE", "GET", "LIST", "UPDATE", "ListViews", "UpdateView", "ViewId", "ViewList"]


class ViewId(msgspec.Struct, frozen=True):
    """One view."""

    view_id: str


class ListViews(msgspec.Struct, frozen=True):
    """Views of an experiment, and those that fit all; of one page unless that is ""."""

    experiment_id: str = ""
    page: str = ""


class ViewList(msgspec.Struct, frozen=True):
    """Views by name, those of the experiment before those that fit all."""

    views: Sequence[SavedView]


class UpdateView(msgspec.Struct, frozen=True):
    """What to change; null leaves a value."""

    view_id: str
    name: str | None = None
    search: str | None = None
    is_default: bool | None = None


_ALL, _ONE = "/api/v1/views", "/api/v1/views/{view_id}"
_READ, _EDIT = Permission.READ_EXPERIMENTS, Permission.EDIT_EXPERIMENTS

CREATE = Endpoint("views.create", "POST", _ALL, NewView, SavedView, _EDIT, "Save a view of a page")
LIST = Endpoint("views.list", "GET", _ALL, ListViews, ViewList, _READ, "Saved views of an experiment")
GET = Endpoint("views.get", "GET", _ONE, ViewId, SavedView, _READ, "One saved view")
UPDATE = Endpoint("views.update", "PATCH", _ONE, UpdateView, SavedView, _EDIT, "Change a saved view")
DELETE = Endpoint("views.delete", "DELETE", _ONE, ViewId, Empty, _EDIT, "Delete a saved view for good")
