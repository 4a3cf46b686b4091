"""The repository of data and pipelines that the server shows, in the native API."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from treering.assembly import Services
from treering.entities.repository import (
    DataDiff,
    ExperimentTable,
    FileList,
    PipelineView,
    RepositoryInfo,
    StageLogText,
    TrackedList,
    VersionList,
)
from treering.server.files import file_answer
from treering.server.handling import Handlers
from treering.server.received import received
from treering.wire.endpoint import Empty
from treering.wire.native import repository as wire
from treering.wire.native.codec import NATIVE

__all__ = ["HANDLERS"]

HANDLERS = Handlers()


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: Empty) -> RepositoryInfo:  # noqa: ARG001 - it has no fields
    return services.repository().info()


@HANDLERS.handles(wire.DATA)
def _data(services: Services, asked: wire.AskRevision) -> TrackedList:
    return services.repository().data(asked.rev)


@HANDLERS.handles(wire.VERSIONS)
def _versions(services: Services, asked: wire.AskVersions) -> VersionList:
    return services.repository().versions(asked.path)


@HANDLERS.handles(wire.FILES)
def _files(services: Services, asked: wire.AskFiles) -> FileList:
    return services.repository().files(asked.path, asked.rev, asked.under, asked.start)


@HANDLERS.handles(wire.DIFF)
def _diff(services: Services, asked: wire.AskDiff) -> DataDiff:
    return services.repository().diff(asked.path, asked.a, asked.b)


@HANDLERS.streams(wire.CONTENT)
async def _content(services: Services, request: Request) -> Response:
    asked: wire.TrackedContent = NATIVE.decode(wire.CONTENT, received(request.scope, request.path_params, b""))
    view = await run_in_threadpool(services.repository)
    file = await run_in_threadpool(view.content, asked.path, asked.rev, asked.under)
    return await file_answer(file, file.name, request.headers, preview=asked.preview)


@HANDLERS.handles(wire.PIPELINE)
def _pipeline(services: Services, asked: wire.AskRevision) -> PipelineView:
    return services.repository().pipeline(asked.rev)


@HANDLERS.handles(wire.LOG)
def _log(services: Services, asked: wire.AskLog) -> StageLogText:
    return services.repository().log(asked.stage, asked.start)


@HANDLERS.handles(wire.EXPERIMENTS)
def _experiments(services: Services, asked: Empty) -> ExperimentTable:  # noqa: ARG001 - it has no fields
    return services.repository().experiments()
