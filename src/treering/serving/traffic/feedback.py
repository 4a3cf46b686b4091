"""How rewards find the answers that they are for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Feedback"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is remembered, and for how long.

    Attributes:
        window: Seconds after its answer in which a reward counts.
        missing: What an answer is worth for which none came in that time, such as 0 where rewards are clicks; None
            leaves such answers out.
        room: Answers of an endpoint that may wait for their reward; each takes about 300 bytes. Until the first reward
            comes, at most 10,000 do, unless `missing` is given.
    """

    window: float = 3600.0
    missing: float | None = None
    room: int = 100_000
