"""Trying again after a fault that may pass, with growing pauses and a last time.

A driver whose library repeats by itself does not need this; one that talks over a
plain connection does. What cannot be repeated, such as a source of bytes that is
used up, fails with the fault itself.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from treering.core.errors import Unavailable

__all__ = ["Source", "patience", "patient_chunks", "patient_write", "patiently", "pause"]

Answer = TypeVar("Answer")

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0


def pause(attempt: int) -> float:
    """Seconds to wait after the attempt of that number, from 0: doubling, with some chance in it so that clients do not march in step."""
    doubled: float = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
    # Not `random`: a training that was given a seed must draw the same numbers with a server that is away.
    return doubled * (0.5 + secrets.randbelow(1001) / 1000)


def patience(retries: int) -> float:
    """Seconds that so many pauses take together, about: for a library that counts them instead."""
    together: float = sum(min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) for attempt in range(retries))
    return together


def patiently(act: Callable[[], Answer], attempts: int) -> Answer:
    """What `act` gives, which may be done twice; Unavailable is raised when it is met the last time."""
    for attempt in range(attempts - 1):
        try:
            return act()
        except Unavailable:
            time.sleep(pause(attempt))
    return act()


def patient_chunks(fetch: Callable[[int], Iterator[bytes]], offset: int, attempts: int) -> Iterator[bytes]:
    """The bytes of a file from `offset`; a stream that breaks goes on where it broke.

    Args:
        fetch: The bytes from an offset on; raises Unavailable.
        attempts: How often in a row nothing may come.
    """
    at, failures = offset, 0
    while True:
        try:
            for chunk in fetch(at):
                at += len(chunk)
                failures = 0
                yield chunk
        except Unavailable:
            failures += 1
            if failures >= attempts:
                raise
            time.sleep(pause(failures - 1))
        else:
            return


class Source:
    """The chunks of a file that is sent, and whether they can be had from the start once more."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._begun = False
        self.error: Exception | None = None
        """What the chunks themselves have raised, which is nobody else's fault."""
        self.size = 0
        """Bytes that were given out since the start."""

    def __iter__(self) -> Iterator[bytes]:
        self._begun = True
        self.size = 0
        try:
            for chunk in self._chunks:
                self.size += len(chunk)
                if chunk:
                    yield chunk
        except Exception as error:
            self.error = error
            raise

    @property
    def repeatable(self) -> bool:
        """Whether nothing of it is lost."""
        return not self._begun or not isinstance(self._chunks, Iterator)


def patient_write(send: Callable[[Source], None], chunks: Iterable[bytes], attempts: int) -> int:
    """Send a file and return its size; again from the start where its source allows. Raises what the source raises."""
    source = Source(chunks)
    for attempt in range(attempts):
        try:
            send(source)
        except Exception as error:
            if source.error is not None:
                raise source.error from None
            if not isinstance(error, Unavailable) or not source.repeatable or attempt == attempts - 1:
                raise
            time.sleep(pause(attempt))
        else:
            break
    return source.size
