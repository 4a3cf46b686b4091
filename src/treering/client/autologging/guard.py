"""The border between a user's training and our logging: what fails here is said once, and the training goes on.

It also remembers, for each thread, which training it is inside of, so that a
training within a training is logged once.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from treering.core.log import logger

__all__ = ["ANYTHING", "attempt", "disabled", "guarded", "inside", "is_free", "is_worker"]


ANYTHING = "*"
"""Among what a training allows: every other training."""


class _Thread(threading.local):
    """What one thread is doing."""

    def __init__(self) -> None:
        self.trainings: list[tuple[str, frozenset[str]]] = []
        self.disabled = 0


class _Process:
    """What was complained of already, in whatever thread."""

    thread = _Thread()
    lock = threading.Lock()
    busy = 0
    said: set[tuple[str, str]] = set()  # noqa: RUF012  # shared on purpose


class attempt:  # noqa: N801  # read as a verb: with attempt("the plot")
    """A block that works for the log; when it fails, the log says so, once for each kind of failure.

    Args:
        what: What is being done, for the message.
        silent: Whether only the debug log is to say it.
    """

    def __init__(self, what: str, *, silent: bool = False) -> None:
        self.what = what
        self.silent = silent

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        # As a blind except, at the border to a user's training, which must not end because of us;
        # interrupts and exits are the user's, and go on.
        if not isinstance(error, Exception):
            return False
        known = (self.what, type(error).__name__)
        if known not in _Process.said:
            _Process.said.add(known)
            say = logger.debug if self.silent else logger.warning
            say("Autologging: %s failed; the training goes on. %s: %s", self.what, type(error).__name__, error)
            logger.debug("Where it failed:", exc_info=error)
        return True


def guarded(function: Callable[..., Any], what: str, answer: Any = None) -> Callable[..., Any]:
    """`function` for a library to call: when it fails, it gives `answer`."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with attempt(what):
            return function(*args, **kwargs)
        return answer

    return call


@contextmanager
def disabled() -> Iterator[None]:
    """Nothing that this thread does in the block is logged automatically."""
    _Process.thread.disabled += 1
    try:
        yield
    finally:
        _Process.thread.disabled -= 1


@contextmanager
def inside(label: str, allows: frozenset[str] = frozenset()) -> Iterator[None]:
    """This thread is inside the training `label`, within which only the trainings in `allows` are logged."""
    stack = _Process.thread.trainings
    stack.append((label, allows))
    with _Process.lock:
        _Process.busy += 1
    try:
        yield
    finally:
        stack.pop()
        with _Process.lock:
            _Process.busy -= 1


def is_free(label: str) -> bool:
    """Whether what `label` names may be logged here and now."""
    thread = _Process.thread
    return not thread.disabled and (not thread.trainings or not {label, ANYTHING}.isdisjoint(thread.trainings[-1][1]))


def is_worker() -> bool:
    """Whether this thread is inside of no training itself, while another thread is."""
    return not _Process.thread.trainings and _Process.busy > 0
