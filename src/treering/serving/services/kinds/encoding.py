"""Writes as JSON what methods return, arrays, data frames and models of Pydantic among it."""

from __future__ import annotations

import base64
import sys
from typing import Any

import msgspec
import numpy as np

from treering.serving.services.kinds.base import Upload

__all__ = ["as_json", "embedded", "plain"]


def embedded(value: Any) -> Any:
    """What stands for a file inside of JSON: its text, or a `data:` URL."""
    if not isinstance(value, Upload):
        return value
    if not value.content_type.startswith(("image/", "audio/", "video/")):
        try:
            return value.content.decode()
        except UnicodeDecodeError:
            pass
    return f"data:{value.content_type};base64,{base64.b64encode(value.content).decode()}"


def plain(value: Any) -> Any:
    """What msgspec can write in place of a value that it cannot.

    Raises:
        NotImplementedError: If there is nothing, in msgspec's way.
    """
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "detach"):
        return value.detach().cpu().tolist()
    return _of_pandas(value)


def _of_pandas(value: Any) -> Any:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return value.to_dict(orient="records")
    if pandas is not None and isinstance(value, pandas.Series | pandas.Index):
        return value.tolist()
    if hasattr(value, "__fspath__"):
        return str(value)
    msg = f"A value of the type {type(value).__name__} cannot be written as JSON."
    raise NotImplementedError(msg)


as_json = msgspec.json.Encoder(enc_hook=plain).encode
"""The bytes of a value; NaN and infinities become null, which is what JSON has for them."""
