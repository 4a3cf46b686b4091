"""What of a value may be kept: rules by the name of a field.

    keep       as it is
    drop       nothing; the column is not there either
    hash       a keyed hash, the same for the same value: joins without knowing
    mask       stars; `mask:4` leaves the last four characters
    round:2    numbers to so many digits; `round:-3` to thousands. What is no number is dropped
    scrub      texts without the e-mail addresses, card and account numbers, tokens and IP addresses in them

A field is a column, a key of an object at any depth, `key` (whom the request was for), `params.<name>`, `answer` or
`answer.<output>`. Names may have `*` and `?`; the first rule that fits counts, and `*` at the end is what
happens to all others. Whatever a rule cannot be applied to is dropped.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate
from typing import Any

import msgspec

from treering.core.errors import InvalidInput

__all__ = ["DROPPED", "Privacy"]


class _Dropped:
    """Stands for a value that is not kept."""


DROPPED = _Dropped()
_STARS = "***"
_DIGITS = range(-300, 300)
_HASH = 32

Rule = Callable[[Any], Any]


class Privacy:
    """The rules of one log.

    Args:
        rules: Pattern to rule. `key` is hashed unless one of them fits it.
        secret: For hashes.

    Raises:
        InvalidInput: If a rule is not known; the message lists those that are.
    """

    def __init__(self, rules: Mapping[str, str], secret: bytes) -> None:
        self._secret = secret
        written = [*rules.items(), *([] if any(_fits(name, "key") for name in rules) else [("key", "hash")])]
        self._rules = [(re.compile(translate(name.lower())), self._made(name, rule)) for name, rule in written]
        self._known: dict[str, Rule | None] = {}
        self.strict = any(rule != "keep" for _, rule in rules.items())
        """Whether a body that cannot be looked into has to be withheld."""

    def field(self, name: str, value: Any) -> Any:
        """What is kept of the value of a field; `DROPPED` if nothing is. A list is treated value by value."""
        rule = self._rule(name)
        if rule is None:
            return self.inside(value, name)
        return _each(rule, value)

    def inside(self, value: Any, name: str = "") -> Any:
        """What is kept of a value, by the names of the fields in it."""
        if isinstance(value, dict):
            kept = {key: self.field(str(key), one) for key, one in value.items()}
            return {key: one for key, one in kept.items() if one is not DROPPED}
        if isinstance(value, list):
            return [one for one in (self.inside(one, name) for one in value) if one is not DROPPED]
        return value

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[list[str], list[list[Any]]]:
        """What is kept of a table; a column whose values are all dropped is not there any more."""
        ruled = [(place, rule) for place, name in enumerate(columns) if (rule := self._rule(name)) is not None]
        kept = [list(row) for row in rows]
        for row in kept:
            for place, value in enumerate(row):
                if isinstance(value, dict | list):
                    row[place] = self.inside(value, columns[place])
        gone: list[int] = []
        for place, rule in ruled:
            values = [_each(rule, row[place]) for row in rows]
            if all(value is DROPPED for value in values):
                gone.append(place)
            for row, value in zip(kept, values, strict=True):
                row[place] = None if value is DROPPED else value
        if gone:
            left = [place for place in range(len(columns)) if place not in gone]
            kept = [[row[place] for place in left] for row in kept]
            return [columns[place] for place in left], kept
        return list(columns), kept

    def _rule(self, name: str) -> Rule | None:
        if name not in self._known:
            if len(self._known) > _MOST:  # names come from clients
                self._known.clear()
            self._known[name] = next((rule for pattern, rule in self._rules if pattern.match(name.lower())), None)
        return self._known[name]

    def _made(self, name: str, rule: str) -> Rule | None:
        kind, _, rest = rule.partition(":")
        if kind == "keep" and not rest:
            return None if name == "*" else _kept
        if kind == "drop" and not rest:
            return _drop
        if kind == "hash" and not rest:
            return self._hash
        if kind == "scrub" and not rest:
            return _scrub
        if kind == "mask" and (not rest or rest.isdigit()):
            last = int(rest or 0)
            return lambda value: _mask(value, last)
        if kind == "round" and _whole(rest):
            digits = int(rest)
            return lambda value: _round(value, digits)
        msg = (
            f"The rule {rule!r} for {name!r} is not known. Known ones: keep, drop, hash, mask, mask:4, round:2, round:-3,"
            " scrub."
        )
        raise InvalidInput(msg)

    def _hash(self, value: Any) -> Any:
        if value is None:
            return None
        text = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else msgspec.json.encode(value)
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:_HASH]


_MOST = 10_000


def _fits(pattern: str, name: str) -> bool:
    return re.match(translate(pattern.lower()), name) is not None


def _each(rule: Rule, value: Any) -> Any:
    if isinstance(value, list):
        kept = [_each(rule, one) for one in value]
        return (
            DROPPED
            if kept and all(one is DROPPED for one in kept)
            else [None if one is DROPPED else one for one in kept]
        )
    return rule(value)


def _kept(value: Any) -> Any:
    return value


def _drop(_value: Any) -> Any:
    return DROPPED


def _mask(value: Any, last: int) -> Any:
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    # A text that is hardly longer than what may be seen of it would be seen whole.
    return _STARS + (text[-last:] if last and len(text) >= 2 * last else "")


def _round(value: Any, digits: int) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DROPPED
    return round(value, digits)


def _whole(text: str) -> bool:
    return text.lstrip("-").isdigit() and text.count("-") <= 1 and int(text) in _DIGITS


_FOUND = re.compile(
    r"(?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"
    r"|(?P<token>\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20,255}|\beyJ[\w-]{8,4000}\.[\w-]{8,4000}\.[\w-]{0,4000})"
    r"|(?P<secret>(?i:password|passwd|secret|token|api[_-]?key)[\"']?\s{0,3}[=:]\s{0,3}[\"']?[^\s\"',;]{1,400})"
    r"|(?P<iban>\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b)"
    r"|(?P<card>\b\d(?:[ -]?\d){12,18}\b)"
    r"|(?P<ip>\b(?:\d{1,3}\.){3}\d{1,3}\b)"
)
_MODULUS = 97


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return _FOUND.sub(_replaced, value)
    if isinstance(value, dict):
        return {key: _scrub(one) for key, one in value.items()}
    return value


def _replaced(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found.group()
    if (kind == "card" and not _luhn(text)) or (kind == "iban" and not _iban(text)):
        return text
    if kind == "ip" and any(int(part) > 255 for part in text.split(".")):  # noqa: PLR2004 -- a byte
        return text
    return f"<{kind}>"


def _luhn(text: str) -> bool:
    digits = [int(one) for one in reversed(text) if one.isdigit()]
    return sum(sum(divmod(2 * one, 10)) if place % 2 else one for place, one in enumerate(digits)) % 10 == 0


def _iban(text: str) -> bool:
    plain = text.replace(" ", "")
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % _MODULUS == 1
