"""Keeping a fork from happening while background threads are inside a library.

A child has only the thread that forked; a lock that another one held stays locked
in it for ever, be it SQLite's or that of an import. So a fork waits for a moment
in which none of them is at work; they let it in between two parcels.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Standstill"]

# A parcel for a database on this machine takes far less; a fork is not held up for ever by one that hangs.
_PATIENCE = 2.0
# Loading modules ends by itself, however busy the machine is.
_LOADING = 30.0


class Standstill:
    """Shared by the threads of a process; a forked child gets a new one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work = 0
        self._loading = 0
        self._forks = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """No fork happens during the block, other than in `rest`."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """As `work`, for what only loads modules or reads small files: a fork waits for that as long as it takes.

        A module that another thread was loading can never be loaded in the child.
        """
        with self.work():
            with self._changed:
                self._loading += 1
            try:
                yield
            finally:
                with self._changed:
                    self._loading -= 1

    def rest(self) -> None:
        """Inside `work`: let a fork happen that waits for it."""
        if self._forks:
            self._end()
            self._begin()

    def hold(self) -> None:
        """Before a fork: return when nobody is at work, or after a short time."""
        with self._changed:
            self._forks += 1
            self._changed.wait_for(lambda: self._at_work == 0, _PATIENCE)
            self._changed.wait_for(lambda: self._loading == 0, _LOADING)

    def release(self) -> None:
        """After a fork, in the parent."""
        with self._changed:
            self._forks -= 1
            self._changed.notify_all()

    def _begin(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._forks == 0, _PATIENCE)
            self._at_work += 1

    def _end(self) -> None:
        with self._changed:
            self._at_work -= 1
            self._changed.notify_all()
