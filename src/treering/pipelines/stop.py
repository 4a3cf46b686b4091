"""A way to say, from any thread, that work is to end early."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Stop"]


class Stop:
    """Says that work is to end early. Any thread may ask for it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._asked = False
        self._calls: dict[int, Callable[[], None]] = {}

    @property
    def asked(self) -> bool:
        """Whether it was asked for."""
        return self._asked

    def ask(self) -> None:
        """End what runs, and begin nothing."""
        with self._guard:
            self._asked = True
            calls = list(self._calls.values())
        for call in calls:
            call()

    def add(self, call: Callable[[], None]) -> int:
        """Have a function called when it is asked for, at once if it was; `remove` takes the number that this gives."""
        with self._guard:
            number = max(self._calls, default=0) + 1
            self._calls[number] = call
            asked = self._asked
        if asked:
            call()
        return number

    def remove(self, number: int) -> None:
        """Take a function out again."""
        with self._guard:
            self._calls.pop(number, None)
