"""What a client is told when something is refused: the words of all protocols at once."""

from __future__ import annotations

import msgspec

from treering.core.errors import TreeringError
from treering.serving.hosting import Answer, Headers

__all__ = ["refusal", "refusal_of"]

_ENCODE = msgspec.json.Encoder().encode


def refusal(status: int, code: str, message: str, headers: Headers = ()) -> Answer:
    """An answer that holds MLflow's `error_code` and `message`, and `error`, which V2, V1 and BentoML's clients read."""
    body = _ENCODE({"error_code": code, "message": message, "error": message})
    return Answer(status, body, headers=headers)


def refusal_of(error: TreeringError, headers: Headers = ()) -> Answer:
    """The answer that tells of an error."""
    return refusal(error.status, error.error_code, error.message, headers)
