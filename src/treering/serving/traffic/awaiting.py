"""Answers whose worth is not known yet: request id to variant, for a while and at most so many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Awaiting"]


class _Waits(NamedTuple):
    request_id: bytes
    variant: str
    since: float


class Awaiting:
    """Remembers in the order of the answers; the oldest goes when there is no more room.

    Args:
        window: Seconds that a reward may come after its answer.
        room: Answers that are remembered at most; each takes about 300 bytes.
    """

    __slots__ = ("_known", "_queue", "crowded", "room", "window")

    def __init__(self, window: float, room: int) -> None:
        self.window = window
        self.room = room
        self._known: dict[bytes, _Waits] = {}
        # Beside it, because the first key of a dict whose first keys were deleted is slow to find.
        self._queue: deque[_Waits] = deque()
        self.crowded = 0
        """Answers that were forgotten before their time, for want of room."""

    def __len__(self) -> int:
        return len(self._known)

    def add(self, request_id: bytes, variant: str, now: float) -> None:
        """Remember an answer. An id that is used again stands for the last answer under it."""
        waits = _Waits(request_id, variant, now)
        self._known[request_id] = waits
        self._queue.append(waits)
        if len(self._queue) > self.room:
            self.crowded += self._forget()

    def take(self, request_id: bytes) -> str | None:
        """The variant that answered, once; None if it is not known (any more)."""
        waits = self._known.pop(request_id, None)
        return waits.variant if waits is not None else None

    def expired(self, now: float) -> Iterator[str]:
        """Forget those whose time is over; the variants of those that nobody took."""
        while self._queue and now - self._queue[0].since > self.window:
            variant = self._queue[0].variant
            if self._forget():
                yield variant

    def _forget(self) -> bool:
        """The oldest; whether it was still waiting."""
        waits = self._queue.popleft()
        if self._known.get(waits.request_id) is not waits:
            return False
        del self._known[waits.request_id]
        return True
