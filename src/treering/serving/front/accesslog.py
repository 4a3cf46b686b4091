"""A line of JSON for each request, written to stderr in a thread of its own, and dropped rather than waited for."""

from __future__ import annotations

import queue
import sys
import threading
import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from treering.serving.front.lanes import Waiting
    from treering.serving.hosting import Answer

__all__ = ["AccessLog"]

_ROOM = 10_000
_ENCODE = msgspec.json.Encoder().encode


class AccessLog:
    """Begins to write when it is made."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[object, ...] | None] = queue.Queue(_ROOM)
        self.dropped = 0
        self._thread = threading.Thread(target=self._write, name="treering-access-log", daemon=True)
        self._thread.start()

    def answered(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        """Note a request that a worker answered."""
        target = waiting.target
        self._put(
            (
                time.time(), waiting.call[0], target.label, target.model, target.version, target.variant, answer.status,
                seconds, len(waiting.call[2]), len(answer.body),
            )
        )  # fmt: skip

    def told(self, route: str, status: int, seconds: float) -> None:
        """Note a request that no worker saw."""
        self._put((time.time(), b"", route, "", "", "", status, seconds, 0, 0))

    def close(self) -> None:
        """Write what is left."""
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(5)

    def _put(self, line: tuple[object, ...]) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            named = dict(zip(_NAMES, line, strict=True))
            named["request_id"] = bytes(line[1]).decode("latin-1")  # type: ignore[call-overload]  # as `_put` is given it
            sys.stderr.write(_ENCODE(named).decode() + "\n")
            if self._lines.empty():
                sys.stderr.flush()


_NAMES = (
    "time", "request_id", "route", "model", "version", "variant", "status", "seconds", "bytes_in", "bytes_out",
)  # fmt: skip
