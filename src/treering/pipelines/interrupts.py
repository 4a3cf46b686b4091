"""Signals that end a process, taken for what Ctrl-C is, so that nothing it started goes on without it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

__all__ = ["interruptible"]


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """For the time of the block, being told to end by the system is as Ctrl-C, so that nothing is left running.

    Outside of the main thread, and where the program has its own way with these signals, nothing is changed.
    """
    names = ("SIGTERM", "SIGHUP") if sys.platform != "win32" else ("SIGTERM",)
    before: dict[int, signal.Handlers] = {}

    def interrupt(number: int, _frame: object) -> None:
        raise _Told(number)

    try:
        for name in names:
            number = getattr(signal, name)
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, interrupt)
                before[number] = signal.SIG_DFL
    except ValueError:
        # Only the main thread may.
        before.clear()
    try:
        yield
    except _Told as told:
        for number, handler in before.items():
            signal.signal(number, handler)
        # Whoever sent it sees that it was obeyed.
        os.kill(os.getpid(), told.number)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Told(KeyboardInterrupt):
    """The system wants the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
