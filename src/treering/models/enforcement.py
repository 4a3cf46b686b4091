"""Making what a caller gave into what the model was promised, or saying why that is impossible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.core.log import logger
from treering.models.schema import Parameter, Parameters, Schema, Tensor
from treering.models.tables import TABLES, is_table
from treering.models.types import DataType, Object, of_value

__all__ = ["enforce_input", "enforce_params"]


def enforce_input(data: Any, schema: Schema | None) -> Any:
    """`data` in the form that `schema` names, cast only where nothing is lost.

    Raises:
        InvalidInput: If that cannot be done; the message names the column or tensor.
    """
    if schema is None or not schema.items:
        return data
    tensors = schema.tensors()
    if not tensors:
        return TABLES.load("pandas").enforce(data, schema)
    if not tensors[0].name:
        return _enforce_tensor(data, tensors[0])
    return _enforce_named(data, tensors)


def enforce_params(params: Mapping[str, Any] | None, known: Parameters | None) -> dict[str, Any]:
    """The value of every parameter in `known`: the one given, or the default.

    Unknown ones are left out, with a warning in the log.

    Raises:
        InvalidInput: If a value is not of the type that the signature names.
    """
    given = dict(params or {})
    items = known.items if known else ()
    unknown = sorted(str(name) for name in set(given) - {item.name for item in items})
    if unknown:
        logger.warning("Parameters that the model's signature does not name are ignored: %s.", ", ".join(unknown))
    return {item.name: _enforce_param(given[item.name], item) if item.name in given else item.default for item in items}


def _enforce_named(data: Any, tensors: tuple[Tensor, ...]) -> dict[str, Any]:
    if is_table(data):
        data = {str(name): _stacked(data[name], str(name)) for name in getattr(data, "columns", ())}
    if not isinstance(data, Mapping):
        names = [tensor.name for tensor in tensors]
        msg = f"The model takes a dictionary of arrays named {names}, and was given a {type(data).__name__}."
        raise InvalidInput(msg)
    missing = [tensor.name for tensor in tensors if tensor.name not in data]
    if missing:
        msg = f"Model is missing inputs {missing}. Give an array for each name in the signature."
        raise InvalidInput(msg)
    return {tensor.name: _enforce_tensor(data[tensor.name], tensor) for tensor in tensors}


def _stacked(column: Any, name: str) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(column.to_list())
    except ValueError as error:
        msg = f"The input {name!r} has rows of different lengths and makes no array: {error}"
        raise InvalidInput(msg) from error


def _enforce_tensor(data: Any, tensor: Tensor) -> Any:
    called = f"The input {tensor.name!r}" if tensor.name else "The input"
    if is_table(data):
        data = TABLES.load("pandas").array_of(data)
    elif isinstance(data, list | tuple):
        data = _as_array(data, tensor, called)
    if not hasattr(data, "dtype") or not hasattr(data, "shape"):
        msg = f"{called} must be an array of {tensor.dtype}, and is a {type(data).__name__}."
        raise InvalidInput(msg)
    if data.dtype != tensor.dtype and not (tensor.dtype.kind in "US" and data.dtype.kind in {tensor.dtype.kind, "O"}):
        msg = (
            f"{called} is of dtype {data.dtype}, but the model expects {tensor.dtype}. Convert it with"
            f" .astype({tensor.dtype.name!r})."
        )
        raise InvalidInput(msg)
    fits = len(data.shape) == len(tensor.shape) and all(
        wanted in {-1, size} for wanted, size in zip(tensor.shape, data.shape, strict=True)
    )
    if not fits:
        msg = f"{called} has the shape {tuple(data.shape)}, but the model expects {tensor.shape} (-1: any length)."
        raise InvalidInput(msg)
    return data


def _as_array(data: Any, tensor: Tensor, called: str) -> np.ndarray[Any, Any]:
    try:
        made = np.asarray(data)
    except ValueError as error:
        msg = f"{called} is a ragged list and makes no array of {tensor.dtype}: {error}"
        raise InvalidInput(msg) from error
    # Python's numbers say nothing of their width; an array's do.
    same_family = made.dtype.kind == tensor.dtype.kind or (made.dtype.kind in "iu" and tensor.dtype.kind == "f")
    return made.astype(tensor.dtype) if same_family and made.dtype.kind not in "US" else made


def _enforce_param(value: Any, item: Parameter) -> Any:
    if item.shape is None:
        if isinstance(value, list | tuple | np.ndarray) and not isinstance(item.type, Object):
            raise _wrong_param(item, value)
        return _param_value(value, item)
    if not isinstance(value, list | tuple | np.ndarray):
        raise _wrong_param(item, value)
    return [_param_value(one, item) for one in value]


def _param_value(value: Any, item: Parameter) -> Any:
    if value is None and item.default is None:
        return None
    kind = item.type
    if isinstance(kind, Object):
        if not isinstance(value, Mapping):
            raise _wrong_param(item, value)
        return value
    try:
        found = of_value(value)
    except InvalidInput as error:
        raise _wrong_param(item, value) from error
    if found == kind:
        return value
    allowed = {
        DataType.INTEGER: {DataType.LONG},
        DataType.LONG: {DataType.INTEGER},
        DataType.FLOAT: {DataType.INTEGER, DataType.LONG, DataType.DOUBLE},
        DataType.DOUBLE: {DataType.INTEGER, DataType.LONG, DataType.FLOAT},
        DataType.DATETIME: {DataType.STRING},
    }
    if found not in allowed.get(kind, set()):
        raise _wrong_param(item, value)
    if kind is DataType.DATETIME:
        try:
            return np.datetime64(value)
        except ValueError as error:
            raise _wrong_param(item, value) from error
    return int(value) if kind in {DataType.INTEGER, DataType.LONG} else float(value)


def _wrong_param(item: Parameter, value: Any) -> InvalidInput:
    wanted = f"a list of {item.type}" if item.shape is not None else str(item.type)
    return InvalidInput(f"The parameter {item.name!r} must be {wanted}, and is {value!r}.")
