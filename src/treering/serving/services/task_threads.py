"""A task in a thread that can be told to stop: it gets an exception between two steps of Python."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["StoppableThread", "Stopped"]


class Stopped(BaseException):
    """Raised in the thread of a task that is cancelled; `finally` and `with` work as ever."""


class StoppableThread:
    """Runs one thing, and ends. What it runs in C is not interrupted, but nothing follows it.

    Args:
        loop: Where the result is awaited.
    """

    def __init__(self, action: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        self._action = action
        self._loop = loop
        self._lock = threading.Lock()
        self._ended = False
        self.result: asyncio.Future[Any] = loop.create_future()
        self._thread = threading.Thread(target=self._run, name="task", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Raise `Stopped` in it, if it still runs."""
        with self._lock:
            if not self._ended and self._thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(Stopped)
                )

    def _run(self) -> None:
        try:
            found, error = self._action(), None
        except BaseException as caught:  # noqa: BLE001 -- the border of a task
            found, error = None, caught
        with self._lock:
            self._ended = True
        try:
            self._loop.call_soon_threadsafe(self._tell, found, error)
        except RuntimeError:
            return  # the loop has ended, and nobody waits

    def _tell(self, found: Any, error: BaseException | None) -> None:
        if self.result.done():
            return
        if isinstance(error, Stopped):
            self.result.cancel()
        elif error is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(found)
