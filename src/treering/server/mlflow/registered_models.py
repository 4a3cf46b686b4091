"""Registered models and their aliases in MLflow's API."""

from __future__ import annotations

from dataclasses import replace

from msgspec import UNSET

from treering.assembly import Services
from treering.core.errors import InvalidInput, NotFound
from treering.entities.page import Query
from treering.server.handling import Handlers
from treering.server.mlflow.asked import at_most, version_asked
from treering.server.mlflow.prompts import is_prompt, without_prompt_clause
from treering.wire.endpoint import Empty
from treering.wire.mlflow import registered_models as wire
from treering.wire.mlflow.fields import entries_of
from treering.wire.mlflow.model_versions import FoundVersion, Versions, version_message

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST = 1000


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: wire.CreateRegisteredModel) -> wire.FoundRegisteredModel:
    made = services.registry.models.create(asked.name, asked.description, entries_of(asked.tags))
    return wire.FoundRegisteredModel(wire.registered_model_message(made))


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.RegisteredModelName) -> wire.FoundRegisteredModel:
    return wire.FoundRegisteredModel(wire.registered_model_message(services.registry.models.get(asked.name)))


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchRegisteredModels) -> wire.FoundRegisteredModels:
    text, hide_prompts = without_prompt_clause(asked.filter)
    page = services.registry.models.search(
        Query(text, asked.order_by, at_most(asked.max_results, _MOST), asked.page_token)
    )
    if hide_prompts:
        page = replace(page, items=[model for model in page.items if not is_prompt(model.tags)])
    return wire.registered_models_page(page)


@HANDLERS.handles(wire.RENAME)
def _rename(services: Services, asked: wire.RenameRegisteredModel) -> wire.FoundRegisteredModel:
    renamed = services.registry.models.rename(asked.name, asked.new_name)
    return wire.FoundRegisteredModel(wire.registered_model_message(renamed))


@HANDLERS.handles(wire.UPDATE)
def _update(services: Services, asked: wire.UpdateRegisteredModel) -> wire.FoundRegisteredModel:
    models = services.registry.models
    # MLflow clears a description that is not sent; here what is not sent stays.
    changed = models.get(asked.name) if asked.description is UNSET else models.update(asked.name, asked.description)
    return wire.FoundRegisteredModel(wire.registered_model_message(changed))


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.RegisteredModelName) -> Empty:
    services.registry.models.delete(asked.name)
    return Empty()


@HANDLERS.handles(wire.GET_LATEST_VERSIONS)
@HANDLERS.handles(wire.GET_LATEST_VERSIONS_BY_GET)
def _get_latest_versions(services: Services, asked: wire.GetLatestVersions) -> Versions:
    found = services.registry.versions.latest(asked.name, asked.stages)
    return Versions(tuple(map(version_message, found)))


@HANDLERS.handles(wire.SET_TAG)
def _set_tag(services: Services, asked: wire.SetModelTag) -> Empty:
    services.registry.models.set_tags(asked.name, {asked.key: asked.value})
    return Empty()


@HANDLERS.handles(wire.DELETE_TAG)
def _delete_tag(services: Services, asked: wire.DeleteModelTag) -> Empty:
    services.registry.models.delete_tag(asked.name, asked.key)
    return Empty()


@HANDLERS.handles(wire.SET_ALIAS)
def _set_alias(services: Services, asked: wire.SetAlias) -> Empty:
    services.registry.models.set_alias(asked.name, asked.alias, version_asked(asked.version))
    return Empty()


@HANDLERS.handles(wire.DELETE_ALIAS)
def _delete_alias(services: Services, asked: wire.AliasName) -> Empty:
    services.registry.models.delete_alias(asked.name, asked.alias)
    return Empty()


@HANDLERS.handles(wire.GET_BY_ALIAS)
def _get_by_alias(services: Services, asked: wire.AliasName) -> FoundVersion:
    try:
        found = services.registry.versions.get_by_alias(asked.name, asked.alias)
    except NotFound as error:
        services.registry.models.get(asked.name)
        # MLflow's clients expect this code for an alias, and "not found" only for the model itself.
        msg = f"Registered model alias {asked.alias} not found. Set it on a version of {asked.name!r} first."
        raise InvalidInput(msg) from error
    return FoundVersion(version_message(found))
