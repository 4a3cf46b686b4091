"""Texts as models of language take them, and the form in which services answer with embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.models.schema import Column, Schema
from treering.models.signature import Signature
from treering.models.tables import TABLES, is_table
from treering.models.types import Array, DataType, Object, Property

__all__ = [
    "EMBEDDING_SIGNATURE",
    "EMBEDDING_TASK",
    "embedding_answer",
    "is_embedding_request",
    "records_of",
    "texts_of",
]

EMBEDDING_TASK = "llm/v1/embeddings"
_INPUT = "input"
_VECTOR = (
    Property("embedding", Array(DataType.DOUBLE)),
    Property("index", DataType.LONG),
    Property("object", DataType.STRING),
)
_USAGE = (Property("prompt_tokens", DataType.LONG), Property("total_tokens", DataType.LONG))
EMBEDDING_SIGNATURE = Signature(
    Schema((Column(DataType.STRING, _INPUT),)),
    Schema(
        (
            Column(DataType.STRING, "object"),
            Column(Array(Object(_VECTOR)), "data"),
            Column(Object(_USAGE), "usage"),
        )
    ),
)


def texts_of(data: Any) -> list[str]:
    """The texts in a text, a list, an array, a dictionary or the first column of a table.

    Raises:
        InvalidInput: If there is something else among them.
    """
    if is_table(data):
        column = data.iloc[:, 0] if hasattr(data, "columns") else data
        found: list[Any] = column.tolist()
    elif isinstance(data, Mapping):
        value: Any = next(iter(data.values()), [])
        found = list(value) if isinstance(value, list | tuple | np.ndarray) else [value]
    elif isinstance(data, str):
        found = [data]
    else:
        found = [_first(one) for one in np.asarray(data, dtype=object).tolist()]
    if len(found) == 1 and isinstance(found[0], list | tuple | np.ndarray):
        found = list(found[0])
    if wrong := [one for one in found if not isinstance(one, str)]:
        msg = f"The model takes texts, and was given a {type(wrong[0]).__name__} among them."
        raise InvalidInput(msg)
    return found


def records_of(data: Any) -> list[dict[str, Any]]:
    """One dictionary for each row of a table, for each of a list of them, or for one."""
    if is_table(data):
        records: list[dict[str, Any]] = TABLES.load("pandas").to_records(data)
        return records
    found = [data] if isinstance(data, Mapping) else list(data)
    if wrong := [one for one in found if not isinstance(one, Mapping)]:
        msg = f"The model takes dictionaries or a table, and was given a {type(wrong[0]).__name__}."
        raise InvalidInput(msg)
    return [dict(one) for one in found]


def is_embedding_request(data: Any) -> bool:
    """Whether the data is a request as services for embeddings take it: {"input": texts}."""
    names = list(data.columns) if hasattr(data, "columns") else list(data) if isinstance(data, Mapping) else []
    return bool(names) and names[0] == _INPUT


def embedding_answer(
    texts: Sequence[str], vectors: Sequence[Any], tokens_of: Callable[[str], Sequence[int]]
) -> dict[str, Any]:
    """The answer of such a service."""
    count = sum(len(tokens_of(text)) for text in texts)
    data = [
        {"object": "embedding", "index": place, "embedding": np.asarray(vector).tolist()}
        for place, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": data, "usage": {"prompt_tokens": count, "total_tokens": count}}


def _first(value: Any) -> Any:
    if isinstance(value, Mapping):
        return next(iter(value.values()), "")
    return value[0] if isinstance(value, list) and len(value) == 1 else value
