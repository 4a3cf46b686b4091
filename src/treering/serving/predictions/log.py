"""The front's side of the log: takes entries without ever waiting, and has a process write them.

offer (loop's thread) ─▶ queue, bounded in entries and bytes ─▶ thread ─pipe─▶ writer process
"""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from time import monotonic
from typing import IO

import msgspec

from treering.core.errors import InvalidInput, TreeringError, Unavailable
from treering.core.log import logger
from treering.serving.predictions.entry import Beginning, Entry, Receipt
from treering.serving.predictions.options import LogOptions
from treering.serving.predictions.sampling import limit_of, sampled

__all__ = ["PredictionLog"]

_FRAME = 512
_FRAME_BYTES = 8 << 20
_PAUSE = 0.1
_AGAIN = (0.2, 1.0, 5.0)
_ENDING = 30.0


class PredictionLog:
    """One log; `offer` is for one thread, the rest for any.

    What is offered before the writer has begun waits for it.

    Raises:
        Unavailable: If the writer's process cannot be started.
    """

    def __init__(self, options: LogOptions) -> None:
        self.options = options
        self._limit = limit_of(options.sample)
        self._queue: deque[Entry] = deque()
        # Each is changed by one thread, so that neither needs a lock.
        self._bytes_in = 0
        self._bytes_out = 0
        self._dropped = 0
        self._written = 0
        self._lost = 0
        self._restarts = 0
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._closing = False
        self._problem: TreeringError | None = None
        self._begun = threading.Event()
        self._process = self._started()
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Wait until the writer has begun.

        Raises:
            InvalidInput: If it cannot: a rule, a form or the folder is no good. The log is closed then.
        """
        self._begun.wait()
        if self._problem is not None:
            self.close()
            raise self._problem

    def wants(self, request_id: bytes) -> bool:
        """Whether this request is one of those that are kept."""
        return sampled(request_id, self._limit)

    def offer(self, entry: Entry) -> bool:
        """Have it kept; False if it is dropped for want of room."""
        options = self.options
        size = len(entry.body or b"") + len(entry.answer or b"")
        if len(self._queue) >= options.waiting or self._bytes_in - self._bytes_out + size > options.waiting_bytes:
            self._dropped += 1
            return False
        self._bytes_in += size
        self._queue.append(entry)
        self._idle.clear()
        return True

    def counts(self) -> Mapping[str, int]:
        """How many were written, were dropped for want of room, were lost because of the disk or the writer, and wait."""
        return {
            "written": self._written,
            "dropped": self._dropped,
            "lost": self._lost,
            "waiting": len(self._queue),
            "writer_restarts": self._restarts,
        }

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything that was offered is written; whether it was in that time."""
        self._wake.set()
        return self._idle.wait(timeout)

    def close(self) -> None:
        """Write what waits, finish the segment, and end the process."""
        self._closing = True
        self._wake.set()
        self._thread.join(_ENDING)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            logger.error("The writer of predictions did not end, and is killed; what it had is not lost.")
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _run(self) -> None:
        try:
            self._greet()
        except TreeringError as error:
            self._problem = error
            return
        finally:
            self._begun.set()
        while True:
            self._wake.wait(_PAUSE)
            self._wake.clear()
            while frame := self._next():
                self._send(frame)
            if not self._queue:
                self._idle.set()
            if self._queue:
                self._idle.clear()
            elif self._closing:
                return

    def _next(self) -> list[Entry]:
        frame: list[Entry] = []
        size = 0
        queue = self._queue
        while queue and len(frame) < _FRAME and size < _FRAME_BYTES:
            entry = queue.popleft()
            frame.append(entry)
            size += len(entry.body or b"") + len(entry.answer or b"")
        self._bytes_out += size
        return frame

    def _send(self, frame: list[Entry]) -> None:
        try:
            _write(self._process.stdin, msgspec.msgpack.encode(frame))
            answer = _read(self._process.stdout)
        except (OSError, ValueError):
            answer = None
        if answer is None:
            # Whether it had written them before it died cannot be known; twice would be worse than not.
            self._lost += len(frame)
            self._replace()
            return
        receipt = msgspec.msgpack.decode(answer, type=Receipt)
        self._written += receipt.written
        self._lost += receipt.lost

    def _replace(self) -> None:
        """Another process; between tries answers wait, and are dropped when there are too many."""
        code = self._ended()
        pause = _AGAIN[min(self._restarts, len(_AGAIN) - 1)]
        logger.error("The writer of predictions ended with %s; another is started in %s s.", code, pause)
        until = monotonic() + pause
        while not self._closing and (left := until - monotonic()) > 0:
            self._wake.wait(left)
            self._wake.clear()
        self._restarts += 1
        try:
            self._process = self._started()
            self._greet()
        except TreeringError as error:
            logger.error("%s", error)

    def _ended(self) -> int:
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was buffered for a process that is gone
                    continue
        if process.poll() is None:
            process.kill()
        return process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            # A session of its own: an interrupt from the keyboard is for the front, which then ends it in order.
            return subprocess.Popen(
                [sys.executable, "-m", "treering.serving.predictions.work"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            msg = f"The writer of the prediction log cannot be started: {error}."
            raise Unavailable(msg) from error

    def _greet(self) -> None:
        """Tell a new writer what it is for.

        Raises:
            InvalidInput: If it cannot do that; it has ended then.
        """
        try:
            _write(self._process.stdin, msgspec.msgpack.encode(Beginning(asdict(self.options))))
            answer = _read(self._process.stdout)
        except OSError:
            answer = None
        said = msgspec.msgpack.decode(answer, type=str) if answer is not None else "It ended without a word."
        if said:
            self._ended()
            msg = f"The prediction log cannot be written: {said}"
            raise InvalidInput(msg)


def _write(pipe: IO[bytes] | None, message: bytes) -> None:
    if pipe is None:
        raise BrokenPipeError
    view = memoryview(struct.pack("<I", len(message)) + message)
    while view:
        view = view[pipe.write(view) or 0 :]


def _read(pipe: IO[bytes] | None) -> bytes | None:
    head = _exactly(pipe, 4)
    return _exactly(pipe, struct.unpack("<I", head)[0]) if head is not None else None


def _exactly(pipe: IO[bytes] | None, count: int) -> bytes | None:
    found = b""
    while pipe is not None and len(found) < count:
        part = pipe.read(count - len(found))
        if not part:
            return None
        found += part
    return found
