"""A few rows that fit a model: from the example that was saved, or made up from the signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.models import example
from treering.models.light.rows import Table
from treering.models.loading import LoadedModel
from treering.models.schema import Schema, Tensor
from treering.models.tables import is_table
from treering.models.types import DataType
from treering.serving.models.decoding import decode
from treering.serving.models.grouping import fitting
from treering.serving.models.quick import Quick

__all__ = ["sample_of", "shaken", "take"]

_ROWS = 4


def sample_of(model: LoadedModel, quick: Quick | None) -> Any:
    """Rows as the model takes them, at least one; `None` if nothing is known of what it takes."""
    rows = _of_example(model, quick)
    if rows is None:
        schema = model.signature.inputs if model.signature else None
        rows = _made_up(schema) if schema and not model.hinted else None
    if rows is None or fitting(rows)[1] is None or not fitting(rows)[0]:
        return None
    return take(rows, range(min(fitting(rows)[0], _ROWS)))


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
        logger.debug("The example of the model is of no use: %s", error)
        return None


def _made_up(schema: Schema) -> Any:
    random = np.random.default_rng(7)
    if tensors := schema.tensors():
        if any(one.dtype.kind not in "fiu" or not one.shape for one in tensors):
            return None
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


def shaken(rows: Any) -> Any:
    """The rows with each number in it moved a little, by another amount in each row."""
    if isinstance(rows, np.ndarray):
        if rows.dtype.kind != "f":
            return rows
        factors = 1 + 0.25 * np.arange(len(rows)).reshape(-1, *(1,) * (rows.ndim - 1))
        return (rows * factors + factors - 1).astype(rows.dtype)
    if type(rows) is Table:
        if rows.matrix is not None:
            return Table(rows.names, matrix=shaken(rows.matrix))
        return Table(rows.names, [shaken(one) for one in rows.columns])
    return {name: shaken(one) for name, one in rows.items()} if isinstance(rows, dict) else rows


def take(rows: Any, places: Sequence[int]) -> Any:
    """The rows at these places."""
    if isinstance(rows, np.ndarray):
        return rows[list(places)]
    if type(rows) is Table:
        if rows.matrix is not None:
            return Table(rows.names, matrix=rows.matrix[list(places)])
        return Table(rows.names, [one[list(places)] for one in rows.columns])
    if is_table(rows):
        return rows.iloc[list(places)].reset_index(drop=True)
    return {name: one[list(places)] for name, one in rows.items()}
