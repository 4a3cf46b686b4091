"""Looks into bodies: the table that a request asks about, and what an answer predicts. In the writer's process only.

MLflow's forms, Open Inference Protocol v2 (with binary tensors), TensorFlow Serving's v1, CSV, Parquet and Arrow; what a
service's method takes is kept as the JSON that it is.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import prod
from typing import Any

import msgspec

from treering.core.errors import InvalidInput, TreeringError
from treering.serving.predictions import BODIES

__all__ = ["Inputs", "NotUnderstood", "answer_of", "inputs_of"]

_FORMATS = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i",
    "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
_MATRIX = 2


class NotUnderstood(InvalidInput):
    """A body that cannot be looked into."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a request asks about.

    Attributes:
        columns: None where it is no table; `value` has it then.
    """

    columns: Sequence[str] | None = None
    rows: Sequence[Sequence[Any]] = ()
    value: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)


def inputs_of(content_type: str, body: bytes, json_length: int = -1) -> Inputs:
    """Look into a request.

    Raises:
        NotUnderstood: If it is nothing that is known.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if json_length >= 0:
        asked = _json(body[:json_length])
        return _tensors(asked, body[json_length:])
    if kind == "text/csv":
        return _csv(body)
    if kind in BODIES.builtins:
        try:
            columns, rows = BODIES.load(kind)(body)
        except (TreeringError, ValueError) as error:
            raise NotUnderstood(str(error)) from error
        return Inputs(columns, rows)
    if kind and not kind.endswith("json"):
        msg = f"bodies of the type {kind} are not looked into"
        raise NotUnderstood(msg)
    return _asked(_json(body))


