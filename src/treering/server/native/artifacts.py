"""Artifacts in the native API, for people who look at runs and models.

Only what belongs to a run or a model can be asked for, never a storage URI: the
server reads with its own rights.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.core.uri import scheme_of
from treering.registry.locate import locate
from treering.server.files import file_answer
from treering.server.handling import Handlers
from treering.server.locations import open_location
from treering.server.received import received
from treering.storage.objects.base import ObjectStore, check_key
from treering.wire.native import artifacts as wire
from treering.wire.native.codec import NATIVE

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.LIST)
def _list(services: Services, asked: wire.ArtifactPath) -> wire.ArtifactList:
    return wire.ArtifactList(_open(services, asked.uri).list(check_key(asked.path)))


@HANDLERS.streams(wire.READ)
async def _read(services: Services, request: Request) -> Response:
    asked: wire.ArtifactContent = NATIVE.decode(wire.READ, received(request.scope, request.path_params, b""))
    store = await run_in_threadpool(_open, services, asked.uri)
    return await file_answer(store, asked.path, request.headers, preview=asked.preview)


def _open(services: Services, uri: str) -> ObjectStore:
    if scheme_of(uri) not in {"runs", "models"}:
        msg = f"Artifacts of {uri!r} are not shown here. Ask for runs:/<run id> or models:/<name>/<version>."
        raise InvalidInput(msg)
    if ".." in uri.split("/"):
        msg = f"Invalid URI: {uri!r}. It must not climb out of the run or model that it names."
        raise InvalidInput(msg)
    return open_location(services, locate(uri, services.tracking, services.registry))
