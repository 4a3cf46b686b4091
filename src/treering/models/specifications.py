"""Columns and tensors as MLflow's users write them: `treering.types` is this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.models.schema import Column, Parameter, Parameters, Tensor
from treering.models.schema import Schema as _Schema
from treering.models.types import ColumnType, DataType

__all__ = ["ColSpec", "DataType", "ParamSchema", "ParamSpec", "Schema", "TensorSpec"]


def Schema(inputs: Sequence[Column] | Sequence[Tensor]) -> _Schema:  # noqa: N802  # MLflow's name
    """A schema of these columns or tensors. Raises InvalidInput."""
    return _Schema(tuple(inputs))  # type: ignore[arg-type]  # mixing is refused by the class


def ColSpec(type: ColumnType | str, name: str | None = None, required: bool = True) -> Column:  # noqa: A002, N802, FBT001, FBT002  # MLflow's signature
    """One column; the type may be a word, such as "double". Raises InvalidInput."""
    return Column(_kind(type) if isinstance(type, str) else type, name or "", required)


def TensorSpec(type: Any, shape: Sequence[int], name: str | None = None) -> Tensor:  # noqa: A002, N802  # as above
    """One array; -1 in `shape` stands for any length."""
    return Tensor(np.dtype(type), tuple(shape), name or "")


def ParamSpec(name: str, dtype: DataType | str, default: Any, shape: Sequence[int] | None = None) -> Parameter:  # noqa: N802  # as above
    """One parameter of a prediction. Raises InvalidInput."""
    kind = _kind(dtype) if isinstance(dtype, str) else dtype
    return Parameter(name, kind, default, None if shape is None else tuple(shape))


def ParamSchema(params: Sequence[Parameter]) -> Parameters:  # noqa: N802  # as above
    """All parameters of a prediction."""
    return Parameters(tuple(params))


def _kind(word: str) -> DataType:
    try:
        return DataType(word)
    except ValueError as error:
        known = ", ".join(str(one.value) for one in DataType)
        msg = f"There is no column type {word!r}. Known ones: {known}."
        raise InvalidInput(msg) from error
