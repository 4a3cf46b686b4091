"""Catches what a command prints while it believes that it prints where this process does.

Where ours is a terminal, the command gets one of its own, so that it keeps its colours
and progress bars; where both of ours are one place, both of the command's are, so that
what it prints keeps its order.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

if sys.platform != "win32":
    import termios

__all__ = ["Channel", "channels", "handed_on"]

Output = Callable[[bytes, bool], None]

# What a command left behind may hold its output open; it is not waited for.
_LAST_WORDS = 2.0
_CHUNK = 64 * 1024


class Channel(NamedTuple):
    """A way on which a command prints.

    Attributes:
        reading: The end that is read here.
        writing: The end that the command gets.
        is_error: Whether it is for stderr alone.
        like: The terminal of ours that it stands for, whose size it has; None for a pipe.
    """

    reading: int
    writing: int
    is_error: bool
    like: int | None = None


def channels(*, like_ours: bool) -> tuple[Channel, Channel]:
    """Channels for stdout and stderr, which may be one and the same; who asks for them closes what is written to.

    Args:
        like_ours: Whether they are to be as those of this process are; else they are two pipes.
    """
    if not like_ours:
        return _pipe(is_error=False), _pipe(is_error=True)
    out = _as(1, is_error=False)
    return out, out if _are_one(1, 2) else _as(2, is_error=True)


@contextlib.contextmanager
def handed_on(both: Sequence[Channel], output: Output) -> Iterator[None]:
    """For the time of the block, and as long as there is something to read, hand on what comes."""
    threads = [
        threading.Thread(target=_copy, args=(channel, output), name=f"output {channel.reading}", daemon=True)
        for channel in dict.fromkeys(both)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        until = time.monotonic() + _LAST_WORDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _pipe(*, is_error: bool) -> Channel:
    reading, writing = os.pipe()
    return Channel(reading, writing, is_error)


def _as(ours: int, *, is_error: bool) -> Channel:
    # Windows has no terminals of this kind.
    if sys.platform != "win32" and _is_terminal(ours):
        return _terminal(ours, is_error=is_error)
    return _pipe(is_error=is_error)


def _is_terminal(ours: int) -> bool:
    try:
        return os.isatty(ours)
    except OSError:
        return False


def _terminal(ours: int, *, is_error: bool) -> Channel:
    assert sys.platform != "win32"  # noqa: S101 - see above
    reading, writing = os.openpty()
    try:
        said: list[Any] = termios.tcgetattr(writing)
        # Line ends become those of a terminal once, and that is where ours does it.
        said[1] &= ~termios.OPOST
        termios.tcsetattr(writing, termios.TCSANOW, said)
        termios.tcsetwinsize(writing, termios.tcgetwinsize(ours))
    except (OSError, termios.error):
        os.close(reading)
        os.close(writing)
        return _pipe(is_error=is_error)
    return Channel(reading, writing, is_error, ours)


def _are_one(first: int, second: int) -> bool:
    try:
        one, other = os.fstat(first), os.fstat(second)
    except OSError:
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _copy(channel: Channel, output: Output) -> None:
    try:
        while chunk := _read(channel.reading):
            output(chunk, channel.is_error)
            _resize(channel)
    finally:
        os.close(channel.reading)


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, _CHUNK)
    except OSError:
        # So Linux tells the end of a terminal.
        return b""


def _resize(channel: Channel) -> None:
    """The user may make the window wider while the command runs."""
    if channel.like is None or sys.platform == "win32":
        return
    with contextlib.suppress(OSError, termios.error):
        now = termios.tcgetwinsize(channel.like)
        if now != termios.tcgetwinsize(channel.reading):
            termios.tcsetwinsize(channel.reading, now)
