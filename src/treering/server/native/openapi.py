"""The description of the native API, in OpenAPI 3.1, made from the endpoint declarations.

`python -m treering.server.native.openapi` prints it; the web UI's types are
generated from that. The text is the same as long as the declarations are.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import treering
from treering.assembly import Services
from treering.server.handling import Handlers
from treering.wire.endpoint import Empty, Endpoint, Stream
from treering.wire.native.catalogue import ENDPOINTS
from treering.wire.native.codec import JSON, ErrorBody
from treering.wire.native.server import DESCRIPTION
from treering.wire.native.shape import Field, Shape, shape_of

__all__ = ["HANDLERS", "describe", "main"]

HANDLERS = Handlers()

_TAGS = {
    "server": "What the server says of itself",
    "experiments": "Named groups of runs",
    "runs": "Executions of training code",
    "metrics": "Series of metric points",
    "events": "Changes as they happen",
    "datasets": "Datasets that runs recorded",
    "logged_models": "Model folders that runs wrote",
    "registered_models": "Names in the model registry",
    "model_versions": "Versions of registered models",
    "registry": "Rules of approval, promotions, rollback, checks, notes, history and comparison",
    "lineage": "What came of what",
    "deployments": "Which version answers where, and what became of it",
    "views": "What pages showed, kept under a name",
    "webhooks": "Addresses that are told of events",
    "artifacts": "Files of runs and models",
    "repository": "The repository of data and pipelines that the server shows",
    "upkeep": "Removing for good, and taking in as it was elsewhere",
}


def describe(endpoints: Iterable[Endpoint[Any, Any]] = ENDPOINTS) -> dict[str, Any]:
    """The OpenAPI document of `endpoints`."""
    listed = [(endpoint, shape_of(endpoint)) for endpoint in endpoints]
    schemas = _Schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, shape in listed:
        path = endpoint.path.replace(":path}", "}")
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, shape, schemas)
    used = {endpoint.name.partition(".")[0] for endpoint, _ in listed}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Treering",
            "version": treering.__version__,
            "description": "Treering's own API. Bodies may also be sent and asked for as MessagePack.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items() if name in used],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {"Error": {"description": "What went wrong", "content": _content(schemas.of(ErrorBody))}},
        },
    }


class _Schemas:
    """Schemas of all types that the endpoints speak of, those with a name as components."""

    def __init__(self, listed: Iterable[tuple[Endpoint[Any, Any], Shape]]) -> None:
        asked: list[Any] = []
        answered: list[Any] = [ErrorBody]
        for endpoint, shape in listed:
            asked.extend(field.type for field in (*shape.path.values(), *shape.query.values()))
            asked.extend(kind for kind in (shape.body,) if kind is not None)
            answered.extend(kind for kind in (endpoint.response,) if kind is not Stream)
        # Some types, such as Sequence[str], occur often and compare equal; one of each is enough.
        distinct = list(dict.fromkeys([*asked, *answered]))
        made, self.components = msgspec.json.schema_components(distinct, ref_template="#/components/schemas/{name}")
        self._by_type: dict[Any, dict[str, Any]] = dict(zip(distinct, made, strict=True))
        _, only_asked = msgspec.json.schema_components(list(dict.fromkeys(asked)))
        for name in self.components.keys() - only_asked.keys():
            # An answer has every field, also one with a default.
            schema = self.components[name]
            if "properties" in schema:
                schema["required"] = list(schema["properties"])

    def of(self, kind: Any) -> dict[str, Any]:
        return self._by_type[kind]


def _operation(endpoint: Endpoint[Any, Any], shape: Shape, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "tags": [endpoint.name.partition(".")[0]],
        "summary": endpoint.summary,
        "x-permission": endpoint.permission.value,
    }
    parameters = [
        *(_parameter(field, "path", schemas) for field in shape.path.values()),
        *(_parameter(field, "query", schemas) for field in shape.query.values()),
    ]
    if parameters:
        operation["parameters"] = parameters
    if shape.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(schemas.of(shape.body))}
    operation["responses"] = {"200": _answer(endpoint, schemas), "default": {"$ref": "#/components/responses/Error"}}
    return operation


def _answer(endpoint: Endpoint[Any, Any], schemas: _Schemas) -> dict[str, Any]:
    if endpoint.response is Stream:
        return {"description": "The bytes", "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
    description = "Done" if endpoint.response is Empty else "The answer"
    return {"description": description, "content": _content(schemas.of(endpoint.response))}


def _parameter(field: Field, where: str, schemas: _Schemas) -> dict[str, Any]:
    schema = dict(schemas.of(field.type))
    if not field.required and isinstance(field.default, str | int | bool):
        schema["default"] = field.default
    return {"name": field.name, "in": where, "required": field.required, "schema": schema}


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


@HANDLERS.streams(DESCRIPTION)
async def _description(services: Services, request: Request) -> Response:  # noqa: ARG001 - the same for all
    return Response(await run_in_threadpool(_document), media_type=JSON, headers={"cache-control": "no-cache"})


@functools.cache
def _document() -> bytes:
    return msgspec.json.encode(describe())


def main() -> None:
    """Print the document."""
    sys.stdout.write(json.dumps(describe(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
