"""Request bodies of `/invocations` made into what a model takes: JSON in MLflow's four forms, CSV, Parquet, Arrow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from treering.core.errors import InvalidInput, MalformedRequest, UnsupportedMediaType
from treering.models.schema import Schema, Tensor
from treering.models.signature import Signature
from treering.models.tables import TABLES

__all__ = ["Asked", "decode"]

_CSV = "text/csv"
_JSON = "application/json"
_PARQUET = "application/vnd.apache.parquet"
_ARROW = ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file")
_TYPES = (_CSV, _JSON, _PARQUET, *_ARROW)

_FORMS = ("dataframe_records", "dataframe_split", "inputs", "instances")
_BARE = {"messages", "prompt", "input"}
_ONE_FORM = (
    "The input must be a JSON dictionary with exactly one of the input fields"
    " {'dataframe_split', 'dataframe_records', 'instances', 'inputs'}"
)
_NO_FRAME = "Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid"
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of a model.

    Attributes:
        bare: Whether the body had no form around it, as chat models are asked; the answer then has none either.
    """

    data: Any
    params: dict[str, Any] | None = None
    bare: bool = False


def decode(body: bytes, content_type: str, signature: Signature | None) -> Asked:
    """What `body` asks. An empty `content_type` stands for JSON.

    Raises:
        UnsupportedMediaType: If bodies of that type are not read.
        MalformedRequest: If the body is not what its type says, or in no known form.
    """
    schema = signature.inputs if signature else None
    kind = _media_type(content_type)
    if kind == _JSON:
        return _from_json(body, signature)
    try:
        if kind == _CSV:
            return Asked(_fit(TABLES.load("pandas").from_csv(body, _columns(schema)), schema))
        if kind in _ARROW:
            return Asked(_fit(TABLES.load("pandas").from_arrow(body), schema))
        return Asked(_fit(TABLES.load("pandas").from_parquet(body), schema))
    except InvalidInput as error:
        if kind in _ARROW:
            msg = f"The body is no table in Arrow's format for streams or files: {error}"
            raise MalformedRequest(msg) from error
        name, method = ("CSV-formatted", "to_csv") if kind == _CSV else ("Parquet", "to_parquet")
        msg = (
            f"{_NO_FRAME} {name} Pandas DataFrame produced using the `pandas.DataFrame.{method}()` method."
            f" Error: '{error}'"
        )
        raise MalformedRequest(msg) from error


def _media_type(content_type: str) -> str:
    kind, *rest = (part.strip() for part in content_type.split(";"))
    parameters = {
        name.strip().lower(): value.strip(' "') for name, _, value in (one.partition("=") for one in rest) if name
    }
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        msg = "The scoring server only supports UTF-8. Encode the body so and leave the charset out."
        raise UnsupportedMediaType(msg)
    unknown = sorted(set(parameters) - {"charset"})
    if unknown:
        msg = f"Unrecognized content type parameters: {', '.join(unknown)}. Leave them out."
        raise UnsupportedMediaType(msg)
    if not kind:
        return _JSON
    if kind.lower() not in _TYPES:
        msg = f"This predictor only supports the following content types: Types: {list(_TYPES)}. Got '{content_type[:100]}'."
        raise UnsupportedMediaType(msg)
    return kind.lower()


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    try:
        # Python's own writer puts NaN and Infinity where JSON has no word for them, and clients use it.
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        shown = body[:_SHOWN].decode(errors="replace")
        msg = (
            "Failed to parse input from JSON. Ensure that input is a valid JSON formatted string."
            f" Error: '{error!r}'\nInput: \n{shown}\n"
        )
        raise MalformedRequest(msg) from error


def _from_json(body: bytes, signature: Signature | None) -> Asked:
    parsed = _parse(body)
    if isinstance(parsed, list):
        msg = f"Failed to parse input from JSON. {_ONE_FORM}. Received a list."
        raise MalformedRequest(msg)
    if not isinstance(parsed, dict):
        msg = f"Failed to parse input from JSON. {_ONE_FORM}. Received unexpected input type '{type(parsed)}."
        raise MalformedRequest(msg)
    forms = [name for name in _FORMS if name in parsed]
    if not forms and _BARE & set(parsed):
        known = {item.name for item in signature.params.items} if signature and signature.params else set()
        params = {name: value for name, value in parsed.items() if name in known}
        return Asked({name: value for name, value in parsed.items() if name not in known}, params, bare=True)
    if len(forms) != 1:
        msg = f"{_ONE_FORM}. Received dictionary with input fields: {list(parsed)}"
        raise MalformedRequest(msg)
    given: Any = parsed.get("params")
    if given is not None and not isinstance(given, dict):
        msg = f"The field 'params' must be a dictionary, and is a {type(given).__name__}."
        raise MalformedRequest(msg)
    return Asked(_read_form(forms[0], parsed[forms[0]], signature.inputs if signature else None), given)


