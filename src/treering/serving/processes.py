"""Several processes that answer at one socket, and the one that watches over them.

What they count is counted together: Prometheus' own library keeps it in files of a
folder that all of them share. They end with the process that watches, whatever ends it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType

from treering.core.errors import Unavailable
from treering.core.log import logger
from treering.core.settings import share_counts

__all__ = ["Work", "Workers"]

_GRACE = 10.0

Work = Callable[[socket.socket, Callable[[], None]], None]
"""What a process does with the socket; it calls its second argument when it answers."""


class Workers:
    """Processes that each do `work`; one that dies is replaced.

    Args:
        work: Is pickled, so a function of a module or a `partial` of one.
    """

    def __init__(self, work: Work, listener: socket.socket, count: int) -> None:
        self._work = work
        self._listener = listener
        self._count = count
        self._started: list[SpawnProcess] = []
        self._answered = False
        self._stopping = False
        self._answers, self._say = get_context("spawn").Pipe(duplex=False)

    def run(self, announce: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; needs the main thread.

        Args:
            announce: Called once, when the first process answers.

        Raises:
            Unavailable: If a process dies before any has answered, so that others would as well.
        """
        counts = tempfile.mkdtemp(prefix="treering-counts-")
        share_counts(counts)
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            for _ in range(self._count):
                self._start()
            while not self._stopping:
                waiting: list[Connection | int] = [process.sentinel for process in self._started]
                connection.wait([*waiting, self._answers], timeout=1)
                while self._answers.poll():
                    self._answers.recv_bytes()
                    if not self._answered:
                        announce()
                    self._answered = True
                self._replace_dead()
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)
            share_counts("")
            shutil.rmtree(counts, ignore_errors=True)

    def _start(self) -> None:
        process = get_context("spawn").Process(target=_work, args=(self._work, self._listener, self._say))
        process.start()
        self._started.append(process)

    def _replace_dead(self) -> None:
        for process in [one for one in self._started if not one.is_alive()]:
            self._started.remove(process)
            if self._stopping:
                return
            if not self._answered:
                msg = f"A worker ended with status {process.exitcode} before it answered. Its messages stand above."
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


def _work(work: Work, listener: socket.socket, say: Connection) -> None:
    """In a worker's process."""
    threading.Thread(target=_follow_parent, name="treering-follow", daemon=True).start()
    work(listener, lambda: say.send_bytes(b"ready"))


def _follow_parent() -> None:
    """A parent that was killed cannot tell its workers to end."""
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
