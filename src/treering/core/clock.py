"""The time, in the unit that the whole product uses: whole milliseconds since the epoch, UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["from_millis", "now"]


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def from_millis(millis: int) -> datetime:
    """`millis` as an aware datetime in UTC."""
    return datetime.fromtimestamp(millis / 1000, tz=UTC)
