"""A model's answer as JSON. NaN and the infinities become null, because JSON has no words for them."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from treering.models.tables import TABLES, is_table

__all__ = ["encode", "encode_plain", "jsonable", "plain"]


def encode(predictions: Any, *, bare: bool = False) -> bytes:
    """`{"predictions": ...}`, or the predictions alone if `bare`.

    Tables become a list with one dictionary per row, arrays nested lists.

    Raises:
        TypeError: If the answer holds something that has no form in JSON.
    """
    return encode_plain(plain(predictions), bare=bare)


def plain(value: Any) -> Any:
    """An array as nested lists, a table as a list of rows; anything else as it is, for the encoder to look at."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return TABLES.load("pandas").to_records(value) if is_table(value) else value


def encode_plain(value: Any, *, bare: bool = False) -> bytes:
    """As `encode`, of what `plain` gave.

    Raises:
        TypeError: If it holds something that has no form in JSON.
    """
    return _ENCODER.encode(value if bare else {"predictions": value})


def _array(value: np.ndarray[Any, Any]) -> Any:
    if value.dtype.kind in "mM":
        texts = value.astype(str).astype(object)
        texts[np.isnat(value)] = None
        return texts.tolist()
    return value.tolist()


def jsonable(value: Any) -> Any:  # noqa: PLR0911 -- one return a kind
    """What the encoder does not know of itself."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return value.item() if value.dtype.kind not in "mM" else (None if np.isnat(value) else str(value))
    if is_table(value):
        return TABLES.load("pandas").to_records(value)
    if hasattr(value, "toarray"):  # a sparse matrix
        return value.toarray().tolist()
    if hasattr(value, "model_dump"):  # a Pydantic model
        return value.model_dump()
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    msg = f"The model answered with a {type(value).__name__}, which has no form in JSON."
    raise TypeError(msg)


_ENCODER = msgspec.json.Encoder(enc_hook=jsonable)
