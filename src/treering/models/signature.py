"""A model's signature: what it is given and what it answers, found from data or read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.models.schema import Column, Parameter, Parameters, Schema, Tensor
from treering.models.tables import TABLES, is_spark_frame, is_table
from treering.models.types import AnyType, Array, DataType, Object, of_value

__all__ = ["ModelSignature", "Signature", "infer_params", "infer_schema", "infer_signature"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives; a part that is not known is `None`."""

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: Parameters | None = None

    def to_dict(self) -> dict[str, str | None]:
        """As it stands in an MLmodel file: each part a JSON string."""
        return {
            "inputs": self.inputs.to_text() if self.inputs else None,
            "outputs": self.outputs.to_text() if self.outputs else None,
            "params": self.params.to_text() if self.params else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Signature:
        """The signature that an MLmodel file holds.

        Raises:
            DamagedData: If a part is not understood.
        """
        inputs, outputs, params = data.get("inputs"), data.get("outputs"), data.get("params")
        return cls(
            Schema.from_text(inputs) if inputs else None,
            Schema.from_text(outputs) if outputs else None,
            Parameters.from_text(params) if params else None,
        )


ModelSignature = Signature
"""The name that MLflow uses."""


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> Signature:
    """The signature of a model that answered `model_output` when given `model_input` and `params`.

    Raises:
        InvalidInput: If a value is of a type that no signature holds.
    """
    return Signature(
        None if model_input is None else infer_schema(model_input),
        None if model_output is None else infer_schema(model_output),
        infer_params(params) if params else None,
    )


def infer_schema(data: Any) -> Schema:
    """The schema of one piece of data: a table, an array, a list, a dictionary or a single value.

    Raises:
        InvalidInput: If a value is of a type that no schema holds.
    """
    if is_table(data) or is_spark_frame(data):
        found: Schema = _tables(data).schema_of(data)
        return found
    if isinstance(data, np.ndarray):
        return Schema((_tensor(data),))
    if hasattr(data, "tocsr") and hasattr(data, "dtype"):  # a sparse matrix of SciPy
        return Schema((Tensor(np.dtype(data.dtype), (-1, *data.shape[1:])),))
    if isinstance(data, Mapping):
        return _of_mapping(data)
    if isinstance(data, list | tuple):
        return _of_list(list(data))
    return Schema((Column(of_value(data)),))


def _tables(data: Any) -> Any:
    return TABLES.load("pandas") if is_table(data) else import_module("treering.models.spark_types")


def infer_params(params: Mapping[str, Any]) -> Parameters:
    """The parameters that `params` gives values for; the values become the defaults.

    Raises:
        InvalidInput: If a value is of a type that no parameter holds.
    """
    found = []
    for name, value in params.items():
        kind = of_value(value)
        shape = None
        if isinstance(kind, Array):
            kind, shape = kind.items, (-1,)
        if not isinstance(kind, DataType | Object):
            msg = f"The parameter {name!r} is of the type {kind}. A parameter is a value, a flat list or an object."
            raise InvalidInput(msg)
        found.append(Parameter(name, kind, value, shape))
    return Parameters(tuple(found))


def _tensor(data: np.ndarray[Any, Any], name: str = "") -> Tensor:
    if data.dtype.kind in "US":  # the length of the longest text is no promise
        return Tensor(np.dtype(data.dtype.kind), (-1, *data.shape[1:]), name)
    return Tensor(data.dtype, (-1, *data.shape[1:]), name)


def _of_mapping(data: Mapping[Any, Any]) -> Schema:
    if not all(isinstance(name, str) for name in data):
        msg = "A dictionary given to a model needs strings as keys."
        raise InvalidInput(msg)
    arrays = {name: value for name, value in data.items() if isinstance(value, np.ndarray)}
    if arrays and len(arrays) == len(data):
        return Schema(tuple(_tensor(value, name) for name, value in arrays.items()))
    kind = of_value(data)
    if not isinstance(kind, Object):  # pragma: no cover -- a dictionary is always an object
        raise TypeError(kind)
    by_name = {one.name: one for one in kind.properties}
    return Schema(tuple(Column(by_name[name].type, name, by_name[name].required) for name in data))


def _of_list(data: list[Any]) -> Schema:
    kind = of_value(data)
    items = kind.items if isinstance(kind, Array) else AnyType()
    if isinstance(items, Object):
        return Schema(tuple(Column(one.type, one.name, one.required) for one in items.properties))
    return Schema((Column(items),))
