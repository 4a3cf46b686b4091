"""Input examples: data that shows what a model is given, saved beside it as JSON.

`input_example.json` holds the data in a form that gives it back;
`serving_input_example.json` holds a body that a model server takes.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.models.mlmodel import MLModel, inside
from treering.models.tables import TABLES, is_table

__all__ = ["Example", "read", "serving_body", "split_params", "write"]

_FILE = "input_example.json"
_SERVING_FILE = "serving_input_example.json"
# Bodies of chat models, which are sent without a wrapper around them.
_BARE = {"messages", "prompt", "input"}

Example = tuple[Any, dict[str, Any] | None]


def split_params(example: Any) -> Example:
    """The data and the parameters of an example, which may be given as a pair of both; tensors as arrays."""
    if isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict):  # noqa: PLR2004 -- a pair
        return _untensored(example[0]), example[1] or None
    return _untensored(example), None


def _untensored(data: Any) -> Any:
    if isinstance(data, Mapping) and any(hasattr(one, "shape") for one in data.values()):
        return {name: _untensored(one) for name, one in data.items()}
    if hasattr(data, "detach"):  # a tensor of PyTorch's
        return data.detach().cpu().numpy()
    if hasattr(data, "numpy") and hasattr(data, "shape"):  # and of TensorFlow's
        return data.numpy()
    return data


def write(folder: Path, example: Any) -> dict[str, Any]:
    """Write both files into `folder`; returns what the MLmodel file says about them.

    Raises:
        InvalidInput: If the example holds what JSON cannot.
    """
    data, params = split_params(example)
    info: dict[str, Any] = {"artifact_path": _FILE}
    if is_table(data):
        stored: Any = _split_form(data)
        body: dict[str, Any] = {"dataframe_split": stored}
        info |= {"type": "dataframe", "pandas_orient": "split" if "columns" in stored else "values"}
    elif isinstance(data, np.ndarray) or _is_dict_of_arrays(data):
        stored = data
        body = {"inputs": stored}
        info["type"] = "ndarray"
    elif hasattr(data, "toarray"):
        msg = "A sparse matrix cannot be saved as an example. Give it as an array, with .toarray()."
        raise InvalidInput(msg)
    else:
        stored = data
        body = dict(data) if isinstance(data, Mapping) and _BARE & set(data) else {"inputs": data}
        info["type"] = "json_object"
    if params:
        stored = {"inputs": stored, "params": params}
        body = {**body, "params": params}
        info["params"] = "true"
    (folder / _FILE).write_text(_dump(stored), encoding="utf-8")
    (folder / _SERVING_FILE).write_text(_dump(body), encoding="utf-8")
    return {**info, "serving_input_path": _SERVING_FILE}


def read(folder: Path, model: MLModel) -> Example | None:
    """The example that was saved with a model and its parameters; `None` if there is none.

    Raises:
        NotFound: If the file is gone.
        DamagedData: If it is not what the MLmodel file says.
    """
    if not model.example:
        return None
    data = _load(folder, str(model.example.get("artifact_path") or _FILE))
    params = None
    if model.example.get("params"):
        if not isinstance(data, dict) or "inputs" not in data:
            msg = f"The example in {folder} is damaged: it has no 'inputs'. Save the model again."
            raise DamagedData(msg)
        data, params = data["inputs"], data.get("params")
    kind = model.example.get("type")
    schema = model.signature.inputs if model.signature else None
    if kind == "dataframe":
        split = data if isinstance(data, dict) else {"data": data}
        return TABLES.load("pandas").from_split(split, schema), params
    if kind == "ndarray":
        types = {tensor.name: tensor.dtype for tensor in schema.tensors()} if schema else {}
        if isinstance(data, dict):
            return {name: np.asarray(value, dtype=types.get(name)) for name, value in data.items()}, params
        return np.asarray(data, dtype=types.get("")), params
    return data, params


def serving_body(folder: Path, model: MLModel) -> dict[str, Any] | None:
    """The body that shows how the model is asked over HTTP; `None` if none was saved."""
    name = model.example.get("serving_input_path")
    if not name or not (folder / str(name)).is_file():
        return None
    body = _load(folder, str(name))
    return body if isinstance(body, dict) else None


def _split_form(data: Any) -> dict[str, Any]:
    stored = TABLES.load("pandas").split(data)
    if stored["columns"] == list(range(len(stored["columns"]))):
        del stored["columns"]
    return stored


def _is_dict_of_arrays(data: Any) -> bool:
    return isinstance(data, Mapping) and bool(data) and all(isinstance(one, np.ndarray) for one in data.values())


def _dump(data: Any) -> str:
    try:
        # NaN becomes null: JSON has no word for it.
        return msgspec.json.encode(data, enc_hook=_plain).decode()
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"The input example cannot be written as JSON: {error}. Give tables, arrays, lists or dictionaries."
        raise InvalidInput(msg) from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, dt.date):
        return value.isoformat()
    msg = f"a {type(value).__name__} has no form in JSON"
    raise TypeError(msg)


def _load(folder: Path, name: str) -> Any:
    path = folder / name
    if not path.exists():
        msg = f"The model's example is gone: there is no {path}. Save or download the model again."
        raise NotFound(msg)
    try:
        return json.loads(inside(folder, name).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        msg = f"{path} is damaged: it is not JSON. Save or download the model again."
        raise DamagedData(msg) from error
