"""What numbers, dates and spans of time mean where they stand in text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["SPAN_UNITS", "millis_in", "number_in", "span_in"]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?inf(?:inity)?", re.ASCII | re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

SPAN_UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
"""Milliseconds of each unit."""


def number_in(text: str) -> float | None:
    """The number that all of `text` states, blanks around it aside; None where it states none, as "nan" does not."""
    stripped = text.strip()
    return float(stripped) if _NUMBER.fullmatch(stripped) else None


def millis_in(text: str) -> int | None:
    """Milliseconds since the epoch of an ISO 8601 date, or date and time; UTC unless it names a zone; None for others."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def span_in(text: str) -> int:
    """Milliseconds of a span such as `7d` or `1.5h`, as the lexer lets it through; at most ten thousand years."""
    return round(min(float(text[:-1]) * SPAN_UNITS[text[-1].lower()], 3.2e14))
