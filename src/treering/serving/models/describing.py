"""The OpenAPI document of one model's server, written from its signature and example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treering.models.mlmodel import MLModel
from treering.models.schema import Column, Parameters, Schema, Tensor
from treering.models.types import AnyType, Array, ColumnType, DataType, MapType, Object

__all__ = ["describe"]

_JSON_TYPES: dict[DataType, dict[str, Any]] = {
    DataType.BOOLEAN: {"type": "boolean"},
    DataType.INTEGER: {"type": "integer", "format": "int32"},
    DataType.LONG: {"type": "integer", "format": "int64"},
    DataType.FLOAT: {"type": "number", "format": "float"},
    DataType.DOUBLE: {"type": "number", "format": "double"},
    DataType.STRING: {"type": "string"},
    DataType.BINARY: {"type": "string", "format": "byte"},
    DataType.DATETIME: {"type": "string", "format": "date-time"},
}
_NUMBERS = {"b": {"type": "boolean"}, "i": {"type": "integer"}, "u": {"type": "integer"}, "f": {"type": "number"}}


def describe(model: MLModel, example: Mapping[str, Any] | None, version: str) -> dict[str, Any]:
    """The document, as OpenAPI 3.1.

    Args:
        example: A body of `/invocations`.
    """
    signature = model.signature
    body = _body(signature.inputs if signature else None, signature.params if signature else None)
    content: dict[str, Any] = {"application/json": {"schema": body}}
    if example:
        content["application/json"]["example"] = dict(example)
    if not (signature and signature.inputs and signature.inputs.tensors()):
        content["text/csv"] = {"schema": {"type": "string"}}
        content["application/vnd.apache.parquet"] = {"schema": {"type": "string", "format": "binary"}}
    answer = _answer(signature.outputs if signature else None)
    failures = {
        status: {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for status, text in _FAILURES.items()
    }
    invocations = {
        "summary": "Ask the model for predictions.",
        "operationId": "invocations",
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "Predictions.", "content": {"application/json": {"schema": answer}}},
            **failures,
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": model.artifact_path or "model", "version": model.model_id or model.model_uuid or version},
        "paths": {
            "/invocations": {"post": invocations},
            **{path: {"get": _plain_get(name, text)} for path, (name, text) in _GETS.items()},
        },
        "components": {"schemas": {"Error": _ERROR}},
    }


_FAILURES = {
    "400": "The body is not understood, or does not fit the model.",
    "413": "The body is too large.",
    "415": "Bodies of that type are not read.",
    "503": "Too many requests are waiting.",
    "504": "The model took too long.",
}
_GETS = {
    "/ping": ("ping", "Whether the model is loaded."),
    "/health": ("health", "Whether the model is loaded."),
    "/version": ("version", "The version of the server."),
    "/metrics": ("metrics", "Counters in Prometheus' format."),
}
_ERROR = {
    "type": "object",
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error_code", "message"],
}


def _plain_get(name: str, text: str) -> dict[str, Any]:
    answer = {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {"summary": text, "operationId": name, "responses": {"200": answer}}


def _body(inputs: Schema | None, params: Parameters | None) -> dict[str, Any]:
    record, row, rows = _shapes(inputs)
    forms: dict[str, dict[str, Any]] = {"inputs": rows, "instances": {"type": "array"}}
    if inputs is None or inputs.columns():
        split: dict[str, Any] = {"data": {"type": "array", "items": row}, "index": {"type": "array"}}
        split["columns"] = {"type": "array", "items": {"type": "string"}}
        forms["dataframe_split"] = {"type": "object", "properties": split, "required": ["data"]}
        forms["dataframe_records"] = {"type": "array", "items": record}
    extra = {"params": _params(params)} if params else {}
    return {
        "oneOf": [
            {"type": "object", "properties": {name: shape, **extra}, "required": [name]}
            for name, shape in sorted(forms.items())
        ]
    }


def _shapes(inputs: Schema | None) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The JSON schemas of a record, of a row and of `inputs`."""
    if inputs is None:
        return {"type": "object"}, {"type": "array"}, {}
    if tensors := inputs.tensors():
        return {"type": "object"}, {"type": "array"}, _tensors(tensors)
    columns = inputs.columns()
    if not inputs.names():
        size = len(columns)
        return {"type": "object"}, {"type": "array", "minItems": size, "maxItems": size}, {"type": "array"}
    record = _record(columns)
    return record, {"type": "array"}, {"oneOf": [{"type": "object"}, {"type": "array"}]}


def _record(columns: tuple[Column, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {column.name: _type(column.type) for column in columns},
        "required": [column.name for column in columns if column.required],
    }


def _tensors(tensors: tuple[Tensor, ...]) -> dict[str, Any]:
    if not tensors[0].name:
        return _tensor(tensors[0])
    properties = {tensor.name: _tensor(tensor) for tensor in tensors}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _tensor(tensor: Tensor) -> dict[str, Any]:
    shape: dict[str, Any] = dict(_NUMBERS.get(tensor.dtype.kind, {"type": "string"}))
    for size in reversed(tensor.shape):
        bounds = {} if size < 0 else {"minItems": size, "maxItems": size}
        shape = {"type": "array", "items": shape, **bounds}
    return shape


def _answer(outputs: Schema | None) -> dict[str, Any]:
    predictions: dict[str, Any] = {}
    if outputs and outputs.tensors():
        predictions = _tensors(outputs.tensors())
    elif outputs:
        columns = outputs.columns()
        items = _record(columns) if outputs.names() else _type(columns[0].type)
        predictions = {"type": "array", "items": items}
    return {"type": "object", "properties": {"predictions": predictions}, "required": ["predictions"]}


def _params(params: Parameters) -> dict[str, Any]:
    properties = {}
    for item in params.items:
        shape = _type(item.type)
        if item.shape is not None:
            shape = {"type": "array", "items": shape}
        properties[item.name] = {**shape, "default": item.to_json()["default"]}
    return {"type": "object", "properties": properties}


def _type(kind: ColumnType) -> dict[str, Any]:
    match kind:
        case DataType():
            return _JSON_TYPES[kind]
        case Array():
            return {"type": "array", "items": _type(kind.items)}
        case Object():
            return {
                "type": "object",
                "properties": {one.name: _type(one.type) for one in kind.properties},
                "required": [one.name for one in kind.properties if one.required],
            }
        case MapType():
            return {"type": "object", "additionalProperties": _type(kind.values)}
        case AnyType():
            return {}
