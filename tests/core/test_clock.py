"""Milliseconds since the epoch."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from treering.core.clock import from_millis, now


def test_now_lies_between_before_and_after() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= now() <= time.time_ns() // 1_000_000


@pytest.mark.parametrize(
    ("millis", "expected"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_700_000_000_123, datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
    ],
)
def test_from_millis(millis: int, expected: datetime) -> None:
    assert from_millis(millis) == expected
