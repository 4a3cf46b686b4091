"""How far a verb has come, on standard error: one line in place on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from threading import Lock

__all__ = ["Bar"]

_PAUSE = 0.1
# Seconds between lines where there is no terminal; what is done sooner says nothing there.
_LONG = 10.0
_WIDTH = 24


class Bar:
    """Shows progress; several threads may call it.

    Args:
        shown: Whether anything is to be shown at all.
        plain: Whether lines are printed where there is no terminal; DVC prints none.
    """

    def __init__(self, *, shown: bool = True, plain: bool = False) -> None:
        self._live = shown and sys.stderr is not None and sys.stderr.isatty()
        self._plain = shown and plain and sys.stderr is not None and not self._live
        self._line_at = time.monotonic() + _LONG
        self._lock = Lock()
        self._next = 0.0
        self._what = ""
        self._length = 0

    def __call__(self, what: str, done: int, total: int | None, /) -> None:
        """So much of `what` is done; `total` is None as long as nobody knows."""
        if self._plain:
            self._print(what, done, total)
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

    def _print(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now < self._line_at:
            return
        with self._lock:
            if now >= self._line_at:
                self._line_at = now + _LONG
                print(f"{what}: {done:,}{f' of {total:,}' if total else ''}", file=sys.stderr, flush=True)

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._length) + ("" if text else "\r"))
        sys.stderr.flush()
        self._length = len(text)


def _drawn(done: int, total: int | None) -> str:
    if not total:
        return f"{done:,}"
    full = min(_WIDTH, _WIDTH * done // total)
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {done:,} of {total:,}"
