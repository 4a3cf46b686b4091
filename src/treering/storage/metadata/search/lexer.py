"""Cuts a filter into tokens, and says where in it a thing went wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from treering.core.errors import BadFilter

__all__ = ["Token", "TokenKind", "bad_filter", "tokens"]

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[^\W\d][\w./:@-]*)
    | (?P<operator><=|>=|!=|=|<|>)
    | (?P<mark>[(),])
    | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)
    """,
    re.VERBOSE,
)
_QUOTES = "'\"`"
_SHOWN = 100


class TokenKind(StrEnum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    OPERATOR = "operator"
    MARK = "mark"
    QUOTED = "quoted"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter.

    Attributes:
        text: As written, except for a quoted one: without its quotes, doubled quotes halved.
        start: Its first character.
        quote: The quote that stands around it, or around the key of a name; "" for none.
        prefix: For a name: what stands before the first dot.
        key: For a name: what stands behind the first dot, or all of it.
    """

    kind: TokenKind
    text: str
    start: int
    quote: str = ""
    prefix: str = ""
    key: str = ""

    @property
    def word(self) -> str:
        """In capitals, where it could be a keyword; else ""."""
        return self.text.upper() if self.kind is TokenKind.NAME and not self.quote else ""


def bad_filter(text: str, position: int, reason: str) -> BadFilter:
    """The error for `text`, with a caret under the character at `position`."""
    flat = re.sub(r"\s", " ", text)
    begin = max(0, min(position - _SHOWN // 2, len(flat) - _SHOWN))
    head, tail = "..." if begin else "", "..." if begin + _SHOWN < len(flat) else ""
    shown = f"{head}{flat[begin : begin + _SHOWN]}{tail}"
    caret = " " * (position - begin + len(head))
    return BadFilter(f"{reason}\n  {shown}\n  {caret}^")


def tokens(text: str) -> list[Token]:
    """The tokens of `text`, and one of kind END.

    Raises:
        BadFilter: If a character belongs to no token, or a quote is never closed.
    """
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise bad_filter(text, position, _unreadable(text, position))
        kind, piece, start = match.lastgroup, match.group(), position
        position = match.end()
        if kind == "space":
            continue
        if kind == "quoted":
            found.append(Token(TokenKind.QUOTED, _unquote(piece), start, piece[0], key=_unquote(piece)))
        elif kind == "name":
            token, position = _name(text, piece, start)
            found.append(token)
        else:
            found.append(Token(TokenKind(kind or ""), piece, start))
    found.append(Token(TokenKind.END, "", len(text)))
    return found


def _name(text: str, piece: str, start: int) -> tuple[Token, int]:
    """A name, with a key in quotes that may follow its first dot."""
    end = start + len(piece)
    prefix, dot, key = piece.partition(".")
    if not dot:
        return Token(TokenKind.NAME, piece, start, key=piece), end
    if key or text[end : end + 1] not in _QUOTES or end == len(text):
        return Token(TokenKind.NAME, piece, start, prefix=prefix, key=key), end
    match = _TOKEN.match(text, end)
    if match is None:
        raise bad_filter(text, end, _unreadable(text, end))
    quoted = match.group()
    return Token(TokenKind.NAME, piece + quoted, start, quoted[0], prefix, _unquote(quoted)), match.end()


def _unquote(piece: str) -> str:
    return piece[1:-1].replace(piece[0] * 2, piece[0])


def _unreadable(text: str, position: int) -> str:
    if text[position] in _QUOTES:
        return f"A quote {text[position]} is opened and never closed."
    return f"Unexpected character {text[position]!r}. Put quotes around text, and backticks around unusual keys."
