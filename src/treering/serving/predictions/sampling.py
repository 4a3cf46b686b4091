"""Which requests are kept: decided by their ids alone, so that every server and every copy decides alike."""

from __future__ import annotations

from zlib import crc32

__all__ = ["limit_of", "sampled"]


def limit_of(share: float) -> int:
    """For `sampled`."""
    return round(share * (1 << 32))


def sampled(request_id: bytes, limit: int) -> bool:
    """Whether this one is kept. What is kept at one share is kept at every larger one."""
    # Ids that differ in their last digits alone are near each other: multiplied, they are not.
    return (crc32(request_id) * 0x9E3779B1) & 0xFFFFFFFF < limit
