"""Ends commands together with all that they started, which stands in one process group."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

__all__ = ["PATIENCE", "end_group"]

PATIENCE = ((signal.SIGINT, 5.0), (signal.SIGTERM, 5.0))
"""How long a command has to tidy up after each signal before it gets the next one, in seconds."""
# How long what it left in the background has.
_LAST_MOMENT = 0.3


def end_group(group: int, is_over: Callable[[], bool]) -> None:
    """End a process group: the one that leads it is asked, and gets time to tidy up; then the others go.

    Args:
        group: Its number, which is that of the process that leads it.
        is_over: Whether that process is gone.
    """
    for sign, patience in PATIENCE:
        if is_over() or not _signalled(group, sign):
            break
        _wait_until(is_over, patience)
    if _signalled(group, signal.SIGTERM):
        _wait_until(lambda: not _signalled(group, 0), _LAST_MOMENT)
        _signalled(group, signal.SIGKILL)


def _wait_until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)


def _signalled(group: int, sign: int) -> bool:
    """Whether anybody is left in the group."""
    try:
        os.killpg(group, sign)
    except (ProcessLookupError, PermissionError):
        return False
    return True