def _read_form(form: str, value: Any, schema: Schema | None) -> Any:
    if form == "dataframe_split":
        return _fit(_frame_split(value, schema), schema)
    if form == "dataframe_records":
        return _fit(_frame_records(value, schema), schema)
    try:
        return _instances(value, schema) if form == "instances" else _inputs(value, schema)
    except (InvalidInput, TypeError, ValueError, OverflowError, RecursionError) as error:
        msg = (
            f"Failed to parse input from JSON. Ensure that the input is a valid JSON-formatted string.\nError: {error}"
        )
        raise MalformedRequest(msg) from error


def _frame_split(value: Any, schema: Schema | None) -> Any:
    if not isinstance(value, dict):
        kind = "list" if isinstance(value, list) else f"unexpected type '{type(value)}'"
        msg = f"Dataframe split format must be a dictionary. Got a {kind}."
        raise MalformedRequest(msg)
    try:
        return TABLES.load("pandas").from_split(value, _columns(schema))
    except InvalidInput as error:
        msg = (
            "Provided dataframe_split field is not a valid dataframe representation in 'split' format."
            f" Error: '{error}'"
        )
        raise MalformedRequest(msg) from error


def _frame_records(value: Any, schema: Schema | None) -> Any:
    if not isinstance(value, list):
        kind = "dictionary" if isinstance(value, dict) else f"unexpected type '{type(value)}'"
        msg = f"Dataframe records format must be a list of records. Got a {kind}."
        raise MalformedRequest(msg)
    try:
        return TABLES.load("pandas").from_records(value, _columns(schema))
    except InvalidInput as error:
        msg = (
            "Provided dataframe_records field is not a valid dataframe representation in 'records' format."
            f" Error: '{error}'"
        )
        raise MalformedRequest(msg) from error


def _columns(schema: Schema | None) -> Schema | None:
    return schema if schema and schema.columns() else None


def _fit(frame: Any, schema: Schema | None) -> Any:
    """A table as the array of numbers that the signature asks for; anything else as it is."""
    tensors = schema.tensors() if schema else ()
    if len(tensors) != 1 or tensors[0].name:
        return frame
    values = TABLES.load("pandas").array_of(frame)
    wanted = tensors[0].dtype.kind
    wrong = _stray(values.tolist(), boolean=False) if values.dtype.kind in "bO" and wanted in "iuf" else None
    if isinstance(wrong, bool):
        msg = f"The table holds values that are not {tensors[0].dtype}: there is {wrong} among them."
        raise MalformedRequest(msg)
    try:
        return values.astype(tensors[0].dtype)
    except (TypeError, ValueError) as error:
        msg = f"The table holds values that are not {tensors[0].dtype}: {error}"
        raise MalformedRequest(msg) from error


def _inputs(value: Any, schema: Schema | None) -> Any:
    if schema is None:
        return _plain_arrays(value)
    tensors = schema.tensors()
    if not tensors:
        return TABLES.load("pandas").from_columns(value, schema)
    if not tensors[0].name:
        return _array(value, tensors[0])
    if not isinstance(value, Mapping):
        msg = f"the model takes a dictionary of arrays named {schema.names()}"
        raise TypeError(msg)
    types = {tensor.name: tensor for tensor in tensors}
    return {name: _array(one, types[name]) for name, one in value.items() if name in types}


def _instances(value: Any, schema: Schema | None) -> Any:
    if not isinstance(value, list):
        msg = "instances must be a list"
        raise TypeError(msg)
    if value and isinstance(value[0], dict):
        if schema is not None and schema.columns():
            return TABLES.load("pandas").from_records(value, schema)
        return _inputs({name: [row[name] for row in value if name in row] for name in value[0]}, schema)
    return _inputs(value, schema)


def _array(value: Any, tensor: Tensor) -> Any:
    dtype = tensor.dtype
    if dtype.kind in "US":
        made = np.asarray(value, dtype=object)
        return made.astype("U") if dtype.kind == "U" else made
    if dtype.kind not in "biuf":
        return np.asarray(value, dtype=dtype)
    wrong = _stray(value, boolean=dtype.kind == "b")
    if wrong is not None:
        called = f"the input {tensor.name!r}" if tensor.name else "the input"
        msg = f"{called} holds {wrong!r}, where the model takes values of {dtype}"
        raise ValueError(msg)
    if dtype.kind in "iu":
        plain = np.asarray(value)
        made = plain.astype(dtype) if plain.dtype.kind == "f" else np.asarray(value, dtype=dtype)
        if plain.dtype.kind == "f" and not np.array_equal(made, plain):
            msg = f"the model takes whole numbers, of {dtype}, and there are others"
            raise ValueError(msg)
        return made
    return np.asarray(value, dtype=dtype)


def _stray(value: Any, *, boolean: bool) -> Any:
    """A truth among numbers, or a number among truths; `None` if there is neither."""
    if isinstance(value, list):
        return next((found for one in value if (found := _stray(one, boolean=boolean)) is not None), None)
    return value if value is not None and isinstance(value, bool) != boolean else None


def _plain_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: np.asarray(one) if isinstance(one, list) else one for name, one in value.items()}
    if isinstance(value, list) and not any(isinstance(one, dict) for one in value):
        return np.asarray(value)
    return value
