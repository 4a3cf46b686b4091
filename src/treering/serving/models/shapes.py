"""JSON schemas of what a model takes and gives, as precise as its signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from treering.models.schema import Column, Parameters, Schema, Tensor
from treering.models.types import AnyType, Array, ColumnType, DataType, MapType, Object
from treering.serving.models.datatypes import DTYPES
from treering.serving.models.feeding import inputs_of

__all__ = [
    "answer_of",
    "csv_of",
    "infer_answer_of",
    "infer_body_of",
    "invocations_of",
    "predict_answer_of",
    "predict_body_of",
]

Json = dict[str, Any]

FORMS = ("dataframe_records", "dataframe_split", "inputs", "instances")

_INT32 = {"minimum": -(1 << 31), "maximum": (1 << 31) - 1}
_INT64 = {"minimum": -(1 << 63), "maximum": (1 << 63) - 1}
_CELLS: dict[DataType, Json] = {
    DataType.BOOLEAN: {"type": "boolean"},
    DataType.INTEGER: {"type": "integer", "format": "int32", **_INT32},
    DataType.LONG: {"type": "integer", "format": "int64", **_INT64},
    DataType.FLOAT: {"type": "number", "format": "float"},
    DataType.DOUBLE: {"type": "number", "format": "double"},
    DataType.STRING: {"type": "string"},
    DataType.BINARY: {"type": "string", "format": "byte"},
    DataType.DATETIME: {"type": "string", "format": "date-time"},
}
_TABLE = 2
_CSV_KINDS = {"b": "(true|false)", "f": r"-?[0-9]{1,6}(\.[0-9]{1,6})?", "i": "[0-9]{1,2}", "u": "[0-9]{1,2}"}
_CSV_CELLS = {
    DataType.BOOLEAN: _CSV_KINDS["b"],
    DataType.DOUBLE: _CSV_KINDS["f"],
    DataType.FLOAT: _CSV_KINDS["f"],
    DataType.INTEGER: r"-?[0-9]{1,9}",
    DataType.LONG: r"-?[0-9]{1,15}",
    DataType.STRING: "[A-Za-z][A-Za-z ]{0,11}",
}


def invocations_of(inputs: Schema | None, params: Parameters | None) -> Json:
    """The body of `/invocations`: exactly one of the forms."""
    forms = _forms(inputs)
    extra = {"params": _params(params)} if params else {}
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {**dict.fromkeys(set(FORMS) - {name}, False), name: shape, **extra},
                "required": [name],
            }
            for name, shape in sorted(forms.items())
        ]
    }


def predict_body_of(inputs: Schema | None, params: Parameters | None) -> Json:
    """The body of TensorFlow Serving's protocol."""
    forms = _forms(inputs)
    extra: Json = {"signature_name": {"type": "string"}, **({"parameters": _params(params)} if params else {})}
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {name: forms[name], **extra},
                "required": [name],
                "additionalProperties": False,
            }
            for name in ("inputs", "instances")
        ]
    }


def _forms(inputs: Schema | None) -> dict[str, Json]:
    rows: Json = {"type": "array", "minItems": 1}
    table = _split({"data": rows, "columns": {"type": "array"}}, ["data"])
    if inputs is None or not inputs.items:
        records = {"type": "array", "items": {"type": "object"}, "minItems": 1}
        return {"inputs": {}, "instances": rows, "dataframe_split": table, "dataframe_records": records}
    if tensors := inputs.tensors():
        return _tensor_forms(tensors)
    columns = inputs.columns()
    row = _row(columns)
    split: Json = {"data": {"type": "array", "items": row, "minItems": 1}}
    if not inputs.names():
        by_row = {"type": "array", "items": row, "minItems": 1}
        forms = {"inputs": by_row, "instances": by_row}
        return {**forms, "dataframe_split": _split(split, ["data"])}
    records = {"type": "array", "items": _record(columns), "minItems": 1}
    split["columns"] = {"enum": [inputs.names()]}
    return {
        "inputs": records,
        "instances": records,
        "dataframe_records": records,
        "dataframe_split": _split(split, ["columns", "data"]),
    }


