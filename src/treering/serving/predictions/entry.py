"""What the front tells the writer: plain bytes, so that it is quick to say."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Beginning", "Entry", "Receipt"]


class Entry(msgspec.Struct, array_like=True, gc=False):
    """One answer, not looked into.

    Attributes:
        time: Milliseconds since the epoch.
        json_length: Where the JSON of the request's body ends and its binary part begins; -1 if it has none.
        answer_json_length: The same of the answer.
    """

    time: int
    request_id: bytes
    endpoint: str
    model: str
    version: str
    variant: str
    route: str
    status: int
    seconds: float
    content_type: bytes
    body: bytes | None
    json_length: int
    answer_type: bytes
    answer: bytes | None
    answer_json_length: int
    key: bytes
    shadow: bool
    trace: str


class Beginning(msgspec.Struct):
    """The first thing that a writer is told."""

    options: dict[str, Any]


class Receipt(msgspec.Struct, array_like=True):
    """What became of the entries of a frame: how many were written, and how many could not be."""

    written: int
    lost: int
