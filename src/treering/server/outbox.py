"""The thread of a server that sends messages to webhooks as they come due."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["delivering"]

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