def _split(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _tensor_forms(tensors: tuple[Tensor, ...]) -> dict[str, Json]:
    if not tensors[0].name:
        whole = _tensor(tensors[0])
        forms = {"inputs": whole, "instances": whole}
        if len(tensors[0].shape) == _TABLE:
            return {**forms, "dataframe_split": _split({"data": whole}, ["data"])}
        return forms
    names = [tensor.name for tensor in tensors]
    whole = {"type": "object", "properties": {one.name: _tensor(one) for one in tensors}, "required": names}
    row = {
        "type": "object",
        "properties": {one.name: _tensor(Tensor(one.dtype, one.shape[1:])) for one in tensors},
        "required": names,
    }
    return {"inputs": whole, "instances": {"type": "array", "items": row, "minItems": 1}}


def _row(columns: Sequence[Column]) -> Json:
    cells = [_cell(one) for one in columns]
    return {"type": "array", "prefixItems": cells, "minItems": len(cells), "maxItems": len(cells)}


def _record(columns: Sequence[Column]) -> Json:
    return {
        "type": "object",
        "properties": {one.name: _cell(one) for one in columns},
        "required": [one.name for one in columns if one.required],
    }


def _cell(column: Column) -> Json:
    shape = _type(column.type)
    if column.required or "type" not in shape:
        return shape
    return {**shape, "type": [shape["type"], "null"]}


def _number(dtype: np.dtype[Any]) -> Json:
    if dtype.kind == "b":
        return {"type": "boolean"}
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        return {"type": "integer", "minimum": int(bounds.min), "maximum": int(bounds.max)}
    return {"type": "number"} if dtype.kind == "f" else {"type": "string"}


def _tensor(tensor: Tensor) -> Json:
    shape: Json = _number(tensor.dtype)
    for place, size in reversed(list(enumerate(tensor.shape))):
        bounds = {"minItems": 0 if place else 1} if size < 0 else {"minItems": size, "maxItems": size}
        shape = {"type": "array", "items": shape, **bounds}
    return shape


def _type(kind: ColumnType) -> Json:
    match kind:
        case DataType():
            return _CELLS[kind]
        case Array():
            return {"type": "array", "items": _type(kind.items)}
        case Object():
            return {
                "type": "object",
                "properties": {one.name: _type(one.type) for one in kind.properties},
                "required": [one.name for one in kind.properties if one.required],
                "additionalProperties": False,
            }
        case MapType():
            return {"type": "object", "additionalProperties": _type(kind.values)}
        case AnyType():
            return {}


def _params(params: Parameters) -> Json:
    properties = {}
    for item in params.items:
        shape = _type(item.type)
        if item.shape is not None:
            shape = {"type": "array", "items": shape}
        properties[item.name] = {**shape, "default": item.to_json()["default"]}
    return {"type": "object", "properties": properties}


def csv_of(inputs: Schema | None) -> Json:
    """A table as CSV, with the names of the columns in its first line."""
    shape: Json = {"type": "string", "description": "CSV with a heading."}
    columns = _csv_columns(inputs)
    if not columns:
        return shape
    heading = ",".join(re.escape(name) for name, _ in columns)
    row = ",".join(pattern for _, pattern in columns)
    return {**shape, "pattern": f"^{heading}\\n({row}\\n){{1,100}}$"}


def _csv_columns(inputs: Schema | None) -> list[tuple[str, str]]:
    """Each column's name, and how its values are written; nothing where that cannot be said."""
    if inputs is None or not inputs.items:
        return []
    if tensors := inputs.tensors():
        (one, *more) = tensors
        if more or one.name or len(one.shape) != _TABLE or one.shape[1] < 0 or one.dtype.kind not in _CSV_KINDS:
            return []
        return [(f"c{place}", _CSV_KINDS[one.dtype.kind]) for place in range(one.shape[1])]
    columns = inputs.columns()
    if not inputs.names() or not all(isinstance(one.type, DataType) and one.type in _CSV_CELLS for one in columns):
        return []
    if any(set(one.name) & set(',"\r\n') for one in columns):
        return []
    return [(one.name, _CSV_CELLS[one.type]) for one in columns if isinstance(one.type, DataType)]


def answer_of(outputs: Schema | None) -> Json:
    """The answer of `/invocations`."""
    return {"type": "object", "properties": {"predictions": _predictions(outputs)}, "required": ["predictions"]}


def predict_answer_of(outputs: Schema | None) -> Json:
    """The answer of TensorFlow Serving's protocol, for rows or for columns."""
    shape = _predictions(outputs)
    return {
        "oneOf": [
            {"type": "object", "properties": {name: shape}, "required": [name]} for name in ("predictions", "outputs")
        ]
    }


def _predictions(outputs: Schema | None) -> Json:
    """What is answered: numbers that JSON does not have are null, and times are written as Python writes them."""
    if outputs is None or not outputs.items:
        return {}
    if tensors := outputs.tensors():
        given = {one.name: _given(_number(one.dtype), one.shape) for one in tensors}
        return given.get("", {"type": "object", "properties": given})
    if len(outputs.items) == 1 and not outputs.names():
        return {"type": "array"}
    return {"type": "array", "items": {"type": "object"} if outputs.names() else {}}


def _given(item: Json, shape: Sequence[int]) -> Json:
    if item["type"] == "number":
        item = {"type": ["number", "null"]}
    for _ in shape:
        item = {"type": "array", "items": item}
    return item


def infer_body_of(inputs: Schema | None, params: Parameters | None) -> Json:
    """A request of the Open Inference Protocol, with the tensors in JSON."""
    told = inputs_of(inputs)
    tensors = [_asked(one, named=len(told) > 1) for one in told] or [_any_tensor()]
    listed: Json = {"type": "array", "items": tensors[0] if len(tensors) == 1 else {"oneOf": tensors}, "minItems": 1}
    if len(tensors) == 1 and told:
        listed["maxItems"] = 1
    known = _params(params)["properties"] if params else {}
    own = {"binary_data_output": {"type": "boolean", "description": "All outputs as bytes behind the JSON."}}
    wanted = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "parameters": {"type": ["object", "null"]}},
        "required": ["name"],
    }
    return {
        "type": "object",
        "properties": {
            "id": {"type": ["string", "null"]},
            "inputs": listed,
            "outputs": {"type": ["array", "null"], "items": wanted, "description": "Only these; all, if left out."},
            "parameters": {"type": ["object", "null"], "properties": {**own, **known}},
        },
        "required": ["inputs"],
    }


