"""Tells the prediction log of each answer, and of each answer of a shadow, if it is one of those that are kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from treering.serving.predictions.entry import Entry

if TYPE_CHECKING:
    from treering.serving.front.lanes import Waiting
    from treering.serving.hosting import Answer
    from treering.serving.predictions.log import PredictionLog

__all__ = ["Keeping"]

_LENGTH = b"inference-header-content-length"


class Keeping:
    """A watcher of the engine, in its loop's thread.

    Args:
        log: Closed with this.
    """

    def __init__(self, log: PredictionLog) -> None:
        self.log = log

    def answered(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        """A client was answered."""
        if waiting.target.logged and self.log.wants(waiting.call[0]):
            self._keep(waiting, answer, seconds, shadow=False)

    def copied(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        """A shadow has answered."""
        if waiting.target.logged and self.log.wants(waiting.call[0]):
            self._keep(waiting, answer, seconds, shadow=True)

    def close(self) -> None:
        """Wait until all is written."""
        self.log.close()

    def _keep(self, waiting: Waiting, answer: Answer, seconds: float, *, shadow: bool) -> None:
        request_id, content_type, body, headers, _ = waiting.call
        target, most = waiting.target, self.log.options.body
        self.log.offer(
            Entry(
                time.time_ns() // 1_000_000, request_id, target.endpoint or target.model, target.model, target.version,
                target.variant, target.label, answer.status, seconds, content_type, body if len(body) <= most else None,
                _json_length(headers), answer.content_type, answer.body if len(answer.body) <= most else None,
                _json_length(answer.headers), waiting.keys[0], shadow, _trace(waiting.keys[2]),
            )
        )  # fmt: skip


def _json_length(headers: Sequence[tuple[bytes, bytes]]) -> int:
    """Where binary tensors begin; -1 where there are none."""
    for name, value in headers:
        if name.lower() == _LENGTH:
            return int(value) if value.isdigit() else -1
    return -1


def _trace(parent: bytes) -> str:
    """The id of the trace in a `traceparent`, which has four parts."""
    parts = parent.split(b"-")
    return parts[1].decode("latin-1") if len(parts) == 4 else ""  # noqa: PLR2004 -- as W3C has it
