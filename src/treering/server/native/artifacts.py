"""Artifacts in the native API, for people who look at runs and models.

Only what belongs to a run or a model can be asked for, never a storage URI: the
server reads with its own rights.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from treering.assembly import Services
from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import parse_model_uri, parse_runs_uri, scheme_of
from treering.entities.artifact import FileInfo
from treering.server.files import file_answer
from treering.server.handling import Handlers
from treering.server.received import received
from treering.storage.objects.base import ObjectStore, check_key
from treering.wire.native import artifacts as wire
from treering.wire.native.codec import NATIVE

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_MOST_LINKS = 4


@HANDLERS.handles(wire.LIST)
def _list(services: Services, asked: wire.ArtifactPath) -> wire.ArtifactList:
    store, below = _open(services, asked.uri)
    found = store.list(_joined(below, asked.path))
    return wire.ArtifactList([_relative(info, below) for info in found])


@HANDLERS.streams(wire.READ)
async def _read(services: Services, request: Request) -> Response:
    asked: wire.ArtifactPath = NATIVE.decode(wire.READ, received(request.scope, request.path_params, b""))

    def opened() -> tuple[ObjectStore, str]:
        store, below = _open(services, asked.uri)
        return store, _joined(below, asked.path)

    store, key = await run_in_threadpool(opened)
    return await file_answer(store, key, request.headers)


def _open(services: Services, uri: str) -> tuple[ObjectStore, str]:
    """The store that `uri` leads to, and the folder in it that stands in `uri` itself."""
    if scheme_of(uri) not in {"runs", "models"}:
        msg = f"Artifacts of {uri!r} are not shown here. Ask for runs:/<run id> or models:/<name>/<version>."
        raise InvalidInput(msg)
    root, below = uri, ""
    for _ in range(_MOST_LINKS):
        if scheme_of(root) not in {"runs", "models"}:
            return services.open_artifacts(root), below
        root, path = _followed(services, root)
        below = _joined(check_key(path), below)
    msg = f"{uri!r} leads from model to model without end. Register the version again, from its files."
    raise InvalidInput(msg)


def _followed(services: Services, uri: str) -> tuple[str, str]:
    """Where the artifacts of the run or model lie, and the path in `uri`."""
    if scheme_of(uri) == "runs":
        of_run = parse_runs_uri(uri)
        return services.tracking.runs.get(of_run.run_id).info.artifact_uri, of_run.path
    named = parse_model_uri(uri)
    if named.model_id:
        return services.tracking.models.get(named.model_id).artifact_uri, named.path
    versions = services.registry.versions
    if named.version is not None:
        return versions.get(named.name, named.version).storage_uri, named.path
    if named.alias:
        return versions.get_by_alias(named.name, named.alias).storage_uri, named.path
    in_stage = versions.latest(named.name, [named.stage])
    if not in_stage:
        msg = f"Model {named.name!r} has no version in stage {named.stage!r}. Name a version or an alias."
        raise NotFound(msg)
    return in_stage[0].storage_uri, named.path


def _joined(folder: str, path: str) -> str:
    return "/".join(part for part in (folder, check_key(path)) if part)


def _relative(info: FileInfo, below: str) -> FileInfo:
    return FileInfo(info.path[len(below) + 1 :], info.is_dir, info.size) if below else info