def _asked(told: Json, *, named: bool) -> Json:
    sizes = [{"const": size} if size >= 0 else {"type": "integer", "minimum": 1} for size in told["shape"]]
    return {
        "type": "object",
        "properties": {
            "name": {"const": told["name"]} if named else {"type": "string"},
            "datatype": {"const": told["datatype"]},
            "shape": {"type": "array", "prefixItems": sizes, "minItems": len(sizes), "maxItems": len(sizes)},
            "data": {
                "type": "array",
                "items": _items(told["datatype"]),
                "description": "The values row by row, as many as the shape says.",
            },
            "parameters": {"type": ["object", "null"]},
        },
        "required": ["name", "shape", "datatype", "data"],
    }


def _items(datatype: str) -> Json:
    return {"type": "string"} if datatype == "BYTES" else _number(DTYPES[datatype])


def _any_tensor() -> Json:
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "datatype": {"enum": list(DTYPES)},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "data": {"type": "array"},
            "parameters": {"type": ["object", "null"]},
        },
        "required": ["name", "shape", "datatype", "data"],
    }


def infer_answer_of() -> Json:
    """An answer of the Open Inference Protocol in JSON."""
    tensor = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "datatype": {"enum": list(DTYPES)},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "data": {"type": "array"},
        },
        "required": ["name", "datatype", "shape"],
    }
    return {
        "type": "object",
        "properties": {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
            "outputs": {"type": "array", "items": tensor},
        },
        "required": ["model_name", "outputs"],
    }
