"""One answered request, as the prediction log keeps it: what was asked, what was said, by which version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Label", "Prediction"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """A line of the log.

    Attributes:
        time: Milliseconds since the epoch, of the answer.
        request_id: What labels are joined by.
        endpoint: What the client asked; the variant that answered is one of those behind it.
        route: The path without names, such as `/invocations`.
        seconds: From the request's head to its answer.
        columns: Names of the inputs; None where they are no table.
        rows: The inputs, row by row, in the order of `columns`.
        request: The inputs where they are no table.
        answer: What was predicted: a list with a prediction for each row, or what else the answer held.
        withheld: Why inputs or answer are not there; empty if they are.
        key: Whom the request was for, if the client said: hashed, unless the log was told otherwise.
        shadow: Whether a copy was answered, and the client never saw this.
        trace: The id of the trace that the request belongs to.
    """

    time: int
    request_id: str
    endpoint: str
    model: str
    version: str
    variant: str
    route: str
    status: int
    seconds: float
    columns: Sequence[str] | None = None
    rows: Sequence[Sequence[Any]] | None = None
    request: Any = None
    answer: Any = None
    withheld: str = ""
    key: str = ""
    shadow: bool = False
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What turned out to be true for an answered request.

    Attributes:
        request_id: Of the answer.
        label: The truth: one value, or a list with one for each row.
        time: Milliseconds since the epoch, when it became known.
        source: Who says so.
    """

    request_id: str
    label: Any
    time: int
    source: str = ""
