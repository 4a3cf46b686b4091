"""What is predicted from, as a request: tables, arrays, and values that are JSON already."""

from __future__ import annotations

import json
from typing import Any

from treering.core.errors import InvalidInput
from treering.deployments.base import Request

__all__ = ["request_of"]

_FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def request_of(inputs: Any) -> Request:
    """A request that asks for predictions from a table, an array, lists, or a body as it is sent.

    Raises:
        InvalidInput: If it cannot be written as JSON.
    """
    if isinstance(inputs, bytes | str):
        return Request(inputs if isinstance(inputs, bytes) else inputs.encode())
    if hasattr(inputs, "to_dict") and hasattr(inputs, "columns"):
        # pandas writes what JSON cannot hold, such as dates, in the way that the server reads it.
        text = inputs.to_json(orient="split", date_format="iso", index=False)
        return Request(b'{"dataframe_split": ' + text.encode() + b"}")
    if hasattr(inputs, "tolist"):
        inputs = inputs.tolist()
    body = inputs if isinstance(inputs, dict) and any(form in inputs for form in _FORMS) else {"inputs": inputs}
    try:
        return Request(json.dumps(body, default=lambda value: value.tolist()).encode())
    except (TypeError, ValueError, AttributeError) as error:
        msg = f"The inputs cannot be sent as JSON: {error}. Give a table, an array, lists, or a body with one of {_FORMS}."
        raise InvalidInput(msg) from error
