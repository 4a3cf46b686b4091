"""What a model answers, as columns of an Arrow table: one row for each row that it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from treering.core.errors import InvalidInput
from treering.models.scoring.job import PREDICTION

__all__ = ["as_table", "beside"]

_TABLE_RANK = 2


def as_table(answer: Any, rows: int) -> Any:
    """The answer of a model that was asked for so many rows.

    One value a row becomes the column `prediction`, several without names `prediction_0` and so on.

    Raises:
        InvalidInput: If it has another number of rows, or values that no file holds.
    """
    try:
        table = _table(answer)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, ValueError) as error:
        msg = f"The model's answer, a {type(answer).__name__}, makes no columns: {error}."
        raise InvalidInput(msg) from error
    if table.num_rows != rows:
        msg = f"The model answered with {table.num_rows} rows when asked for {rows}. Batch scoring needs one for each."
        raise InvalidInput(msg)
    return table


def beside(table: Any, kept: Sequence[str], answers: Any) -> Any:
    """The columns of a table that are kept, and those of the answers behind them.

    Raises:
        InvalidInput: If two of them have the same name.
    """
    if not kept:
        return answers
    both = sorted(set(kept) & set(answers.column_names))
    if both:
        msg = (
            f"The columns {both} are kept, and the model's answers are called so, too. Leave them out of what is kept."
        )
        raise InvalidInput(msg)
    chosen = table.select(list(kept))
    return pa.table([*chosen.columns, *answers.columns], names=[*chosen.column_names, *answers.column_names])


def _table(answer: Any) -> Any:
    if isinstance(answer, pd.DataFrame):
        return pa.Table.from_pandas(answer.rename(columns=str), preserve_index=False).replace_schema_metadata(None)
    if isinstance(answer, pd.Series):
        # Its name is most often that of a column it was computed from.
        return pa.table({PREDICTION: pa.Array.from_pandas(answer)})
    if isinstance(answer, Mapping):
        return pa.table({str(name): _column(value) for name, value in answer.items()})
    if isinstance(answer, list | tuple):
        if answer and all(isinstance(one, Mapping) for one in answer):
            return pa.Table.from_pylist([dict(one) for one in answer])
        return pa.table({PREDICTION: _column(list(answer))})
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    if hasattr(answer, "detach"):  # a tensor of PyTorch that was asked for gradients
        answer = answer.detach().cpu()
    return _from_array(np.asarray(answer))


def _from_array(array: np.ndarray[Any, Any]) -> Any:
    if array.ndim == 0:
        array = array.reshape(1)
    if array.ndim == _TABLE_RANK and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == _TABLE_RANK:
        columns = {f"{PREDICTION}_{place}": _column(array[:, place]) for place in range(array.shape[1])}
        return pa.table(columns)
    return pa.table({PREDICTION: _column(array)})


def _column(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        if values.ndim == 1 and values.dtype.kind != "O":
            return pa.array(np.ascontiguousarray(values))
        values = list(values) if values.dtype.kind == "O" else values.tolist()
    return pa.array([_plain(value) for value in values])


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return value
