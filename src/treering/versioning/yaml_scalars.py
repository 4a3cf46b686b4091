"""What a scalar without quotes means in YAML 1.2, as ruamel.yaml has it, with which DVC reads.

`yes` and `on` are texts, octal numbers are written `0o17`, dates are dates.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

__all__ = ["plain_value"]

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
# What a scalar that is more than a text begins with.
_FIRST = frozenset("-+.0123456789")
_FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)"
    r"|\.(?:nan|NaN|NAN)"
)
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?"
    r"(?:[ \t]*(?:Z|([-+])([0-9][0-9]?)(?::([0-9]{2}))?))?"
)
_BASES = {"0b": 2, "0o": 8, "0x": 16}


def plain_value(text: str) -> Any:
    """What a scalar without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    try:
        if _INT.fullmatch(text):
            return _integer(text.replace("_", ""))
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
        return _time(text)
    except ValueError:
        # Of the form of a number or date, but none: `-_`, `2001-99-99`.
        return text


def _integer(text: str) -> int:
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-")
    base = _BASES.get(digits[:2])
    return sign * (int(digits) if base is None else int(digits[2:], base))


def _time(text: str) -> Any:
    if found := _DATE.fullmatch(text):
        return dt.date(int(found[1]), int(found[2]), int(found[3]))
    if not (found := _TIME.fullmatch(text)):
        return text
    micro = int((found[7] or "")[:6].ljust(6, "0"))
    day = dt.date(int(found[1]), int(found[2]), int(found[3]))
    # Without a zone, and in UTC where one was given: so ruamel has it.
    naive = dt.datetime.combine(day, dt.time(int(found[4]), int(found[5]), int(found[6]), micro))
    if not found[8]:
        return naive
    offset = dt.timedelta(hours=int(found[9]), minutes=int(found[10] or 0))
    return naive - offset if found[8] == "+" else naive + offset
