"""Several processes that serve one model from one socket, and the one that watches over them."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from multiprocessing import connection, get_context
from multiprocessing.context import SpawnProcess
from types import FrameType

from treering.core.errors import Unavailable
from treering.core.log import logger

__all__ = ["Workers"]

_GRACE = 10.0
_TOO_SOON = 5.0


class Workers:
    """Processes that each run `work(listener)`; one that dies is replaced.

    Args:
        work: What a process does; it is pickled, so a function of a module or a `partial` of one.
    """

    def __init__(self, work: Callable[[socket.socket], None], listener: socket.socket, count: int) -> None:
        self._work = work
        self._listener = listener
        self._count = count
        self._started: dict[SpawnProcess, float] = {}
        self._stopping = False

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM; needs the main thread.

        Raises:
            Unavailable: If a process dies right after its start, so that another would as well.
        """
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            for _ in range(self._count):
                self._start()
            while not self._stopping:
                connection.wait([process.sentinel for process in self._started], timeout=1)
                self._replace_dead()
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self) -> None:
        process = get_context("spawn").Process(target=self._work, args=(self._listener,))
        process.start()
        self._started[process] = time.monotonic()

    def _replace_dead(self) -> None:
        for process in [one for one in self._started if not one.is_alive()]:
            lived = time.monotonic() - self._started.pop(process)
            if self._stopping:
                return
            if lived < _TOO_SOON:
                msg = f"A worker ended with status {process.exitcode} right after its start. Its messages stand above."
                raise Unavailable(msg)
            logger.warning("Worker %s ended with status %s and is replaced.", process.pid, process.exitcode)
            self._start()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        for process in self._started:
            process.terminate()

    def _end(self) -> None:
        deadline = time.monotonic() + _GRACE
        for process in self._started:
            process.terminate()
        for process in self._started:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
