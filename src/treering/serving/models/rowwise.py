"""Whether a model answers each row by itself, so that rows of several requests may be asked together.

It is tried, with the example that was saved or with rows made up from the signature: rows
alone, together, doubled and in another order have to get the same answers. What somebody
wrote in Python may count, wait or look at the whole batch in ways that a trial does not
show, so such a model is only believed if it says `batchable` itself: in its metadata, or
as an attribute of its class.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.models import example
from treering.models.flavours import LOADERS
from treering.models.light.rows import Table
from treering.models.loading import LoadedModel
from treering.models.schema import Schema, Tensor
from treering.models.tables import is_table
from treering.models.types import DataType
from treering.serving.models.decoding import decode
from treering.serving.models.encoding import plain
from treering.serving.models.grouping import cut, fitting
from treering.serving.models.quick import Quick

__all__ = ["is_rowwise"]

_ROWS = 4
_SLOW = 0.5
_CLOSE = {"rtol": 1e-4, "atol": 1e-6}
"""Sums over several rows may be done in another order than over one, so that the last digits differ."""


def is_rowwise(model: LoadedModel, quick: Quick | None) -> bool:
    """Whether the answers to some rows show it. Takes a few predictions, which also warm the model up."""
    loader = LOADERS.get(model.loader_module)
    if loader in {None, "pyfunc"} and not _says_so(model):
        return False
    try:
        params = model.checked_params(None)
        rows = _some_rows(model, quick)
        return rows is not None and _same(model, rows, params)
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the border to the model's own code
        logger.debug("The model failed when it was tried with made-up rows: %r", error)
        return False


def _says_so(model: LoadedModel) -> bool:
    told = (model.metadata.metadata or {}).get("batchable")
    if told is not None:
        return told is True
    native = model.native
    return getattr(getattr(native, "func", native), "batchable", getattr(native, "batchable", False)) is True


def _some_rows(model: LoadedModel, quick: Quick | None) -> Any:
    """A few rows that fit the signature, and are not all the same; `None` if none can be had."""
    rows = _of_example(model, quick)
    if rows is None:
        schema = model.signature.inputs if model.signature else None
        rows = _made_up(schema) if schema else None
    if rows is None or fitting(rows)[1] is None:
        return None
    count = fitting(rows)[0]
    rows = _take(rows, [place % count for place in range(max(min(count, _ROWS), 3))])
    return rows if count > 2 else _shaken(rows)  # noqa: PLR2004 -- enough to be out of order


def _of_example(model: LoadedModel, quick: Quick | None) -> Any:
    try:
        body = example.serving_body(model.folder, model.metadata)
        if body is None:
            return None
        body.pop("params", None)
        text = msgspec.json.encode(body)
        found = quick.read(text) if quick else None
        if found:
            return found.data
        asked = decode(text, "", model.signature)
        return None if asked.bare else model.checked(asked.data, None)[0]
    except TreeringError as error:
        logger.debug("The example of the model is of no use for a trial: %s", error)
        return None


def _made_up(schema: Schema) -> Any:
    random = np.random.default_rng(7)
    if tensors := schema.tensors():
        arrays = {one.name: _made_up_array(one, random) for one in tensors}
        return arrays if tensors[0].name else arrays[""]
    columns = schema.columns()
    if not schema.names() or not all(isinstance(one.type, DataType) for one in columns):
        return None
    made = []
    for one in columns:
        dtype = one.type.dtype() if isinstance(one.type, DataType) else np.dtype(object)
        if dtype.kind not in "fiu":
            return None
        made.append(random.uniform(0, 5, _ROWS).astype(dtype))
    return Table(tuple(schema.names()), made)


def _made_up_array(tensor: Tensor, random: np.random.Generator) -> Any:
    shape = [_ROWS, *(max(size, 1) for size in tensor.shape[1:])]
    return random.uniform(0, 5, shape).astype(tensor.dtype)


def _shaken(rows: Any) -> Any:
    """The rows with each number in it moved a little, by another amount in each row."""
    if isinstance(rows, np.ndarray):
        if rows.dtype.kind != "f":
            return rows
        factors = 1 + 0.25 * np.arange(len(rows)).reshape(-1, *(1,) * (rows.ndim - 1))
        return (rows * factors + factors - 1).astype(rows.dtype)
    if type(rows) is Table:
        if rows.matrix is not None:
            return Table(rows.names, matrix=_shaken(rows.matrix))
        return Table(rows.names, [_shaken(one) for one in rows.columns])
    return {name: _shaken(one) for name, one in rows.items()} if isinstance(rows, dict) else rows


def _take(rows: Any, places: Sequence[int]) -> Any:
    if isinstance(rows, np.ndarray):
        return rows[list(places)]
    if type(rows) is Table:
        if rows.matrix is not None:
            return Table(rows.names, matrix=rows.matrix[list(places)])
        return Table(rows.names, [one[list(places)] for one in rows.columns])
    if is_table(rows):
        return rows.iloc[list(places)].reset_index(drop=True)
    return {name: one[list(places)] for name, one in rows.items()}


def _same(model: LoadedModel, rows: Any, params: dict[str, Any]) -> bool:
    count = fitting(rows)[0]
    begun = time.perf_counter()
    first = plain(model.predict_checked(_take(rows, [0]), params))
    if time.perf_counter() - begun > _SLOW:
        count = 2
    alone = [first, *(plain(model.predict_checked(_take(rows, [place]), params)) for place in range(1, count))]
    orders = [list(range(count)), list(range(count))[::-1] * 2]
    for order in orders:
        parts = cut(plain(model.predict_checked(_take(rows, order), params)), [1] * len(order))
        if parts is None or not all(_equal(part, alone[place]) for place, part in zip(order, parts, strict=True)):
            return False
    return True


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, float) and isinstance(other, float | int):
        return bool(np.isclose(one, other, **_CLOSE, equal_nan=True))
    return bool(one == other)
