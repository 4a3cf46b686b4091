"""How far a verb has come, on standard error: one line in place on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from threading import Lock

__all__ = ["Bar"]

_PAUSE = 0.1
_WIDTH = 24


class Bar:
    """Shows progress; several threads may call it.

    Args:
        shown: Whether anything is to be shown at all.
    """

    def __init__(self, *, shown: bool = True) -> None:
        self._live = shown and sys.stderr is not None and sys.stderr.isatty()
        self._lock = Lock()
        self._next = 0.0
        self._what = ""
        self._length = 0

    def __call__(self, what: str, done: int, total: int | None, /) -> None:
        """So much of `what` is done; `total` is None as long as nobody knows."""
        if not self._live:
            return
        now = time.monotonic()
        with self._lock:
            if now < self._next and what == self._what and done != total:
                return
            self._next, self._what = now + _PAUSE, what
            self._write(f"{what}  {_drawn(done, total)}")

    def clear(self) -> None:
        """Take the line away, before something else is printed and at the end."""
        with self._lock:
            if self._length:
                self._write("")

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._length) + ("" if text else "\r"))
        sys.stderr.flush()
        self._length = len(text)


def _drawn(done: int, total: int | None) -> str:
    if not total:
        return f"{done:,}"
    full = min(_WIDTH, _WIDTH * done // total)
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {done:,} of {total:,}"
