"""What came of moving objects from one place to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

__all__ = ["Lost", "Outcome"]


@dataclass(frozen=True, slots=True)
class Lost:
    """An object that could not be transferred.

    Attributes:
        value: Its name.
        paths: Which files that is, relative to the repository; some of them, if there are many.
        reason: To be read behind them.
    """

    value: str
    paths: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class Outcome:
    """Kept by those who move objects, perhaps in several threads; names are those of objects, `.dir` included.

    Attributes:
        told: Called with the number of objects, and their bytes, that were done since it was called before.
        size: Bytes of what was moved.
        missing: Not at the source.
        damaged: At the source, with other bytes than their names say.
        failed: With the reason, other than these.
    """

    told: Callable[[int, int], None]
    done: list[str] = field(default_factory=list)
    size: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def moved(self, value: str, size: int) -> None:
        """One was moved, which is told of at once."""
        self.add(value, size)
        self.told(1, size)

    def add(self, value: str, size: int) -> None:
        """One was moved; whoever moved it tells of many at a time."""
        with self._lock:
            self.done.append(value)
            self.size += size

    @property
    def lost(self) -> set[str]:
        """All that could not be moved."""
        return {*self.missing, *self.damaged, *self.failed}
