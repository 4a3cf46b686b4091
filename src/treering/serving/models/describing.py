"""The OpenAPI document of a server of models, written from their signatures and examples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from treering import __version__
from treering.models import example
from treering.models.light.rows import Table
from treering.models.tables import TABLES, is_table
from treering.serving.models.feeding import INPUT, inputs_of
from treering.serving.models.grouping import fitting
from treering.serving.models.held import Held
from treering.serving.models.paths import KINDS, unversioned, versioned
from treering.serving.models.samples import take
from treering.serving.models.shapes import (
    answer_of,
    csv_of,
    infer_answer_of,
    infer_body_of,
    invocations_of,
    predict_answer_of,
    predict_body_of,
)

__all__ = ["describe"]

Json = dict[str, Any]

_OCTETS = "application/octet-stream"
_MOST_EXAMPLE = 64 << 10
_BEHIND = (
    "Tensors may also be sent as bytes behind the JSON, with their `binary_data_size` in the parameters of each and the"
    " length of the JSON in the header `Inference-Header-Content-Length`; `binary_data_output` asks for such an answer."
)


def describe(models: Sequence[Held]) -> Json:
    """The document, as OpenAPI 3.1: every version at its own paths, and the first of each name without one."""
    paths: dict[str, Json] = {}
    first = models[0].name if models else ""
    for held in models:
        bodies = {kind: _operation(held, kind) for kind in KINDS}
        if sum(one.name == held.name for one in models) > 1:
            for kind, operation in bodies.items():
                paths[versioned(kind, held.name, held.version)] = _post(operation, kind, held, held.version)
        for path, kind in unversioned(held.name, first=held.name == first).items():
            paths.setdefault(path, _post(bodies[kind], kind, held, "first" if path == "/invocations" else ""))
        for path, get in _model_gets(held).items():
            paths.setdefault(path, {"get": get})
    for path, (name, text, kind) in _GETS.items():
        paths[path] = {"get": _get(name, text, kind)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": ", ".join(dict.fromkeys(one.name for one in models)) or "models",
            "version": models[0].version if len(models) == 1 else __version__,
            "description": "Predictions, in MLflow's protocol, the Open Inference Protocol and TensorFlow Serving's.",
        },
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR, "Problem": _PROBLEM}},
    }


def _post(operation: Json, kind: str, held: Held, more: str) -> Json:
    name = re.sub(r"\W+", "_", f"{kind}_{held.name}_{more}".rstrip("_"))
    return {"post": {**operation, "operationId": "invocations" if more == "first" else name}}


def _operation(held: Held, kind: str) -> Json:
    signature = held.model.signature
    inputs, outputs, params = (
        (signature.inputs, signature.outputs, signature.params) if signature else (None, None, None)
    )
    rows = None if held.sample is None else take(held.sample, range(min(2, fitting(held.sample)[0])))
    if kind == "invocations":
        content = _content(invocations_of(inputs, params), _saved(held) or _bare_form("inputs", rows))
        content |= {name: {"schema": shape} for name, shape in _OTHER_BODIES.items()}
        content["text/csv"] = {"schema": csv_of(inputs)}
        return _described("Ask for predictions.", held, content, answer_of(outputs), "Error")
    if kind == "predict":
        content = _content(predict_body_of(inputs, params), _bare_form("instances", rows))
        return _described(
            "Ask for predictions, as TensorFlow Serving is.", held, content, predict_answer_of(outputs), "Problem"
        )
    asked = None if rows is None else {"inputs": _tensors(held, rows)}
    content = _content(infer_body_of(inputs, params), asked)
    made = _described(
        "Ask for predictions by the Open Inference Protocol.", held, content, infer_answer_of(), "Problem"
    )
    made["description"] = _BEHIND
    made["responses"]["200"]["content"][_OCTETS] = {"schema": {"type": "string", "format": "binary"}}
    return made


def _content(schema: Json, asked: Mapping[str, Any] | None) -> dict[str, Json]:
    return {"application/json": {"schema": schema, **({"example": dict(asked)} if asked else {})}}


def _described(summary: str, held: Held, content: Json, answer: Json, error: str) -> Json:
    failures = {
        status: {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{error}"}}},
        }
        for status, text in _FAILURES.items()
    }
    return {
        "summary": summary,
        "tags": [held.name],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "Predictions.", "content": {"application/json": {"schema": answer}}},
            **failures,
        },
    }


def _saved(held: Held) -> Json | None:
    path = held.wanted.folder / str(held.model.metadata.example.get("serving_input_path") or "")
    if not path.is_file() or path.stat().st_size > _MOST_EXAMPLE:
        return None
    return example.serving_body(held.wanted.folder, held.model.metadata)


def _bare_form(form: str, rows: Any) -> Json | None:
    """The sample as the value of a form."""
    if rows is None:
        return None
    if type(rows) is Table:
        columns = [one.tolist() for one in rows.columns]
        return {form: [dict(zip(rows.names, row, strict=True)) for row in zip(*columns, strict=True)]}
    if is_table(rows):
        return {form: TABLES.load("pandas").to_records(rows)}
    if isinstance(rows, dict):
        if form == "instances":
            count = fitting(rows)[0]
            return {form: [{name: one[place].tolist() for name, one in rows.items()} for place in range(count)]}
        return {form: {name: one.tolist() for name, one in rows.items()}}
    return {form: rows.tolist()}


def _tensors(held: Held, rows: Any) -> list[Json]:
    """The sample as tensors of the Open Inference Protocol."""
    signature = held.model.signature
    types = {one["name"]: one["datatype"] for one in inputs_of(signature.inputs if signature else None)}
    if type(rows) is Table:
        return [_tensor(name, types[name], one) for name, one in zip(rows.names, rows.columns, strict=True)]
    if is_table(rows):
        return _tensors_of_table(rows, types)
    named = rows if isinstance(rows, dict) else {next(iter(types), INPUT): rows}
    return [_tensor(name, types.get(name, "FP64"), one) for name, one in named.items()]


def _tensors_of_table(table: Any, types: Mapping[str, str]) -> list[Json]:
    records = TABLES.load("pandas").to_records(table)
    known = [name for name in types if name in records[0]]
    made = []
    for name in known:
        values = [row[name] for row in records]
        if any(value is None or value != value for value in values):  # noqa: PLR0124 -- NaN is what differs from itself
            continue
        texts = types[name] == "BYTES"
        data = [str(value) if texts else value for value in values]
        made.append({"name": name, "datatype": types[name], "shape": [len(data)], "data": data})
    return made


def _tensor(name: str, datatype: str, values: Any) -> Json:
    return {"name": name, "datatype": datatype, "shape": list(values.shape), "data": values.ravel().tolist()}


def _model_gets(held: Held) -> dict[str, Json]:
    stem = versioned("infer", held.name, "")[: -len("/versions//infer")]
    name = re.sub(r"\W+", "_", held.name)
    described = _get(f"metadata_{name}", f"The tensors of {held.name}.", "application/json")
    return {stem: described, f"{stem}/ready": _get(f"ready_{name}", "Whether it would answer.", "application/json")}


def _get(name: str, text: str, kind: str) -> Json:
    shape = {"type": "object"} if kind == "application/json" else {"type": "string"}
    answers: Json = {"200": {"description": text, "content": {kind: {"schema": shape}}}}
    if "ready" in name:
        answers["503"] = {"description": "Not now.", "content": {kind: {"schema": shape}}}
    return {"summary": text, "operationId": name, "responses": answers}


_OTHER_BODIES: dict[str, Json] = {
    "application/vnd.apache.parquet": {"type": "string", "format": "binary"},
    "application/vnd.apache.arrow.stream": {"type": "string", "format": "binary"},
    "application/vnd.apache.arrow.file": {"type": "string", "format": "binary"},
}
_FAILURES = {
    "400": "The body is not understood, does not fit the model, or made it fail.",
    "404": "There is no such model, version or variant.",
    "408": "The body did not come in time.",
    "413": "The body is too large.",
    "415": "Bodies of that type are not read.",
    "429": "Too many requests are waiting.",
    "500": "The server or the model failed.",
    "503": "Nobody can answer now.",
    "504": "The model took too long.",
}
_JSON, _TEXT = "application/json", "text/plain"
_GETS = {
    "/ping": ("ping", "Whether the server lives.", _TEXT),
    "/health": ("health", "Whether the server lives.", _TEXT),
    "/ready": ("ready", "Whether a request would be answered.", _JSON),
    "/version": ("version", "The version of the server.", _TEXT),
    "/metrics": ("metrics", "Counters in Prometheus' format.", _TEXT),
    "/v2": ("server_metadata", "What the server is.", _JSON),
    "/v2/health/live": ("v2_live", "Whether the server lives.", _JSON),
    "/v2/health/ready": ("v2_ready", "Whether a request would be answered.", _JSON),
    "/v2/models": ("models", "The names of all models.", _JSON),
}
_ERROR = {
    "type": "object",
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error_code", "message"],
}
_PROBLEM = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
