"""Asking a compiled model. What it was not proven on is left to the native model.

The way of one request is a few array operations and one call, because at a few
microseconds for the model itself all around it would be the price.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as told

from treering.core.errors import DamagedData
from treering.core.log import logger
from treering.models.compiled.record import FOLDER, MODEL, Record, digest_of, read
from treering.models.light import Ask
from treering.models.light.rows import Table
from treering.models.mlmodel import MLModel, inside

__all__ = ["FAILED", "asker", "open_model", "session_of"]

# Errors of ONNX Runtime, which have nothing in common.
FAILED = (
    *(told.EPFail, told.Fail, told.InvalidArgument, told.InvalidGraph, told.InvalidProtobuf, told.NoModel),
    *(told.NoSuchFile, told.NotImplemented, told.RuntimeException, RuntimeError, ValueError),
)

# Up to this number, single precision has every whole number.
_EXACT = 1 << 24
_NUMBERS = {"b", "f", "i", "u"}
_QUIET = 3
# Digits of shares: more than votes have, and fewer than single precision.
_SHARES = 6


def open_model(folder: Path, model: MLModel, entry: Mapping[str, Any]) -> Ask | None:
    """See `treering.models.light`: how the compiled model in `folder` is asked; None if there is none that fits."""
    del model, entry  # the record says all
    record = read(folder)
    if record is None or record.format != "onnx":
        return None
    for name, digest in record.source.items():
        if digest_of(inside(folder, name)) != digest:
            logger.warning("%s is of another model than the one that is compiled beside it, which is not used.", folder)
            return None
    path = inside(folder, f"{FOLDER}/{MODEL}")
    data = path.read_bytes()
    if digest_of(path) != record.model:
        msg = f"{path} is not what its record says. Remove the folder {FOLDER}, and the native model answers."
        raise DamagedData(msg)
    return asker(session_of(data), record)


def session_of(data: bytes) -> Any:
    """ONNX Runtime with a model; it keeps to one thread, because a server has a process for each core.

    Raises:
        DamagedData: If it cannot be read.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except FAILED as error:
        msg = f"The compiled model cannot be read: {str(error).strip().partition(chr(10))[0]}"
        raise DamagedData(msg) from error


def asker(session: Any, record: Record) -> Ask:
    """How a session is asked as the native model would be."""
    fed = _feeder(record)
    # Below `run`, which looks for the outputs' names at each call.
    run = session.run
    outputs = [record.output]
    answered = _answerer(record)

    def ask(data: Any) -> Any:
        given = fed(data)
        return NotImplemented if given is None else answered(run(outputs, given)[0])

    return ask


def _feeder(record: Record) -> Callable[[Any], dict[str, Any] | None]:
    """What turns data into inputs; it gives None for what the native model has to be asked."""
    first = record.columns[0]
    if first.name:
        return _by_column(record)
    dtype = np.dtype(first.dtype)
    width, name, missing = record.width, first.input, record.missing
    names = list(record.names)
    single = dtype.itemsize == np.dtype(np.float32).itemsize

    def feed(data: Any) -> dict[str, Any] | None:
        if type(data) is not np.ndarray:
            rows = _matrix(data, names)
            if rows is None:
                return None
        else:
            rows = data
        if rows.ndim != 2 or rows.shape[1] != width or not len(rows):  # noqa: PLR2004 -- a table
            return None
        kind = rows.dtype.kind
        if kind == "f":
            # A sum is finite if all of its parts are; where it is not, one look at each tells whether they are.
            if not np.isfinite(rows.sum()) and not _known(rows, missing=missing):
                return None
        elif kind not in _NUMBERS or (kind != "b" and single and np.abs(rows).max() > _EXACT):
            return None
        return {name: rows if rows.dtype == dtype and rows.flags.c_contiguous else np.ascontiguousarray(rows, dtype)}

    return feed


def _by_column(record: Record) -> Callable[[Any], dict[str, Any] | None]:
    names = list(record.names)
    wanted = [(one.input, one.dtype) for one in record.columns]

    def feed(data: Any) -> dict[str, Any] | None:
        columns = _columns(data, names)
        if columns is None:
            return None
        given = {}
        for column, (called, dtype) in zip(columns, wanted, strict=True):
            values = _values(column, dtype, missing=record.missing)
            if values is None:
                return None
            given[called] = values
        return given

    return feed


def _columns(data: Any, names: list[str]) -> Sequence[Any] | None:
    if type(data) is Table:
        return data.columns if list(data.names) == names and len(data) else None
    if not _is_frame(data) or list(data.columns) != names or not len(data):
        return None
    return [data[name].to_numpy() for name in names]


def _values(values: Any, dtype: str, *, missing: bool) -> Any:
    if dtype == "str":
        texts = values if values.dtype == object else values.astype(object)
        return texts.reshape(-1, 1) if all(type(one) is str for one in texts) else None
    if values.dtype.kind not in _NUMBERS or (values.dtype.kind == "f" and not _known(values, missing=missing)):
        return None
    if dtype == "float32" and values.dtype.kind in "iu" and np.abs(values).max() > _EXACT:
        return None
    return np.ascontiguousarray(values, np.dtype(dtype)).reshape(-1, 1)


def _matrix(data: Any, names: list[str]) -> Any:
    """A table of numbers as an array; None if it is not just these columns in this order."""
    if type(data) is Table:
        if list(data.names) != names or not len(data):
            return None
        if data.matrix is not None:
            return data.matrix
        columns = data.columns
        return np.column_stack(columns) if all(one.dtype.kind in _NUMBERS for one in columns) else None
    if not _is_frame(data) or (names and list(data.columns) != names):
        return None
    rows = data.to_numpy()
    return rows if rows.dtype.kind in _NUMBERS else None


def _is_frame(data: Any) -> bool:
    kind = type(data)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame"


def _known(rows: Any, *, missing: bool) -> bool:
    return not np.isinf(rows).any() and (missing or not np.isnan(rows).any())


def _answerer(record: Record) -> Callable[[Any], Any]:
    dtype = np.dtype(record.answer)
    shape, pick = tuple(record.shape), record.pick
    if record.classes:
        classes = np.asarray(record.classes, dtype)
        # Votes that are equal in double precision may differ in the last digit of single precision; the first wins.
        return lambda found: classes[np.round(found, _SHARES).argmax(axis=1)]

    def answered(found: Any) -> Any:
        if pick is not None:
            found = found[:, pick]
        if found.shape[1:] != shape:
            found = found.reshape(-1, *shape)
        return found if found.dtype == dtype else found.astype(dtype)

    return answered
