"""Saved views in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.view import NewView, SavedView, ViewChanges
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.native import views as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: NewView) -> SavedView:
    return services.tracking.views.create(asked)


@HANDLERS.handles(wire.LIST)
def _list(services: Services, asked: wire.ListViews) -> wire.ViewList:
    return wire.ViewList(services.tracking.views.list(asked.experiment_id, asked.page))


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.ViewId) -> SavedView:
    return services.tracking.views.get(asked.view_id)


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateView) -> SavedView:
    return services.tracking.views.update(asked.view_id, ViewChanges(asked.name, asked.search, asked.is_default))


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.ViewId) -> Empty:
    services.tracking.views.delete(asked.view_id)
    return Empty()
