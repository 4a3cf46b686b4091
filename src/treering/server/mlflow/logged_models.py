"""Logged models in MLflow's API."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.page import Query, order_term
from treering.server.files import file_answer
from treering.server.handling import Handlers
from treering.server.locations import open_location
from treering.server.mlflow.addresses import address_of_file
from treering.server.mlflow.artifacts import list_artifacts
from treering.server.mlflow.asked import at_most, experiment_asked
from treering.server.mlflow.transfer import file_key
from treering.tracking.base import NewLoggedModel
from treering.wire.endpoint import Empty
from treering.wire.mlflow import logged_models as wire
from treering.wire.mlflow.artifacts import FoundArtifacts
from treering.wire.mlflow.fields import entries_of

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST = 50_000
_STATUS = {
    wire.WireStatus.PENDING: LoggedModelStatus.PENDING,
    wire.WireStatus.READY: LoggedModelStatus.READY,
    wire.WireStatus.FAILED: LoggedModelStatus.FAILED,
}


@HANDLERS.handles(wire.CREATE)
def _create(services: Services, asked: wire.CreateLoggedModel) -> wire.FoundLoggedModel:
    new = NewLoggedModel(
        experiment_asked(asked.experiment_id),
        asked.name,
        asked.model_type,
        asked.source_run_id,
        entries_of(asked.params),
        entries_of(asked.tags),
    )
    return wire.FoundLoggedModel(wire.logged_model_message(services.tracking.models.create(new)))


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.GetLoggedModel) -> wire.FoundLoggedModel:
    found = services.tracking.models.get(asked.model_id, allow_deleted=asked.allow_deleted)
    return wire.FoundLoggedModel(wire.logged_model_message(found))


@HANDLERS.handles(wire.FINALIZE)
def _finalize(services: Services, asked: wire.FinalizeLoggedModel) -> wire.FoundLoggedModel:
    status = _STATUS.get(asked.status)
    if status is None:
        msg = (
            f"Invalid value {asked.status} for parameter 'status' supplied: a model is READY, UPLOAD_FAILED or PENDING."
        )
        raise InvalidInput(msg)
    return wire.FoundLoggedModel(wire.logged_model_message(services.tracking.models.finalize(asked.model_id, status)))


@HANDLERS.handles(wire.DELETE)
def _delete(services: Services, asked: wire.LoggedModelId) -> Empty:
    services.tracking.models.delete(asked.model_id)
    return Empty()


@HANDLERS.handles(wire.SEARCH)
def _search(services: Services, asked: wire.SearchLoggedModels) -> wire.FoundLoggedModels:
    query = Query(
        asked.filter,
        [
            order_term(
                term.field_name,
                ascending=term.ascending,
                dataset_name=term.dataset_name,
                dataset_digest=term.dataset_digest,
            )
            for term in asked.order_by
        ],
        at_most(asked.max_results, _MOST),
        asked.page_token,
        experiment_ids=[experiment_asked(one) for one in asked.experiment_ids],
    )
    datasets = [Dataset(item.dataset_name, item.dataset_digest, "", "") for item in asked.datasets]
    return wire.logged_models_page(services.tracking.models.search(query, datasets))


@HANDLERS.handles(wire.SET_TAGS)
def _set_tags(services: Services, asked: wire.SetLoggedModelTags) -> wire.FoundLoggedModel:
    changed = services.tracking.models.set_tags(asked.model_id, entries_of(asked.tags))
    return wire.FoundLoggedModel(wire.logged_model_message(changed))


@HANDLERS.handles(wire.DELETE_TAG)
def _delete_tag(services: Services, asked: wire.DeleteLoggedModelTag) -> Empty:
    services.tracking.models.delete_tag(asked.model_id, asked.tag_key)
    return Empty()


@HANDLERS.handles(wire.LOG_PARAMS)
def _log_params(services: Services, asked: wire.LogModelParams) -> Empty:
    services.tracking.models.log_params(asked.model_id, entries_of(asked.params))
    return Empty()


@HANDLERS.handles(wire.LIST_ARTIFACTS)
def _list_artifacts(services: Services, asked: wire.ListModelArtifacts) -> FoundArtifacts:
    model = services.tracking.models.get(asked.model_id)
    return list_artifacts(services, model.artifact_uri, asked.artifact_directory_path)


@HANDLERS.streams(wire.READ_ARTIFACT)
async def _read_artifact(services: Services, request: Request) -> Response:
    path = request.query_params.get("artifact_file_path", "")
    model = await asyncio.to_thread(services.tracking.models.get, request.path_params["model_id"])
    store = await asyncio.to_thread(open_location, services, model.artifact_uri)
    if request.query_params.get("presigned") == "true":
        address, size = await asyncio.to_thread(address_of_file, store, path)
        return JSONResponse({"url": address.url, "headers": dict(address.headers), "file_size": size})
    return await file_answer(store, file_key(path), request.headers, download=True)
