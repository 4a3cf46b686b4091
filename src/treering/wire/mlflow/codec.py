"""MLflow's dialect: protocol-buffer messages as JSON, the way its clients write and read them.

What is peculiar: a GET without a query string may have a JSON body, a body may be a
JSON string that holds the JSON, NaN and the infinities come as words or as bare
tokens, and whole numbers may come as strings. Unlike MLflow, a value of the wrong
type is refused instead of being stored as zero.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from treering.core.errors import InvalidInput, MalformedRequest, TreeringError
from treering.wire.dialect import Answer, RawRequest
from treering.wire.endpoint import Empty, Endpoint
from treering.wire.mlflow.reading import read_message

__all__ = ["MlflowDialect"]

_JSON = "application/json"

# Codes that MLflow's clients do not know, and what comes closest among those that they do.
_KNOWN_CODES = {
    "METHOD_NOT_ALLOWED": "ENDPOINT_NOT_FOUND",
    "REQUEST_TOO_LARGE": "INVALID_PARAMETER_VALUE",
    "STORAGE_FULL": "RESOURCE_EXHAUSTED",
    "UNSUPPORTED_MEDIA_TYPE": "INVALID_PARAMETER_VALUE",
}


class MlflowDialect:
    """Implements `treering.wire.dialect.Dialect`. May be shared between threads."""

    def __init__(self) -> None:
        self._decoders: dict[type, msgspec.json.Decoder[Any]] = {}
        self._encoder = msgspec.json.Encoder()

    def decode(self, endpoint: Endpoint[Any, Any], request: RawRequest) -> Any:
        """An instance of `endpoint.request`.

        Raises:
            MalformedRequest: If the body is no JSON object.
            InvalidInput: If a field is missing or of the wrong type, or a POST or PUT is not marked as JSON.
        """
        kind = endpoint.request
        if endpoint.method in {"POST", "PUT"}:
            _check_content_type(request.headers.get("content-type", ""))
        if kind is Empty:
            return Empty()
        if not request.path and not request.query:
            quick = self._decode_quickly(kind, request.body)
            if quick is not None:
                return quick
        return read_message(kind, {**_fields(endpoint, request), **request.path})

    def encode(self, endpoint: Endpoint[Any, Any], response: Any, request: RawRequest) -> Answer:  # noqa: ARG002 (the Protocol's shape)
        """The message as JSON; `{}` for None."""
        return Answer(200, _JSON, b"{}" if response is None else self._encoder.encode(response))

    def encode_error(self, error: TreeringError, request: RawRequest) -> Answer:  # noqa: ARG002 (the Protocol's shape)
        """The error in MLflow's form, with a code that its clients know."""
        code = _KNOWN_CODES.get(error.code, error.code)
        return Answer(error.status, _JSON, self._encoder.encode({"error_code": code, "message": error.message}))

    def _decode_quickly(self, kind: type, body: bytes) -> Any:
        """The message, if the body is written as most clients write it; None sends it the thorough way."""
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = msgspec.json.Decoder(kind, strict=False)
        try:
            return decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


def _check_content_type(content_type: str) -> None:
    if content_type.partition(";")[0].strip().lower() != _JSON:
        msg = f"Bad Request. Content type must be one of ['{_JSON}'] (got content type '{content_type}')."
        raise InvalidInput(msg)


def _fields(endpoint: Endpoint[Any, Any], request: RawRequest) -> Mapping[str, Any]:
    if request.query and (endpoint.method == "GET" or not request.body.strip()):
        return _from_query(endpoint.request, request)
    return _from_body(request.body)


def _from_query(kind: type[msgspec.Struct], request: RawRequest) -> dict[str, Any]:
    lists = {item.name for item in msgspec.structs.fields(kind) if item.default == ()}
    return {name: list(values) if name in lists else values[-1] for name, values in request.query.items() if values}


def _from_body(body: bytes) -> Mapping[str, Any]:
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
        if isinstance(value, str):
            value = json.loads(value)
    except (ValueError, RecursionError) as error:
        msg = f"The request body is not valid JSON: {error}. Send one JSON object."
        raise MalformedRequest(msg) from error
    if not isinstance(value, dict):
        msg = f"The request body is a JSON {type(value).__name__}, not an object. Send one JSON object."
        raise MalformedRequest(msg)
    return value
