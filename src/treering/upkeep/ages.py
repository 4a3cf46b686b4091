"""Lengths of time in words: 30d, 12h, 1d2h3m4s."""

from __future__ import annotations

import re

from treering.core.errors import InvalidInput

__all__ = ["parse_age"]

_AGE = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SECONDS = (604_800, 86_400, 3_600, 60, 1)


def parse_age(text: str) -> int:
    """Milliseconds. Raises InvalidInput."""
    match = _AGE.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        msg = f"{text!r} is no age. Write weeks, days, hours, minutes and seconds as in 30d or 1d2h3m4s."
        raise InvalidInput(msg)
    return 1000 * sum(int(number or 0) * unit for number, unit in zip(match.groups(), _SECONDS, strict=True))
