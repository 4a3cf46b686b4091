"""What a dialect is: how requests and answers of one family of endpoints look as bytes.

`treering.wire.native.codec` and `treering.wire.mlflow.codec` implement it. The
server knows only this Protocol, so that both run through one and the same adapter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from treering.core.errors import TreeringError
from treering.wire.endpoint import Endpoint

__all__ = ["Answer", "Dialect", "RawRequest"]


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came over HTTP.

    Attributes:
        path: Values of the path's fields, decoded.
        query: Values of the query string by name, in order.
        headers: By lower-case name.
    """

    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it goes out over HTTP."""

    status: int
    content_type: str
    body: bytes


class Dialect(Protocol):
    """Bytes to request values, and answers and errors to bytes."""

    def decode(self, endpoint: Endpoint[Any, Any], request: RawRequest) -> Any:
        """An instance of `endpoint.request`. Raises InvalidInput and its kinds."""
        ...

    def encode(self, endpoint: Endpoint[Any, Any], response: Any, request: RawRequest) -> Answer:
        """What a handler returned; None stands for an empty answer."""
        ...

    def encode_error(self, error: TreeringError, request: RawRequest) -> Answer:
        """An error in the words that the dialect's clients understand."""
        ...
