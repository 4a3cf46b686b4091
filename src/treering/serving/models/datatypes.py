"""The data types of the Open Inference Protocol, and how their tensors are written as bytes.

Numbers are little endian and packed; each value of BYTES has its length in four bytes before it. BF16, which NumPy
does not know, is read as the single-precision numbers that it is the first half of.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from treering.core.errors import MalformedRequest

__all__ = ["DTYPES", "datatype_of", "from_bytes", "to_bytes"]

DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "BOOL": np.dtype(np.bool_),
        "UINT8": np.dtype(np.uint8),
        "UINT16": np.dtype("<u2"),
        "UINT32": np.dtype("<u4"),
        "UINT64": np.dtype("<u8"),
        "INT8": np.dtype(np.int8),
        "INT16": np.dtype("<i2"),
        "INT32": np.dtype("<i4"),
        "INT64": np.dtype("<i8"),
        "FP16": np.dtype("<f2"),
        "FP32": np.dtype("<f4"),
        "FP64": np.dtype("<f8"),
        "BF16": np.dtype("<f4"),
        "BYTES": np.dtype(object),
    }
)
"""NumPy's type for each data type."""

_NAMES = {dtype: name for name, dtype in DTYPES.items() if name != "BF16"}
_LENGTH = struct.Struct("<I")


def datatype_of(dtype: np.dtype[Any]) -> str:
    """The data type of arrays of this type; texts, times and objects are BYTES.

    Raises:
        TypeError: If there is none, as for complex numbers.
    """
    found = _NAMES.get(dtype)
    if found is None:
        if dtype.kind not in "USOMm":
            msg = f"Arrays of {dtype} have no data type in the protocol."
            raise TypeError(msg)
        return "BYTES"
    return found


def from_bytes(data: memoryview, datatype: str, shape: list[int], name: str) -> np.ndarray[Any, Any]:
    """The tensor that was written; numbers are not copied, so they cannot be written into.

    Raises:
        MalformedRequest: If there are more or fewer bytes than the shape needs.
    """
    count = _count(shape)
    if datatype == "BYTES":
        return _texts(data, count, name).reshape(shape)
    size = 2 if datatype == "BF16" else DTYPES[datatype].itemsize
    if len(data) != count * size:
        msg = (
            f"The input {name!r} of shape {shape} needs {count * size} bytes as {datatype}, and has {len(data)}."
            " Check shape, datatype and binary_data_size."
        )
        raise MalformedRequest(msg)
    if datatype == "BF16":
        return (np.frombuffer(data, dtype="<u2").astype("<u4") << 16).view("<f4").reshape(shape)
    if datatype == "BOOL":
        return np.frombuffer(data, dtype=np.uint8).astype(np.bool_).reshape(shape)
    return np.frombuffer(data, dtype=DTYPES[datatype]).reshape(shape)


def _count(shape: list[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _texts(data: memoryview, count: int, name: str) -> np.ndarray[Any, Any]:
    # A value takes four bytes at least; a shape alone is not to make anything large.
    if count * _LENGTH.size > len(data):
        raise _short(name, count)
    made = np.empty(count, dtype=object)
    at = 0
    for place in range(count):
        if at + _LENGTH.size > len(data):
            raise _short(name, count)
        (size,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + size > len(data):
            raise _short(name, count)
        made[place] = bytes(data[at : at + size])
        at += size
    if at != len(data):
        msg = f"The input {name!r} has {len(data) - at} bytes behind its {count} values. Check its shape."
        raise MalformedRequest(msg)
    return made


def _short(name: str, count: int) -> MalformedRequest:
    return MalformedRequest(f"The input {name!r} ends before its {count} values of BYTES do. Check its shape.")


def to_bytes(values: np.ndarray[Any, Any]) -> bytes:
    """The tensor as bytes; values of an array of objects have to be bytes."""
    if values.dtype.kind == "O":
        return b"".join(_LENGTH.pack(len(one)) + one for one in values.ravel())
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
