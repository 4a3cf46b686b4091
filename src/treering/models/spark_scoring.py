"""Asking a model on Spark's workers: pieces of columns in, a column of answers out.

This runs in the Python processes of the workers. A process loads a model once and
keeps it for the tasks that follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyspark import SparkFiles
from pyspark.sql import types

from treering.core.errors import InvalidInput
from treering.core.variables import process_variables, set_variable
from treering.models.load_options import LoadOptions
from treering.models.loading import LoadedModel, load
from treering.models.mlmodel import FILE_NAME
from treering.models.schema import Schema, Tensor
from treering.models.spark_answers import as_column

__all__ = ["Job", "score"]

_KEPT = 4


@dataclass(frozen=True, slots=True)
class Job:
    """What holds for all pieces.

    Attributes:
        folder: The model's folder; on a cluster the name of the archive that holds it.
        shipped: Whether Spark carries it to the workers.
        answer: The type of the column of answers.
        variables: Of the environment, while the model is loaded and asked.
    """

    folder: str
    shipped: bool
    answer: types.DataType
    params: Mapping[str, Any]
    options: LoadOptions
    variables: Mapping[str, str] = field(default_factory=dict)


def score(job: Job, pieces: Iterator[Any]) -> Iterator[Any]:
    """The answers to each piece: a Series, or a DataFrame if the answer is a struct.

    Args:
        pieces: A column or a tuple of columns each; a struct is a DataFrame.

    Raises:
        InvalidInput: If the model takes other columns, or its answer does not fit.
    """
    with _variables(job.variables):
        model = _model(job)
        inputs = model.signature.inputs if model.signature else None
        for piece in pieces:
            columns = piece if isinstance(piece, tuple) else (piece,)
            if len(columns[0]):
                data = _arrays(_table(columns, inputs), inputs)
                yield as_column(model.predict(data, dict(job.params) or None), job.answer)


def _model(job: Job) -> LoadedModel:
    folder = SparkFiles.get(job.folder) if job.shipped else job.folder
    options = job.options
    own = str(options.own) if options.own else ""
    # Another model may have been saved to the same folder since.
    written = (Path(folder) / FILE_NAME).stat() if (Path(folder) / FILE_NAME).exists() else None
    known = [options.allow_code, own, options.trust, options.device, dict(options.model_config)]
    return _loaded(folder, json.dumps(known), (written.st_ino, written.st_mtime_ns) if written else (0, 0))


@lru_cache(_KEPT)
def _loaded(folder: str, options: str, _written: tuple[int, int]) -> LoadedModel:
    allow_code, own, trust, device, config = json.loads(options)
    wanted = LoadOptions(
        allow_code=allow_code, own=Path(own) if own else None, trust=tuple(trust), device=device, model_config=config
    )
    return load(Path(folder), wanted)


def _table(columns: tuple[Any, ...], inputs: Schema | None) -> pd.DataFrame:
    """The columns under the names of the signature, or numbered; a single struct has names of its own."""
    if len(columns) == 1 and isinstance(columns[0], pd.DataFrame):
        return columns[0]
    items: tuple[Any, ...] = inputs.items if inputs else ()
    names = [item.name or str(place) for place, item in enumerate(items)] or [str(n) for n in range(len(columns))]
    needed = sum(1 for item in items if isinstance(item, Tensor) or item.required)
    if len(columns) < needed:
        msg = (
            f"The model takes {needed} columns, {', '.join(names)}, and was given {len(columns)}."
            " Columns without names are taken in that order; struct('a', 'b') gives them names."
        )
        raise InvalidInput(msg)
    return pd.DataFrame({name: _plain(column) for name, column in zip(names, columns, strict=False)})


def _plain(column: Any) -> Any:
    if isinstance(column, pd.DataFrame):  # a struct among other columns
        return pd.Series(column.to_dict(orient="records"), index=column.index, dtype=object)
    return column


def _arrays(table: pd.DataFrame, inputs: Schema | None) -> Any:
    """What a model of tensors takes: a column holds the values of one, row by row."""
    tensors = inputs.tensors() if inputs else ()
    if not tensors:
        return table
    if tensors[0].name:
        return {one.name: _array(table[one.name].tolist(), one) for one in tensors}
    values = table.iloc[:, 0].tolist() if len(table.columns) == 1 else table.to_numpy()
    return _array(values, tensors[0])


def _array(values: Any, tensor: Tensor) -> Any:
    found = np.asarray(values, dtype=tensor.dtype)
    if -1 not in tensor.shape[1:]:
        found = found.reshape(-1, *tensor.shape[1:])
    return found


@contextmanager
def _variables(wanted: Mapping[str, str]) -> Iterator[None]:
    before = process_variables()
    for name, value in wanted.items():
        set_variable(name, value)
    try:
        yield
    finally:
        for name in wanted:
            set_variable(name, before.get(name, ""))
