"""The Open Inference Protocol over REST: tensors in JSON, or as bytes behind it.

The binary form is the extension `binary_tensor_data` that Triton and KServe have: the JSON object comes first, its
length in a header, and then the tensors in the order in which the object lists them.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from treering.core.errors import InvalidInput, MalformedRequest, UnsupportedMediaType
from treering.serving.hosting import Answer, Call
from treering.serving.models.datatypes import DTYPES, datatype_of, from_bytes, to_bytes
from treering.serving.models.feeding import Feed
from treering.serving.models.giving import Give
from treering.serving.models.grouping import fitting
from treering.serving.models.held import Held
from treering.serving.models.protocol import Asked, with_params

__all__ = ["HEADER_LENGTH", "Infer"]

HEADER_LENGTH = b"inference-header-content-length"
_BINARY = b"application/octet-stream"
_JSON = {b"", b"application/json"}

_DIMENSIONS = 32
"""More than any model has; NumPy ends at 64, and multiplying endless ones would take long."""

Size = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]


class _Output(msgspec.Struct, gc=False):
    name: str
    parameters: dict[str, Any] | None = None


def _tensor(datatype: str, item: Any, size: Any = Size) -> Any:
    return msgspec.defstruct(
        f"Tensor{datatype}",
        [
            ("name", str),
            ("shape", Annotated[list[size], msgspec.Meta(max_length=_DIMENSIONS)]),
            ("data", list[item] | UnsetType, UNSET),
            ("parameters", dict[str, Any] | None, None),
        ],
        tag_field="datatype",
        tag=datatype,
        gc=False,
    )


def _bounded(bits: int, *, signed: bool) -> Any:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return Annotated[int, msgspec.Meta(ge=low, le=high)] if bits < 64 else int  # noqa: PLR2004 -- NumPy checks those


_ITEMS: dict[str, Any] = {
    "BOOL": bool,
    **{f"UINT{bits}": _bounded(bits, signed=False) for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": _bounded(bits, signed=True) for bits in (8, 16, 32, 64)},
    **dict.fromkeys(("FP16", "FP32", "FP64", "BF16"), float),
    "BYTES": str,
}
_TYPES = {name: _tensor(name, item) for name, item in _ITEMS.items()}
_LOOSE_TYPES = {name: _tensor(name, Any, Size | float) for name in _ITEMS}


def _request(types: dict[str, Any]) -> Any:
    tensors: Any = None
    for one in types.values():
        tensors = one if tensors is None else tensors | one
    return msgspec.defstruct(
        "Request",
        [
            ("inputs", Annotated[list[tensors], msgspec.Meta(min_length=1)]),
            ("id", str | None, None),
            ("parameters", dict[str, Any] | None, None),
            ("outputs", list[_Output] | None, None),
        ],
        gc=False,
    )


_STRICT = msgspec.json.Decoder(_request(_TYPES))
_LOOSE = msgspec.json.Decoder(_request(_LOOSE_TYPES))


class _Form(NamedTuple):
    """What is wanted back.

    Attributes:
        outputs: The names asked for, and whether as bytes; `None` if all are wanted, in one way.
    """

    id: str | None
    outputs: list[tuple[str, bool]] | None
    binary: bool


class Infer:
    """A `Wire`."""

    failure = 500

    def __init__(self, held: Held) -> None:
        self._held = held
        signature = held.model.signature
        self._feed = Feed(held.model)
        self._give = Give(signature.outputs if signature else None)
        self._known = {one.name for one in signature.params.items} if signature and signature.params else set()

    def read(self, call: Call) -> Asked:
        """See `Wire`."""
        head, tail = _parts(call)
        request = _decode(head)
        data = self._feed.data(_arrays(request.inputs, tail))
        given = {name: one for name, one in (request.parameters or {}).items() if name in self._known}
        params = self._held.model.checked_params(given) if self._known else {}
        rows, key = fitting(data)
        return Asked(data, params, rows, with_params(key, params), _form(request))

    def prepare(self, predictions: Any) -> Any:
        """See `Wire`."""
        return self._give.tensors(predictions)

    def write(self, asked: Asked, prepared: Any) -> Answer:
        """See `Wire`."""
        form: _Form = asked.form
        told: list[dict[str, Any]] = []
        tails: list[bytes] = []
        for name, binary in self._wanted(form, prepared):
            values = prepared[name]
            one: dict[str, Any] = {"name": name, "datatype": datatype_of(values.dtype), "shape": values.shape}
            if binary:
                written = to_bytes(values)
                tails.append(written)
                one["parameters"] = {"binary_data_size": len(written)}
            else:
                one["data"] = _listed(values)
            told.append(one)
        named = {"model_name": self._held.name, "model_version": self._held.version}
        if form.id is not None:
            named["id"] = form.id
        head = msgspec.json.encode({**named, "outputs": told})
        if not tails:
            return Answer(200, head, rows=asked.rows)
        length = ((HEADER_LENGTH, str(len(head)).encode()),)
        return Answer(200, b"".join((head, *tails)), _BINARY, length, asked.rows)

    def _wanted(self, form: _Form, prepared: dict[str, Any]) -> list[tuple[str, bool]]:
        if form.outputs is None:
            return [(name, form.binary) for name in prepared]
        unknown = [name for name, _ in form.outputs if name not in prepared]
        if unknown:
            msg = f"The model has no outputs {unknown}. It gives: {list(prepared)}."
            raise InvalidInput(msg)
        return form.outputs

    def refuse(self, status: int, code: str, message: str, trace: str = "") -> Answer:  # noqa: ARG002 -- the protocol has no codes
        """See `Wire`."""
        content = {"error": message}
        if trace:
            content["stack_trace"] = trace
        return Answer(status, msgspec.json.encode(content))


def _parts(call: Call) -> tuple[Any, memoryview]:
    """The JSON, and the bytes behind it."""
    for name, value in call.headers:
        if name == HEADER_LENGTH:
            if not value.isdigit() or len(value) > 18 or int(value) > len(call.body):  # noqa: PLR2004 -- more is no length
                msg = (
                    f"The header Inference-Header-Content-Length is {value.decode('latin-1')!r}, and has to be the length"
                    f" of the JSON in a body of {len(call.body)} bytes."
                )
                raise MalformedRequest(msg)
            body = memoryview(call.body)
            return body[: int(value)], body[int(value) :]
    kind = call.content_type.partition(b";")[0].strip().lower()
    if kind not in _JSON:
        shown = call.content_type.decode("latin-1")
        msg = (
            f"Requests are JSON, of the content type application/json, and not {shown!r}. With tensors as bytes behind the"
            " JSON, the header Inference-Header-Content-Length says how long that is."
        )
        raise UnsupportedMediaType(msg)
    return call.body, memoryview(b"")


def _decode(head: Any) -> Any:
    try:
        return _STRICT.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        wrong = error
    try:
        request: Any = _LOOSE.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"The request is not understood: {error}."
        raise MalformedRequest(msg) from wrong
    for one in request.inputs:
        one.shape = [_whole(size) for size in one.shape]
        if any(not isinstance(size, int) or size < 0 for size in one.shape):
            msg = f"The input {one.name!r} has the shape {one.shape}, and lengths are whole numbers."
            raise MalformedRequest(msg)
        if one.data is not UNSET:
            one.data = _flattened(one)
    return request


def _whole(value: Any) -> Any:
    """To JSON, 1.0 is as whole as 1."""
    return int(value) if type(value) is float and value.is_integer() else value


def _flattened(tensor: Any) -> list[Any]:
    """The values of a tensor that was written as lists in lists, each of the right type."""
    values = tensor.data
    try:
        for size in tensor.shape[1:]:
            if not any(isinstance(one, list) for one in values):
                break
            if any(not isinstance(one, list) or len(one) != size for one in values):
                msg = f"The input {tensor.name!r} has lists in it that do not make the shape {tensor.shape}."
                raise MalformedRequest(msg)
            values = [value for one in values for value in one]
        if DTYPES[_datatype(tensor)].kind in "iu":
            values = [_whole(one) for one in values]
        return msgspec.convert(values, list[_ITEMS[_datatype(tensor)]])  # type: ignore[misc, no-any-return]  # made at run time
    except msgspec.ValidationError as error:
        where = str(error).replace("`$", "`data")
        msg = f"The input {tensor.name!r} holds what {_datatype(tensor)} does not: {where}."
        raise MalformedRequest(msg) from error


def _datatype(tensor: Any) -> str:
    return str(tensor.__struct_config__.tag)


def _arrays(inputs: list[Any], tail: memoryview) -> dict[str, np.ndarray[Any, Any]]:
    found: dict[str, np.ndarray[Any, Any]] = {}
    at = 0
    for one in inputs:
        if one.name in found:
            msg = f"The input {one.name!r} is there twice."
            raise MalformedRequest(msg)
        size = one.parameters.get("binary_data_size") if one.parameters else None
        if size is None:
            found[one.name] = _from_list(one)
            continue
        if type(size) is not int or size < 0 or one.data is not UNSET or at + size > len(tail):
            msg = (
                f"The input {one.name!r} says that {size!r} bytes of it are behind the JSON, where {len(tail) - at} are"
                " left. Give either binary_data_size or data."
            )
            raise MalformedRequest(msg)
        found[one.name] = from_bytes(tail[at : at + size], _datatype(one), one.shape, one.name)
        at += size
    if at != len(tail):
        msg = f"Behind the inputs there are {len(tail) - at} bytes that belong to none. Check each binary_data_size."
        raise MalformedRequest(msg)
    return found


def _from_list(tensor: Any) -> np.ndarray[Any, Any]:
    if tensor.data is UNSET:
        msg = f"The input {tensor.name!r} has no data."
        raise MalformedRequest(msg)
    dtype = DTYPES[_datatype(tensor)]
    try:
        made = np.empty(len(tensor.data), dtype=object) if dtype.kind == "O" else np.array(tensor.data, dtype=dtype)
        if dtype.kind == "O":
            made[:] = tensor.data
        return made.reshape(tensor.shape)
    except OverflowError as error:
        msg = f"The input {tensor.name!r} has numbers that {_datatype(tensor)} does not hold: {error}."
        raise MalformedRequest(msg) from error
    except ValueError as error:
        msg = f"The input {tensor.name!r} has {len(tensor.data)} values, which do not make the shape {tensor.shape}."
        raise MalformedRequest(msg) from error


def _form(request: Any) -> _Form:
    binary = _asked_binary(request.parameters, "binary_data_output", default=False)
    if not request.outputs:
        return _Form(request.id, None, binary)
    wanted = [(one.name, _asked_binary(one.parameters, "binary_data", default=binary)) for one in request.outputs]
    return _Form(request.id, wanted, binary)


def _asked_binary(parameters: dict[str, Any] | None, name: str, *, default: bool) -> bool:
    found = default if parameters is None else parameters.get(name, default)
    if not isinstance(found, bool):
        msg = f"The parameter {name!r} is true or false, and was given as {found!r}."
        raise MalformedRequest(msg)
    return found


def _listed(values: np.ndarray[Any, Any]) -> list[Any]:
    """The values one after the other; bytes as text."""
    flat = values.ravel().tolist()
    return [one.decode(errors="replace") for one in flat] if values.dtype.kind == "O" else flat
