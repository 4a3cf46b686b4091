"""The server as the place of artifacts: `mlflow-artifacts:/` below the destination that it was started with."""

from __future__ import annotations

import asyncio

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from treering.assembly import Services
from treering.core.errors import NotSupported
from treering.server.files import file_answer
from treering.server.handling import Handlers
from treering.server.mlflow.addresses import abort_parts, address_of_file, begin_parts, complete_parts
from treering.server.mlflow.transfer import file_key, receive_file
from treering.storage.objects.base import ObjectStore, check_key
from treering.wire.endpoint import Empty
from treering.wire.mlflow import artifacts as wire
from treering.wire.native.frames import CHECKSUM

__all__ = ["HANDLERS", "ROOT", "kept_store"]

HANDLERS = Handlers()

ROOT = "mlflow-artifacts:/"


@HANDLERS.handles(wire.PROXY_LIST)
def _list(services: Services, asked: wire.ProxyList) -> wire.ProxyListing:
    folder = check_key(asked.path)
    return wire.ProxyListing(wire.file_messages(kept_store(services).list(folder), folder))


@HANDLERS.streams(wire.PROXY_GET)
async def _get(services: Services, request: Request) -> Response:
    key = file_key(request.path_params["artifact_path"])
    return await file_answer(await asyncio.to_thread(kept_store, services), key, request.headers, download=True)


@HANDLERS.streams(wire.PROXY_PUT)
async def _put(services: Services, request: Request) -> Response:
    key = file_key(request.path_params["artifact_path"])
    checksum = await receive_file(await asyncio.to_thread(kept_store, services), key, request)
    return Response(headers={CHECKSUM: f"{checksum:08x}"})


@HANDLERS.handles(wire.PROXY_DELETE)
def _delete(services: Services, asked: wire.ProxiedPath) -> Empty:
    kept_store(services).delete(file_key(asked.artifact_path))
    return Empty()


@HANDLERS.handles(wire.CREATE_MULTIPART)
def _create_multipart(services: Services, asked: wire.CreateMultipart) -> wire.BegunMultipart:
    return begin_parts(kept_store(services), asked)


@HANDLERS.handles(wire.COMPLETE_MULTIPART)
def _complete_multipart(services: Services, asked: wire.CompleteMultipart) -> Empty:
    return complete_parts(kept_store(services), asked)


@HANDLERS.handles(wire.ABORT_MULTIPART)
def _abort_multipart(services: Services, asked: wire.AbortMultipart) -> Empty:
    return abort_parts(kept_store(services), asked)


@HANDLERS.handles(wire.PRESIGN)
def _presign(services: Services, asked: wire.ProxiedPath) -> wire.FileAddress:
    address, size = address_of_file(kept_store(services), asked.artifact_path)
    return wire.FileAddress(address.url, dict(address.headers), UNSET if size is None else size)


def kept_store(services: Services) -> ObjectStore:
    """Where the server keeps what clients send through it. Raises NotSupported if it was told not to."""
    if not services.settings.serve_artifacts:
        msg = (
            "This server neither takes nor gives artifacts, because it was started with --no-serve-artifacts."
            " Use an experiment whose artifact location your own machine can reach."
        )
        raise NotSupported(msg)
    return services.open_artifacts(ROOT)
