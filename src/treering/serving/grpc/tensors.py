"""Messages into requests as the REST protocol has them in its binary form, and answers into messages.

Tensors stay bytes from end to end: nothing is looked into here but where a client sent typed lists.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Any

import msgspec

from treering.core.errors import MalformedRequest
from treering.serving.grpc.definitions import message
from treering.serving.hosting import Answer

__all__ = ["HEADER_LENGTH", "request_of", "response_of", "said"]

HEADER_LENGTH = b"inference-header-content-length"

_LENGTH = struct.Struct("<I")
_LISTS: dict[str, tuple[str, str]] = {
    "BOOL": ("bool_contents", "b"),
    "FP32": ("fp32_contents", "f"),
    "FP64": ("fp64_contents", "d"),
    "INT8": ("int_contents", "b"),
    "INT16": ("int_contents", "h"),
    "INT32": ("int_contents", "i"),
    "INT64": ("int64_contents", "q"),
    "UINT8": ("uint_contents", "B"),
    "UINT16": ("uint_contents", "H"),
    "UINT32": ("uint_contents", "I"),
    "UINT64": ("uint64_contents", "Q"),
}
"""Data types that can be sent as lists: the field that holds them, and their code in `array`."""


def request_of(asked: Any) -> tuple[bytes, int]:
    """A `ModelInferRequest` as a body, and the length of the JSON in it.

    Raises:
        MalformedRequest: If lists and bytes are mixed, or a list is of another type than its tensor.
    """
    tails = _tails(asked)
    inputs = [
        {
            "name": one.name,
            "datatype": one.datatype,
            "shape": list(one.shape),
            "parameters": {**_plain(one.parameters), "binary_data_size": len(tail)},
        }
        for one, tail in zip(asked.inputs, tails, strict=True)
    ]
    told: dict[str, Any] = {"inputs": inputs, "parameters": {**_plain(asked.parameters), "binary_data_output": True}}
    if asked.id:
        told["id"] = asked.id
    if asked.outputs:
        told["outputs"] = [{"name": one.name} for one in asked.outputs]
    head = msgspec.json.encode(told)
    return b"".join((head, *tails)), len(head)


def _tails(asked: Any) -> list[bytes]:
    raw = asked.raw_input_contents
    if not raw:
        return [_written(one) for one in asked.inputs]
    mixed = [one.name for one in asked.inputs if one.HasField("contents")]
    if mixed or len(raw) != len(asked.inputs):
        msg = (
            f"The request has {len(asked.inputs)} inputs and {len(raw)} raw_input_contents, and typed contents for {mixed}."
            " Send all inputs raw, in their order, or all typed."
        )
        raise MalformedRequest(msg)
    return list(raw)


def _written(tensor: Any) -> bytes:
    contents = tensor.contents
    if tensor.datatype == "BYTES":
        return b"".join(_LENGTH.pack(len(one)) + one for one in contents.bytes_contents)
    if tensor.datatype not in _LISTS:
        if not contents.ListFields():
            return b""  # the host says what is wrong with it
        msg = f"The input {tensor.name!r} is {tensor.datatype!r}, which is sent as raw_input_contents."
        raise MalformedRequest(msg)
    name, code = _LISTS[tensor.datatype]
    others = [field.name for field, _ in contents.ListFields() if field.name != name]
    if others:
        msg = f"The input {tensor.name!r} is {tensor.datatype} and has its values in {others}. Put them into {name}."
        raise MalformedRequest(msg)
    try:
        values = array(code, getattr(contents, name))
    except OverflowError as error:
        msg = f"The input {tensor.name!r} has values that {tensor.datatype} does not hold: {error}."
        raise MalformedRequest(msg) from error
    if sys.byteorder == "big":  # pragma: no cover -- the wire is little endian
        values.byteswap()
    return values.tobytes()


def _plain(parameters: Any) -> dict[str, Any]:
    found = {}
    for name, one in parameters.items():
        kind = one.WhichOneof("parameter_choice")
        if kind is not None:
            found[name] = getattr(one, kind)
    return found


def response_of(answer: Answer) -> Any:
    """A `ModelInferResponse`; the answer has to be one with status 200."""
    length = int(dict(answer.headers).get(HEADER_LENGTH, len(answer.body)))
    told = msgspec.json.decode(answer.body[:length])
    made = message("inference.ModelInferResponse")(
        model_name=told["model_name"], model_version=told.get("model_version", ""), id=told.get("id", "")
    )
    at = length
    for one in told["outputs"]:
        made.outputs.add(name=one["name"], datatype=one["datatype"], shape=one["shape"])
        size = one["parameters"]["binary_data_size"]
        made.raw_output_contents.append(answer.body[at : at + size])
        at += size
    return made


def said(answer: Answer) -> str:
    """What an answer that is no prediction says."""
    try:
        found = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer.body.decode(errors="replace")
    return str(found.get("error") or found.get("message") or found) if isinstance(found, dict) else str(found)
