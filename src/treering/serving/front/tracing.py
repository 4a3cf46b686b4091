"""A span for each answer that is to be traced, told to the sender once the answer is out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from treering.serving.telemetry.sending import Sender
from treering.serving.telemetry.spans import Sampler, Span

if TYPE_CHECKING:
    from treering.serving.front.lanes import Waiting
    from treering.serving.hosting import Answer
    from treering.serving.telemetry.options import TraceOptions

__all__ = ["Tracing"]

_NANO = 1_000_000_000


class Tracing:
    """A watcher of the engine, in its loop's thread."""

    def __init__(self, options: TraceOptions) -> None:
        self._sampler = Sampler(options.sample, parent=options.parent)
        self._sender = Sender(options)

    def answered(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        """A client was answered."""
        ids = self._sampler.begin(waiting.keys[2])
        if ids is None:
            return
        target = waiting.target
        ended = time.time_ns()
        self._sender.offer(
            Span(
                *ids, f"POST {target.label}", ended - int(seconds * _NANO), ended, answer.status,
                {
                    "http.request.method": "POST",
                    "http.route": target.label,
                    "http.response.status_code": answer.status,
                    "http.request.body.size": len(waiting.call[2]),
                    "http.response.body.size": len(answer.body),
                    "treering.request_id": waiting.call[0].decode("latin-1"),
                    "treering.model": target.model,
                    "treering.version": target.version,
                    "treering.variant": target.variant,
                },
            )
        )  # fmt: skip

    def close(self) -> None:
        """Send what waits."""
        self._sender.close()
