"""Versions of registered models in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.entities.model import ModelVersion
from treering.registry.base import NewModelVersion
from treering.server.handling import Handlers
from treering.server.locations import check_location
from treering.wire.endpoint import Empty
from treering.wire.native import models as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.GET_BY_ALIAS)
def _get_by_alias(services: Services, asked: wire.Alias) -> ModelVersion:
    return services.registry.versions.get_by_alias(asked.name, asked.alias)


@HANDLERS.handles(wire.CREATE_VERSION)
def _create(services: Services, asked: wire.CreateVersion) -> ModelVersion:
    check_location(services.settings, asked.source, "source")
    new = NewModelVersion(
        asked.name,
        asked.source,
        asked.run_id,
        asked.run_link,
        asked.model_id,
        asked.description,
        asked.user_id,
        asked.tags,
    )
    return services.registry.versions.create(new)


@HANDLERS.handles(wire.SEARCH_VERSIONS)
def _search(services: Services, asked: wire.SearchModels) -> wire.VersionPage:
    page = services.registry.versions.search(asked.query())
    return wire.VersionPage(page.items, page.next_token, page.total)


@HANDLERS.handles(wire.LATEST_VERSIONS)
def _latest(services: Services, asked: wire.LatestVersions) -> wire.Versions:
    return wire.Versions(services.registry.versions.latest(asked.name, asked.stages))


@HANDLERS.handles(wire.GET_VERSION)
def _get(services: Services, asked: wire.VersionNumber) -> ModelVersion:
    return services.registry.versions.get(asked.name, asked.version)


@HANDLERS.handles(wire.UPDATE_VERSION)
def _update(services: Services, asked: wire.UpdateVersion) -> ModelVersion:
    return services.registry.versions.update(asked.name, asked.version, asked.description)


@HANDLERS.handles(wire.TRANSITION_VERSION)
def _transition(services: Services, asked: wire.TransitionVersion) -> ModelVersion:
    return services.registry.versions.transition(
        asked.name, asked.version, asked.stage, archive_existing=asked.archive_existing
    )


@HANDLERS.handles(wire.DELETE_VERSION)
def _delete(services: Services, asked: wire.VersionNumber) -> Empty:
    services.registry.versions.delete(asked.name, asked.version)
    return Empty()


@HANDLERS.handles(wire.SET_VERSION_TAGS)
def _set_tags(services: Services, asked: wire.VersionTags) -> Empty:
    services.registry.versions.set_tags(asked.name, asked.version, asked.tags)
    return Empty()


@HANDLERS.handles(wire.DELETE_VERSION_TAG)
def _delete_tag(services: Services, asked: wire.VersionTag) -> Empty:
    services.registry.versions.delete_tag(asked.name, asked.version, asked.key)
    return Empty()
