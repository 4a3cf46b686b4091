"""The service of the Open Inference Protocol."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import grpc

from treering import __version__
from treering.core.errors import TreeringError
from treering.serving.grpc.definitions import message
from treering.serving.grpc.face import Asking, Front
from treering.serving.grpc.tensors import request_of, response_of, said

__all__ = ["SERVICE", "Inference"]

SERVICE = "inference.GRPCInferenceService"

Context = Any
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_REQUEST_ID = re.compile(rb"[\w\-.]{1,128}", re.ASCII)


class _Refused(Exception):
    """A request that is answered with a status."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Inference:
    """Methods under the names that they have on the wire."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def ServerLive(self, _request: Any, _context: Context) -> Any:  # noqa: N802 -- of the wire
        """Always."""
        return message("inference.ServerLiveResponse")(live=True)

    async def ServerReady(self, _request: Any, _context: Context) -> Any:  # noqa: N802 -- of the wire
        """Whether a request would be answered."""
        return message("inference.ServerReadyResponse")(ready=self._front.ready())

    async def ModelReady(self, request: Any, context: Context) -> Any:  # noqa: N802 -- of the wire
        """Whether the model would answer."""
        await self._found(request, context)
        return message("inference.ModelReadyResponse")(ready=self._front.ready())

    async def ServerMetadata(self, _request: Any, _context: Context) -> Any:  # noqa: N802 -- of the wire
        """What this server is."""
        made = message("inference.ServerMetadataResponse")
        return made(name="treering", version=__version__, extensions=["model_repository"])

    async def ModelMetadata(self, request: Any, context: Context) -> Any:  # noqa: N802 -- of the wire
        """The tensors of a model."""
        found = await self._found(request, context)
        made = message("inference.ModelMetadataResponse")(name=found["name"], platform=str(found.get("platform", "")))
        same = [one for one in self._front.models() if one["name"] == found["name"]]
        made.versions.extend(str(one.get("version", "")) for one in same)
        for side, told in ((made.inputs, found.get("inputs", ())), (made.outputs, found.get("outputs", ()))):
            for one in told:
                side.add(name=one["name"], datatype=one["datatype"], shape=one["shape"])
        for name, value in (found.get("properties") or {}).items():
            made.properties[name] = str(value)
        return made

    async def RepositoryIndex(self, request: Any, _context: Context) -> Any:  # noqa: N802 -- of the wire
        """All models."""
        made = message("inference.RepositoryIndexResponse")()
        state = "READY" if self._front.ready() else "UNAVAILABLE"
        for one in self._front.models():
            if state == "READY" or not request.ready:
                made.models.add(name=one["name"], version=str(one.get("version", "")), state=state)
        return made

    async def ModelInfer(self, request: Any, context: Context) -> Any:  # noqa: N802 -- of the wire
        """A prediction."""
        try:
            made, told = await self._infer(request, _metadata(context))
        except _Refused as error:
            await context.abort(error.code, error.text)
            raise  # abort raises; this is for who reads
        context.set_trailing_metadata(told)
        return made

    async def ModelStreamInfer(self, requests: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:  # noqa: N802 -- of the wire
        """One request after the other; one that fails does not end the stream."""
        made = message("inference.ModelStreamInferResponse")
        metadata = _metadata(context)
        async for request in requests:
            try:
                answer, _ = await self._infer(request, metadata)
                yield made(infer_response=answer)
            except _Refused as error:
                yield made(error_message=error.text, infer_response=_unanswered(request))

    async def _infer(self, request: Any, metadata: Mapping[str, bytes]) -> tuple[Any, list[tuple[str, str]]]:
        try:
            body, length = request_of(request)
        except TreeringError as error:
            raise _Refused(grpc.StatusCode.INVALID_ARGUMENT, error.message) from error
        name, version = quote(request.model_name, safe=""), quote(request.model_version, safe="")
        path = f"/v2/models/{name}/versions/{version}/infer" if version else f"/v2/models/{name}/infer"
        given = metadata.get("x-request-id", request.id.encode())
        asking = Asking(
            path,
            body,
            length,
            given if _REQUEST_ID.fullmatch(given) else b"",
            metadata.get("x-treering-key", b""),
            metadata.get("x-treering-variant", b""),
            metadata.get("traceparent", b""),
        )
        answer, headers = await self._front.ask(asking)
        if answer.status != 200:  # noqa: PLR2004 -- what went well
            raise _Refused(_CODES.get(answer.status, grpc.StatusCode.INTERNAL), said(answer))
        return response_of(answer), [(one.decode(), value.decode("latin-1")) for one, value in headers]

    async def _found(self, request: Any, context: Context) -> Mapping[str, Any]:
        for one in self._front.models():
            if one["name"] == request.name and request.version in {"", str(one.get("version", ""))}:
                return one
        known = ", ".join(sorted({str(one["name"]) for one in self._front.models()}))
        what = f"{request.name!r}{f' with version {request.version}' if request.version else ''}"
        await context.abort(grpc.StatusCode.NOT_FOUND, f"There is no model {what}. Known ones: {known}.")
        raise LookupError(what)  # abort raises; this is for who reads


def _metadata(context: Context) -> dict[str, bytes]:
    return {
        name: value.encode() if isinstance(value, str) else value for name, value in context.invocation_metadata() or ()
    }


def _unanswered(request: Any) -> Any:
    return message("inference.ModelInferResponse")(model_name=request.model_name, id=request.id)
