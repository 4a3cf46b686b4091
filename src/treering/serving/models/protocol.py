"""What a protocol is, seen from a model: a way to read calls and to write answers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple, Protocol

import msgspec

from treering.serving.hosting import Answer, Call

__all__ = ["Asked", "Wire", "with_params"]


class Asked(NamedTuple):
    """What a call asks of a model, checked against its signature.

    Attributes:
        rows: How many; 0 where that is not known.
        key: Calls with equal keys may be asked together; `None`: this one goes alone.
        form: What the protocol wants back when it writes the answer.
    """

    data: Any
    params: dict[str, Any]
    rows: int
    key: Hashable | None
    form: Any = None


class Wire(Protocol):
    """One protocol, for one model.

    Attributes:
        failure: The status of a call that made the model raise something.
    """

    failure: int

    def read(self, call: Call) -> Asked:
        """What a call asks.

        Raises:
            TreeringError: If it is not understood, or does not fit the model.
        """

    def prepare(self, predictions: Any) -> Any:
        """Predictions for one call or many, so that they can be cut by rows: a list, an array, or a dictionary of those.

        Raises:
            TypeError, ValueError: If they have no form in this protocol.
        """

    def write(self, asked: Asked, prepared: Any) -> Answer:
        """The answer to one call, from its part of the predictions.

        Raises:
            TreeringError: If the call asked for something that is not there.
            TypeError, ValueError: As `prepare`.
        """

    def refuse(self, status: int, code: str, message: str, trace: str = "") -> Answer:
        """The answer to a call that failed."""


def with_params(key: Hashable | None, params: dict[str, Any]) -> Hashable | None:
    """The key of calls that also have to have the same parameters."""
    return (key, msgspec.json.encode(params, enc_hook=repr)) if params and key is not None else key
