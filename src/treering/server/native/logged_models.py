"""Logged models in the native API."""

from __future__ import annotations

from treering.assembly import Services
from treering.server.handling import Handlers
from treering.tracking.base import NewLoggedModel
from treering.wire.endpoint import Empty
from treering.wire.native import models as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.CREATE_LOGGED_MODEL)
def _create(services: Services, asked: wire.CreateLoggedModel) -> wire.LoggedModelBody:
    new = NewLoggedModel(
        asked.experiment_id, asked.name, asked.model_type, asked.source_run_id, asked.params, asked.tags
    )
    return wire.logged_model_body(services.tracking.models.create(new))


@HANDLERS.handles(wire.GET_LOGGED_MODEL)
def _get(services: Services, asked: wire.GetLoggedModel) -> wire.LoggedModelBody:
    model = services.tracking.models.get(asked.model_id, allow_deleted=asked.allow_deleted)
    return wire.logged_model_body(model)


@HANDLERS.handles(wire.FINALIZE_LOGGED_MODEL)
def _finalize(services: Services, asked: wire.FinalizeLoggedModel) -> wire.LoggedModelBody:
    return wire.logged_model_body(services.tracking.models.finalize(asked.model_id, asked.status))


@HANDLERS.handles(wire.DELETE_LOGGED_MODEL)
def _delete(services: Services, asked: wire.LoggedModelId) -> Empty:
    services.tracking.models.delete(asked.model_id)
    return Empty()


@HANDLERS.handles(wire.SEARCH_LOGGED_MODELS)
def _search(services: Services, asked: wire.SearchLoggedModels) -> wire.LoggedModelPage:
    page = services.tracking.models.search(asked.query(), asked.datasets)
    return wire.LoggedModelPage([wire.logged_model_body(model) for model in page.items], page.next_token, page.total)


@HANDLERS.handles(wire.SET_LOGGED_MODEL_TAGS)
def _set_tags(services: Services, asked: wire.LoggedModelTags) -> wire.LoggedModelBody:
    return wire.logged_model_body(services.tracking.models.set_tags(asked.model_id, asked.tags))


@HANDLERS.handles(wire.DELETE_LOGGED_MODEL_TAG)
def _delete_tag(services: Services, asked: wire.LoggedModelTag) -> Empty:
    services.tracking.models.delete_tag(asked.model_id, asked.key)
    return Empty()


@HANDLERS.handles(wire.LOG_LOGGED_MODEL_PARAMS)
def _log_params(services: Services, asked: wire.LoggedModelParams) -> Empty:
    services.tracking.models.log_params(asked.model_id, asked.params)
    return Empty()
