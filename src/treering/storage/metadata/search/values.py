"""Reads the constant that a field is compared with: text, number, time or span, as the field's kind wants it."""

from __future__ import annotations

import math

from treering.storage.metadata.search.lexer import Token, TokenKind
from treering.storage.metadata.search.literals import millis_in, span_in
from treering.storage.metadata.search.stream import TokenStream
from treering.storage.metadata.search.syntax import Kind, Scalar

__all__ = ["read_value"]

_LARGEST = (1 << 63) - 1
_DATES = "'2026-01-31', '2026-01-31T18:30:00+01:00' or now() - 7d"
_SPAN = "a number with one of s, m, h, d, w, such as 7d"


def read_value(stream: TokenStream, kind: Kind, shown: str, moment: int) -> Scalar:
    """The next value, for a field of this kind.

    Args:
        shown: The field's name, for messages.
        moment: What `now()` is, in milliseconds since the epoch.

    Raises:
        BadFilter: If something else stands there.
    """
    match kind:
        case Kind.TEXT:
            return stream.string()
        case Kind.ID:
            return stream.take().text if stream.peek().kind is TokenKind.NUMBER else stream.string()
        case Kind.TIME:
            return _time(stream, shown, moment)
        case Kind.DURATION if stream.peek().kind is TokenKind.SPAN:
            return span_in(stream.take().text)
        case Kind.DURATION:
            return _number(stream, f"{shown} is a span: {_SPAN}, or a number of milliseconds", whole=True)
        case _:
            return _number(stream, f"{shown} is a number; expected one without quotes", whole=kind is Kind.WHOLE)


def _number(stream: TokenStream, wanted: str, *, whole: bool) -> Scalar:
    token = stream.peek()
    if token.kind is not TokenKind.NUMBER:
        found = f"the text {token.text!r}" if token.kind is TokenKind.QUOTED else token.shown
        raise stream.error(token, f"{wanted}, not {found}.")
    stream.take()
    number = float(token.text)
    if not math.isfinite(number):
        raise stream.error(token, f"The number {token.text} is too large.")
    if whole and number.is_integer() and abs(number) < _LARGEST:
        return int(token.text) if token.text.lstrip("+-").isdigit() else int(number)
    return number


def _time(stream: TokenStream, shown: str, moment: int) -> Scalar:
    token = stream.peek()
    if token.word == "NOW":
        stream.take()
        return moment + _shift(stream)
    if token.kind is TokenKind.QUOTED and token.quote != "`":
        millis = millis_in(token.text)
        if millis is None:
            raise stream.error(token, f"{shown} is a time, and {token.text!r} is none. Write it as {_DATES}.")
        stream.take()
        return millis
    wanted = f"{shown} is a time; expected {_DATES}, or a number of milliseconds without quotes"
    return _number(stream, wanted, whole=True)


def _shift(stream: TokenStream) -> int:
    """What follows `now`: "()", and perhaps a sign with a span; in milliseconds."""
    stream.expect("(")
    stream.expect(")")
    sign: Token = stream.peek()
    if not (stream.accept("-") or stream.accept("+")):
        if sign.kind is TokenKind.NUMBER and sign.text[0] in "+-":
            raise stream.error(sign, f"How far from now() is {_SPAN}; {sign.text} has no unit.")
        return 0
    token = stream.peek()
    if token.kind is not TokenKind.SPAN:
        raise stream.error(token, f"How far from now() is {_SPAN}, not {token.shown}.")
    span = span_in(stream.take().text)
    return -span if sign.text == "-" else span
