"""The server as the place of artifacts: `mlflow-artifacts:/` below the destination that it was started with."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from treering.assembly import Services
from treering.core.errors import NotSupported
from treering.server.files import file_answer
from treering.server.handling import Handlers
from treering.server.mlflow.transfer import file_key, receive_file
from treering.storage.objects.base import ObjectStore, check_key
from treering.wire.endpoint import Empty
from treering.wire.mlflow import artifacts as wire
from treering.wire.native.frames import CHECKSUM

__all__ = ["HANDLERS", "kept_store"]

HANDLERS = Handlers()

_ROOT = "mlflow-artifacts:/"


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
@HANDLERS.handles(wire.COMPLETE_MULTIPART)
@HANDLERS.handles(wire.ABORT_MULTIPART)
def _multipart(services: Services, asked: wire.Multipart) -> Empty:  # noqa: ARG001 (a handler's shape)
    msg = "Multipart upload is not supported for this server's artifact store. Send the file in one request."
    raise NotSupported(msg)


@HANDLERS.handles(wire.PRESIGN)
def _presign(services: Services, asked: wire.ProxiedPath) -> Empty:  # noqa: ARG001 (a handler's shape)
    msg = "This server's artifact store gives out no addresses of its own. Fetch the file through the server."
    raise NotSupported(msg)


def kept_store(services: Services) -> ObjectStore:
    """Where the server keeps what clients send through it. Raises NotSupported if it was told not to."""
    if not services.settings.serve_artifacts:
        msg = (
            "This server neither takes nor gives artifacts, because it was started with --no-serve-artifacts."
            " Use an experiment whose artifact location your own machine can reach."
        )
        raise NotSupported(msg)
    return services.open_artifacts(_ROOT)
