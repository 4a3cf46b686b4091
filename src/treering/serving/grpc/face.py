"""What the services need of the front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from treering.serving.hosting import Answer

__all__ = ["Asking", "Front"]


class Asking(NamedTuple):
    """One request.

    Attributes:
        key: Keeps requests with the same one at the same variant; empty if there is none.
        variant: The variant that the client insists on; empty if it does not.
        trace: Its `traceparent`; empty if it has none.
    """

    path: str
    body: bytes
    head_length: int
    request_id: bytes = b""
    key: bytes = b""
    variant: bytes = b""
    trace: bytes = b""


class Front(Protocol):
    """The front, asked in its loop."""

    def ready(self) -> bool:
        """Whether a request would be answered."""

    def models(self) -> Sequence[Mapping[str, Any]]:
        """What is loaded, as `Offer.models` says it."""

    async def ask(self, asking: Asking) -> tuple[Answer, Sequence[tuple[bytes, bytes]]]:
        """The answer, and headers that say who gave it. Cancelled: the request is forgotten."""
