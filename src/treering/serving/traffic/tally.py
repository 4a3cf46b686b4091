"""What is counted of one variant: answers by kind, how long they took, what they earned.

Only adds, so that a window is the difference of two copies. Not safe to change from several threads.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["BOUNDS", "Counts", "Tally", "quantile"]

_FINEST = 50e-6
# Steps of a fifth, from 50 microseconds to more than ten minutes: a quantile is right to within 10 %.
BOUNDS: tuple[float, ...] = tuple(_FINEST * 1.2**step for step in range(92))
"""Upper ends of the buckets of seconds; a last bucket takes everything above."""

# Not the variant's fault: there were too many requests, or the client went away.
_NOBODYS = frozenset({429, 499})
_CLIENT, _SERVER = 400, 500


class Counts(NamedTuple):
    """A copy of a tally, or the difference of two.

    Attributes:
        answered: Answers that count: all but those that were refused for want of room.
        refused: Of these, told that the request was wrong (4xx).
        failed: Of these, told that the server was (5xx).
        slow: Answers by bucket of `BOUNDS`.
    """

    answered: int
    refused: int
    failed: int
    slow: tuple[int, ...]

    def minus(self, before: Counts) -> Counts:
        """What came since `before`."""
        slow = tuple(now - then for now, then in zip(self.slow, before.slow, strict=True))
        return Counts(self.answered - before.answered, self.refused - before.refused, self.failed - before.failed, slow)

    def errors(self) -> int:
        """Answers that were no predictions."""
        return self.refused + self.failed


class Tally:
    """The counts of one variant, and the rewards that its answers earned."""

    __slots__ = ("answered", "failed", "picked", "refused", "rewarded", "rewards", "seconds", "slow", "squares")

    def __init__(self) -> None:
        self.picked = 0
        self.answered = 0
        self.refused = 0
        self.failed = 0
        self.seconds = 0.0
        self.slow = [0] * (len(BOUNDS) + 1)
        self.rewarded = 0
        self.rewards = 0.0
        self.squares = 0.0

    def add(self, status: int, seconds: float) -> None:
        """An answer."""
        if status >= _CLIENT:
            if status in _NOBODYS:
                return
            if status >= _SERVER:
                self.failed += 1
            else:
                self.refused += 1
        self.answered += 1
        self.seconds += seconds
        self.slow[bisect_left(BOUNDS, seconds)] += 1

    def earn(self, value: float) -> None:
        """What an answer turned out to be worth."""
        self.rewarded += 1
        self.rewards += value
        self.squares += value * value

    def counts(self) -> Counts:
        """A copy of what was counted so far."""
        return Counts(self.answered, self.refused, self.failed, tuple(self.slow))

    def told(self) -> Mapping[str, Any]:
        """For people and programs."""
        counts = self.counts()
        return {
            "picked": self.picked,
            "answered": self.answered,
            "refused": self.refused,
            "failed": self.failed,
            "error_rate": counts.errors() / self.answered if self.answered else None,
            "seconds": {
                "mean": self.seconds / self.answered if self.answered else None,
                "p50": quantile(counts.slow, 0.5),
                "p95": quantile(counts.slow, 0.95),
                "p99": quantile(counts.slow, 0.99),
            },
            "rewarded": self.rewarded,
            "reward": self.rewards / self.rewarded if self.rewarded else None,
        }


def quantile(slow: tuple[int, ...], share: float) -> float | None:
    """The upper end of the bucket in which `share` of the answers are reached; None without any answers.

    What took longer than the last bound is told as that bound.
    """
    wanted = math.ceil(share * sum(slow))
    if wanted == 0:
        return None
    seen = 0
    for bound, count in zip(BOUNDS, slow, strict=False):
        seen += count
        if seen >= wanted:
            return bound
    return BOUNDS[-1]
