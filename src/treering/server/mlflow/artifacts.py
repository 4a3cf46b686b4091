"""Artifacts of runs and versions in MLflow's API."""

from __future__ import annotations

import asyncio

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.server.files import file_answer
from treering.server.handling import Handlers
from treering.server.locations import open_location
from treering.server.mlflow.addresses import address_of_file, address_of_upload
from treering.server.mlflow.asked import run_asked, version_asked
from treering.server.mlflow.transfer import file_key, receive_file
from treering.storage.objects.base import ObjectStore, check_key
from treering.wire.mlflow import artifacts as wire

__all__ = ["HANDLERS", "list_artifacts"]

HANDLERS = Handlers()

_MOST_UPLOADED = 10 * 1024 * 1024


def list_artifacts(services: Services, root_uri: str, path: str) -> wire.FoundArtifacts:
    """What lies in the folder `path` below `root_uri`; nothing for a folder that is not there."""
    folder = check_key(path)
    files = open_location(services, root_uri).list(folder)
    return wire.FoundArtifacts(root_uri, wire.file_messages(files))


@HANDLERS.handles(wire.LIST)
def _list(services: Services, asked: wire.ListArtifacts) -> wire.FoundArtifacts:
    run = services.tracking.runs.get(run_asked(asked.run_id, asked.run_uuid))
    return list_artifacts(services, run.info.artifact_uri, asked.path)


@HANDLERS.streams(wire.READ_OF_RUN)
async def _read_of_run(services: Services, request: Request) -> Response:
    return await file_answer(
        await _store_of_run(services, request),
        file_key(request.query_params.get("path", "")),
        request.headers,
        download=True,
    )


@HANDLERS.streams(wire.READ_OF_VERSION)
async def _read_of_version(services: Services, request: Request) -> Response:
    asked = request.query_params
    number = version_asked(asked.get("version", ""))
    version = await asyncio.to_thread(services.registry.versions.get, asked.get("name", ""), number)
    store = await asyncio.to_thread(open_location, services, version.storage_uri)
    return await file_answer(store, file_key(asked.get("path", "")), request.headers, download=True)


@HANDLERS.streams(wire.UPLOAD_TO_RUN)
async def _upload_to_run(services: Services, request: Request) -> Response:
    key = file_key(request.query_params.get("path", ""))
    await receive_file(await _store_of_run(services, request), key, request, _MOST_UPLOADED)
    return Response()


@HANDLERS.handles(wire.PRESIGN_UPLOAD)
def _presign_upload(services: Services, asked: wire.PresignUpload) -> wire.Presigned:
    if bool(asked.run_id) == bool(asked.model_id):
        msg = "Exactly one of run_id and model_id must be provided: a file belongs to a run or to a logged model."
        raise InvalidInput(msg)
    if asked.model_id:
        root = services.tracking.models.get(asked.model_id).artifact_uri
    else:
        root = services.tracking.runs.get(asked.run_id).info.artifact_uri
    address = address_of_upload(open_location(services, root), asked.path, asked.expiration)
    return wire.Presigned(address.url, dict(address.headers))


@HANDLERS.handles(wire.PRESIGN_DOWNLOAD)
def _presign_download(services: Services, asked: wire.PresignDownload) -> wire.Presigned:
    store = open_location(services, services.tracking.runs.get(asked.run_id).info.artifact_uri)
    address, size = address_of_file(store, asked.path, asked.expiration)
    return wire.Presigned(address.url, dict(address.headers), UNSET if size is None else size)


async def _store_of_run(services: Services, request: Request) -> ObjectStore:
    run_id = run_asked(request.query_params.get("run_id", ""), request.query_params.get("run_uuid", ""))
    run = await asyncio.to_thread(services.tracking.runs.get, run_id)
    return await asyncio.to_thread(open_location, services, run.info.artifact_uri)
