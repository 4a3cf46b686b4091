"""Arguments and answers between processes of ours: MessagePack, arrays as their bytes, nothing that runs code.

What a client sends as `application/vnd.treering+msgpack` is read the same way, and is answered so.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from treering.serving.services.kinds.base import Upload
from treering.serving.services.kinds.encoding import plain
from treering.serving.services.validators import BadValue

__all__ = ["PACKED", "packed", "unpacked"]

PACKED = "application/vnd.treering+msgpack"
_ARRAY, _UPLOAD, _FRAME = 1, 2, 3
_KINDS = "biufcSUMm"


class _Array(msgspec.Struct, array_like=True):
    dtype: str
    shape: list[int]
    content: bytes


class _Frame(msgspec.Struct, array_like=True):
    columns: list[Any]
    content: list[Any]


def packed(value: Any) -> bytes:
    """The bytes of arguments by name, or of an answer."""
    return _ENCODER.encode(_prepared(value))


def unpacked(body: bytes) -> Any:
    """The values again; arrays are views of the body, and cannot be written to.

    Raises:
        BadValue: If these are other bytes.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        msg = f"The body is not packed as {PACKED}: {error}."
        raise BadValue(msg) from error


def _prepared(value: Any) -> Any:
    """With JSON that is written already read again: it cannot stand within MessagePack."""
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(bytes(value))
    if isinstance(value, Upload):
        return msgspec.msgpack.Ext(_UPLOAD, msgspec.msgpack.encode(tuple(value)))
    if isinstance(value, Mapping):
        return {name: _prepared(one) for name, one in value.items()}
    if type(value) in (list, tuple):
        return [_prepared(one) for one in value]
    return value


def _packs(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
        content = io.BytesIO()
        content.write(np.ascontiguousarray(value).data if value.dtype.kind not in "MmUS" else value.tobytes())
        return msgspec.msgpack.Ext(
            _ARRAY, msgspec.msgpack.encode(_Array(value.dtype.str, list(value.shape), content.getvalue()))
        )
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        columns = [value[name].to_numpy() for name in value.columns]
        content_of = [one if one.dtype.kind in _KINDS else one.tolist() for one in columns]
        frame = _Frame(list(value.columns), content_of)
        return msgspec.msgpack.Ext(_FRAME, _ENCODER.encode(frame))
    return plain(value)


def _unpacks(code: int, content: memoryview) -> Any:
    if code == _ARRAY:
        found = msgspec.msgpack.decode(content, type=_Array)
        dtype = np.dtype(found.dtype)
        if dtype.kind not in _KINDS:
            msg = f"An array of {found.dtype} is not read."
            raise ValueError(msg)
        return np.frombuffer(found.content, dtype).reshape(found.shape)
    if code == _UPLOAD:
        return Upload(*msgspec.msgpack.decode(content, type=tuple[str, str, bytes]))
    if code == _FRAME:
        frame = msgspec.msgpack.decode(content, type=_Frame, ext_hook=_unpacks)
        # Who gets it knows whether it is to be a data frame.
        return dict(zip(frame.columns, frame.content, strict=True))
    msg = f"There is no extension {code}."
    raise ValueError(msg)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_packs)
_DECODER = msgspec.msgpack.Decoder(ext_hook=_unpacks)
