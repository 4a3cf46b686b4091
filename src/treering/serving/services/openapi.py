"""The OpenAPI 3.1 document of a service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treering.serving.services.method import ApiMethod
from treering.serving.services.service import Service

__all__ = ["document"]

_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "detail": {"type": "array", "items": {"type": "object"}}},
    "required": ["error"],
}
_TASK = {
    "type": "object",
    "properties": {
        "task_id": {"type": "string"},
        "status": {"enum": ["in_progress", "completed", "failed", "canceled"]},
        "created_at": {"type": "string", "format": "date-time"},
        "executed_at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    },
    "required": ["task_id", "status"],
}
_STATUSES = {
    "400": "What was sent does not fit",
    "413": "The body is too long",
    "415": "Such bodies are not read",
    "429": "Too many requests are waiting",
    "500": "The service failed",
    "503": "No worker could answer",
    "504": "The service was not done in time",
}


def document(service: Service[Any], version: str) -> dict[str, Any]:
    """The document, with the routes of methods and of the tasks' lives."""
    paths: dict[str, Any] = {}
    for method in service.apis.values():
        path = service.path_prefix + method.route
        paths[path] = {"post": _operation(method)}
        if method.is_task:
            paths |= _of_task(path, method)
    for path, told in ((service.config.endpoints.livez, "alive"), (service.config.endpoints.readyz, "ready")):
        paths[path] = {
            "get": {
                "summary": f"Whether the service is {told}",
                "operationId": f"is_{told}",
                "tags": ["health"],
                "responses": {"200": {"description": "Yes"}, "503": {"description": "No"}},
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": service.name, "version": version, "description": service.doc},
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR, "Task": _TASK}},
    }


def _operation(method: ApiMethod) -> dict[str, Any]:
    found = _said(method)
    answer = method.output
    schema = {} if answer.stream else answer.kind.described()
    content = {answer.told_type: {"schema": schema} if schema else {}}
    return {
        **found,
        "operationId": method.name,
        "requestBody": _body(method),
        "responses": {"200": {"description": "The answer", "content": content}, **_errors()},
    }


def _body(method: ApiMethod) -> dict[str, Any]:
    plan = method.input
    needed = plan.root.needed if plan.root is not None else any(one.needed for one in plan.parameters)
    media: dict[str, Any] = {"schema": plan.described()}
    if plan.root is None and plan.files:
        media["encoding"] = {
            one.name: {"contentType": "application/json"} for one in plan.parameters if not one.kind.file
        }
    return {"required": needed, "content": {plan.media_type: media}}


def _of_task(path: str, method: ApiMethod) -> dict[str, Any]:
    said = _said(method)
    by_id = [{"name": "task_id", "in": "query", "required": True, "schema": {"type": "string"}}]
    task = {"application/json": {"schema": {"$ref": "#/components/schemas/Task"}}}
    errors = {**_errors(), "404": _error("There is no such task")}
    verbs = {"status": ("get", "How it is"), "cancel": ("put", "Cancel it"), "retry": ("post", "Submit it again")}
    found: dict[str, Any] = {
        f"{path}/submit": {
            "post": {
                **said,
                "operationId": f"{method.name}_submit",
                "requestBody": _body(method),
                "responses": {"200": {"description": "It is submitted", "content": task}, **_errors()},
            }
        },
        f"{path}/get": {
            "get": {
                **said,
                "operationId": f"{method.name}_get",
                "parameters": by_id,
                "responses": {"200": _operation(method)["responses"]["200"], **errors},
            }
        },
    }
    for verb, (way, summary) in verbs.items():
        found[f"{path}/{verb}"] = {
            way: {
                **said,
                "summary": summary,
                "operationId": f"{method.name}_{verb}",
                "parameters": by_id,
                "responses": {"200": {"description": "The task", "content": task}, **errors},
            }
        }
    return found


def _said(method: ApiMethod) -> dict[str, Any]:
    doc = method.doc or ""
    summary, _, rest = doc.partition("\n")
    found: dict[str, Any] = {"summary": summary or method.name, "tags": ["tasks" if method.is_task else "methods"]}
    return found | ({"description": rest.strip()} if rest.strip() else {})


def _errors() -> Mapping[str, Any]:
    return {status: _error(told) for status, told in _STATUSES.items()}


def _error(told: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": told, "content": {"application/json": {"schema": schema}}}
