"""Sends spans in a thread, in batches; what there is no room for, or the collector does not take, is dropped and counted."""

from __future__ import annotations

import threading
from collections import deque

import msgspec
import urllib3

from treering import __version__
from treering.core.log import logger
from treering.serving.telemetry.options import TraceOptions
from treering.serving.telemetry.spans import Span, document

__all__ = ["Sender"]

_ROOM = 4096
_BATCH = 512
_PAUSE = 1.0
_LAST = 5.0
_TRIES = 3
_AGAIN = frozenset({429, 502, 503, 504})
_TAKEN = range(200, 300)


class Sender:
    """Begins when it is made; `offer` is for one thread."""

    def __init__(self, options: TraceOptions) -> None:
        self._options = options
        self._queue: deque[Span] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._complained = False
        self.sent = 0
        self.dropped = 0
        self._http = urllib3.PoolManager(
            retries=False, timeout=options.timeout, ca_certs=options.certificate or None, maxsize=1
        )
        self._thread = threading.Thread(target=self._run, name="treering-traces", daemon=True)
        self._thread.start()

    def offer(self, span: Span) -> None:
        """Have it sent."""
        if len(self._queue) >= _ROOM:
            self.dropped += 1
            return
        self._queue.append(span)

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        self._closing = True
        self._wake.set()
        self._thread.join(_LAST)
        self._http.clear()

    def _run(self) -> None:
        while True:
            self._wake.wait(_PAUSE)
            while self._queue:
                self._send([self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))])
            if self._closing:
                return

    def _send(self, spans: list[Span]) -> None:
        body = msgspec.json.encode(document(spans, self._options.resource, __version__))
        headers = {**self._options.headers, "content-type": "application/json"}
        why = ""
        for attempt in range(_TRIES):
            try:
                answer = self._http.request("POST", self._options.url, body=body, headers=headers)
            except urllib3.exceptions.HTTPError as error:
                why = str(error)
            else:
                if answer.status in _TAKEN:
                    self.sent += len(spans)
                    self._complained = False
                    return
                why = f"it answered {answer.status}"
                if answer.status not in _AGAIN:
                    break
            if attempt + 1 < _TRIES:
                self._wake.wait(2.0**attempt)  # no pause any more when the server ends
        self.dropped += len(spans)
        if not self._complained:
            self._complained = True
            logger.warning("Traces do not reach %s, and are dropped until they do: %s", self._options.url, why)
