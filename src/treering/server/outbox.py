"""Threads of a server that work though nobody asks: messages to webhooks as they come due, and canaries that end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from treering.deployments.base import Deployments
from treering.deployments.watching import keep_watching

__all__ = ["delivering", "watching"]

_LAST_MESSAGES = 6.0


@contextmanager
def delivering(keep: Callable[[threading.Event], None] | None) -> Iterator[None]:
    """Messages are sent as long as the block runs; those that are being sent at its end are given a few seconds.

    What is cut off then is sent again later: it waits in the database.
    """
    if keep is None:
        yield
        return
    stop = threading.Event()
    # A receiver that does not answer must not keep the server from ending.
    thread = threading.Thread(target=keep, args=(stop,), name="treering-outbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_LAST_MESSAGES)


@contextmanager
def watching(deployments: Callable[[], Deployments]) -> Iterator[None]:
    """What deployments do by themselves is recorded as long as the block runs."""
    stop = threading.Event()
    # A target that does not answer must not keep the server from ending.
    thread = threading.Thread(target=keep_watching, args=(deployments, stop), name="treering-deployments", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