def answer_of(content_type: str, body: bytes, json_length: int = -1) -> Any:
    """What an answer predicts: mostly a list with a prediction for each row.

    Raises:
        NotUnderstood: As `inputs_of`.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if json_length >= 0:
        told = _json(body[:json_length])
        return _outputs(told, body[json_length:])
    if kind and not kind.endswith("json"):
        msg = f"answers of the type {kind} are not looked into"
        raise NotUnderstood(msg)
    told = _json(body)
    if isinstance(told, dict):
        if isinstance(told.get("outputs"), list) and "model_name" in told:
            return _outputs(told, b"")
        if "predictions" in told:
            return told["predictions"]
    return told


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = "it is no JSON"
        raise NotUnderstood(msg) from error


def _asked(body: Any) -> Inputs:
    if not isinstance(body, dict):
        return Inputs(value=body)
    params = body["params"] if isinstance(body.get("params"), dict) else {}
    split, records = body.get("dataframe_split"), body.get("dataframe_records")
    if isinstance(split, dict) and isinstance(split.get("data"), list):
        return _checked(_names(split.get("columns"), split["data"]), split["data"], params)
    if isinstance(records, list):
        return _records(records, params)
    if isinstance(body.get("inputs"), list) and all(_is_tensor(one) for one in body["inputs"]) and body["inputs"]:
        return _tensors(body, b"")
    for name in ("instances", "inputs"):
        if name in body:
            return _instances(body[name], params)
    return Inputs(value=body)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and "datatype" in value and "shape" in value and "name" in value


def _instances(value: Any, params: Mapping[str, Any]) -> Inputs:
    if isinstance(value, list) and value:
        if all(isinstance(one, dict) for one in value):
            return _records(value, params)
        if all(isinstance(one, list) for one in value):
            return _checked(_names(None, value), value, params)
        if not any(isinstance(one, dict | list) for one in value):
            return Inputs(["0"], [[one] for one in value], params=params)
    if isinstance(value, dict) and value and all(isinstance(one, list) for one in value.values()):
        lengths = {len(one) for one in value.values()}
        if len(lengths) == 1:
            return Inputs(list(value), [list(row) for row in zip(*value.values(), strict=True)], params=params)
    return Inputs(value=value, params=params)


def _names(columns: Any, rows: Sequence[Any]) -> list[str]:
    if isinstance(columns, list):
        return [str(name) for name in columns]
    return [str(place) for place in range(len(rows[0]) if rows and isinstance(rows[0], list) else 0)]


def _checked(columns: list[str], rows: Sequence[Any], params: Mapping[str, Any]) -> Inputs:
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        msg = "its rows have not as many values as there are columns"
        raise NotUnderstood(msg)
    return Inputs(columns, rows, params=params)


def _records(records: Sequence[Any], params: Mapping[str, Any]) -> Inputs:
    if not all(isinstance(record, dict) for record in records):
        msg = "its records are no objects"
        raise NotUnderstood(msg)
    columns = list(dict.fromkeys(chain.from_iterable(records)))
    return Inputs(columns, [[record.get(name) for name in columns] for record in records], params=params)


def _csv(body: bytes) -> Inputs:
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        msg = "it is no CSV"
        raise NotUnderstood(msg) from error
    if not rows:
        return Inputs([], [])
    values = [[_value(text) for text in row] for row in rows[1:] if row]
    return _checked([str(name) for name in rows[0]], values, {})


def _value(text: str) -> Any:
    if not text:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _tensors(asked: Any, binary: bytes) -> Inputs:
    tensors = asked.get("inputs") if isinstance(asked, dict) else None
    if not isinstance(tensors, list) or not all(_is_tensor(one) for one in tensors):
        msg = "it has no inputs"
        raise NotUnderstood(msg)
    params = asked.get("parameters")
    params = params if isinstance(params, dict) else {}
    columns: list[str] = []
    parts: list[list[Any]] = []
    for name, shape, values in _read(tensors, binary):
        if len(shape) == _MATRIX and shape[1] != 1:
            columns += [str(place) if len(tensors) == 1 else f"{name}.{place}" for place in range(shape[1])]
            parts += [values[place :: shape[1]] for place in range(shape[1])]
        elif len(shape) <= _MATRIX:
            columns.append(name)
            parts.append(values)
        else:
            columns.append(name)
            size = prod(shape[1:])
            parts.append([values[start : start + size] for start in range(0, len(values), size)])
    if len({len(part) for part in parts}) != 1:
        return Inputs(value=dict(zip(columns, parts, strict=True)), params=params)
    return Inputs(columns, [list(row) for row in zip(*parts, strict=True)], params=params)


def _outputs(told: Any, binary: bytes) -> Any:
    outputs = told.get("outputs") if isinstance(told, dict) else None
    if not isinstance(outputs, list) or not all(_is_tensor(one) for one in outputs):
        msg = "it has no outputs"
        raise NotUnderstood(msg)
    found = {}
    for name, shape, values in _read(outputs, binary):
        width = prod(shape[1:]) if len(shape) > 1 else 1
        found[name] = (
            values if width == 1 else [values[start : start + width] for start in range(0, len(values), width or 1)]
        )
    return next(iter(found.values())) if len(found) == 1 else found


def _read(tensors: Sequence[Mapping[str, Any]], binary: bytes) -> list[tuple[str, Sequence[int], list[Any]]]:
    found: list[tuple[str, Sequence[int], list[Any]]] = []
    for tensor in tensors:
        shape = tensor["shape"]
        if not isinstance(shape, list) or not all(isinstance(one, int) and one >= 0 for one in shape):
            msg = "a shape is none"
            raise NotUnderstood(msg)
        if "data" in tensor:
            values = _flat(tensor["data"])
        else:
            parameters = tensor.get("parameters")
            size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
            if not isinstance(size, int) or not 0 <= size <= len(binary):
                msg = "a tensor has no data"
                raise NotUnderstood(msg)
            values = _unpacked(str(tensor["datatype"]), binary[:size])
            binary = binary[size:]
        if len(values) != prod(shape):
            msg = "a tensor has not as many values as its shape says"
            raise NotUnderstood(msg)
        found.append((str(tensor["name"]), shape, values))
    return found


def _flat(data: Any) -> list[Any]:
    if not isinstance(data, list):
        return [data]
    if any(isinstance(one, list) for one in data):
        return list(chain.from_iterable(_flat(one) for one in data))
    return data


def _unpacked(datatype: str, data: bytes) -> list[Any]:
    try:
        if datatype == "BYTES":
            return _texts(data)
        if datatype == "BF16":
            padded = b"".join(b"\0\0" + data[start : start + 2] for start in range(0, len(data), 2))
            return list(struct.unpack(f"<{len(padded) // 4}f", padded))
        form = _FORMATS[datatype]
        return list(struct.unpack(f"<{len(data) // struct.calcsize(form)}{form}", data))
    except (KeyError, struct.error) as error:
        msg = f"a tensor is no {datatype}"
        raise NotUnderstood(msg) from error


def _texts(data: bytes) -> list[Any]:
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        at += 4
        if at + length > len(data):
            msg = "a tensor of BYTES ends too soon"
            raise NotUnderstood(msg)
        found.append(data[at : at + length].decode("utf-8", "replace"))
        at += length
    return found
