"""Registered models and their aliases in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.model import RegisteredModel
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty
from treering.wire.native import models as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.CREATE_REGISTERED_MODEL)
def _create(services: Services, asked: wire.CreateRegisteredModel) -> RegisteredModel:
    return services.registry.models.create(asked.name, asked.description, asked.tags)


@HANDLERS.handles(wire.GET_REGISTERED_MODEL)
def _get(services: Services, asked: wire.RegisteredModelName) -> RegisteredModel:
    return services.registry.models.get(asked.name)


@HANDLERS.handles(wire.SEARCH_REGISTERED_MODELS)
def _search(services: Services, asked: wire.SearchModels) -> wire.RegisteredModelPage:
    page = services.registry.models.search(asked.query())
    return wire.RegisteredModelPage(page.items, page.next_token, page.total)


@HANDLERS.handles(wire.RENAME_REGISTERED_MODEL)
def _rename(services: Services, asked: wire.RenameRegisteredModel) -> RegisteredModel:
    return services.registry.models.rename(asked.name, asked.new_name)


@HANDLERS.handles(wire.UPDATE_REGISTERED_MODEL)
def _update(services: Services, asked: wire.UpdateRegisteredModel) -> RegisteredModel:
    return services.registry.models.update(asked.name, asked.description)


@HANDLERS.handles(wire.DELETE_REGISTERED_MODEL)
def _delete(services: Services, asked: wire.RegisteredModelName) -> Empty:
    services.registry.models.delete(asked.name)
    return Empty()


@HANDLERS.handles(wire.SET_REGISTERED_MODEL_TAGS)
def _set_tags(services: Services, asked: wire.RegisteredModelTags) -> Empty:
    services.registry.models.set_tags(asked.name, asked.tags)
    return Empty()


@HANDLERS.handles(wire.DELETE_REGISTERED_MODEL_TAG)
def _delete_tag(services: Services, asked: wire.RegisteredModelTag) -> Empty:
    services.registry.models.delete_tag(asked.name, asked.key)
    return Empty()


@HANDLERS.handles(wire.SET_ALIAS)
def _set_alias(services: Services, asked: wire.SetAlias) -> Empty:
    services.registry.models.set_alias(asked.name, asked.alias, asked.version)
    return Empty()


@HANDLERS.handles(wire.DELETE_ALIAS)
def _delete_alias(services: Services, asked: wire.Alias) -> Empty:
    services.registry.models.delete_alias(asked.name, asked.alias)
    return Empty()
