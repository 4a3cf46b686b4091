"""Cuts a filter into tokens, and says where in it a thing went wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from treering.core.errors import BadFilter, FilterMistake

__all__ = ["Token", "TokenKind", "bad_filter", "tokens"]

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<span>(?:\d+\.?\d*|\.\d+)[smhdwSMHDW](?![\w.]))
    | (?P<name>[^\W\d][\w./:@-]*)
    | (?P<operator><=|>=|!=|==|<>|=|<|>)
    | (?P<mark>[(),+-])
    | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)
    """,
    re.VERBOSE,
)
_SUFFIX = re.compile(r"\.\w*")
_QUOTES = "'\"`"
_SHOWN = 100
_WRITE_INSTEAD = {"&": "AND", "|": "OR", "!": "NOT", "~": "LIKE"}


class TokenKind(StrEnum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    SPAN = "span"
    OPERATOR = "operator"
    MARK = "mark"
    QUOTED = "quoted"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter.

    Attributes:
        text: As written, except for a quoted one: without its quotes, doubled quotes halved.
        start: Its first character; `end` is just behind its last.
        quote: The quote that stands around it, or around the key of a name; "" for none.
        prefix: For a name: what stands before the first dot.
        key: For a name: what stands behind the first dot, or all of it.
        suffix: For a name whose key is quoted: what follows the quote, with its dot.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    quote: str = ""
    prefix: str = ""
    key: str = ""
    suffix: str = ""

    @property
    def word(self) -> str:
        """In capitals, where it could be a keyword; else ""."""
        return self.text.upper() if self.kind is TokenKind.NAME and not self.quote else ""

    @property
    def shown(self) -> str:
        """As messages name it."""
        return "the end" if self.kind is TokenKind.END else repr(self.text)


def bad_filter(text: str, start: int, end: int, reason: str, expected: Sequence[str] = ()) -> BadFilter:
    """The error for `text`, with a caret under the character at `start`."""
    flat = re.sub(r"\s", " ", text)
    begin = max(0, min(start - _SHOWN // 2, len(flat) - _SHOWN))
    head, tail = "..." if begin else "", "..." if begin + _SHOWN < len(flat) else ""
    shown = f"{head}{flat[begin : begin + _SHOWN]}{tail}"
    caret = " " * (start - begin + len(head))
    return BadFilter(f"{reason}\n  {shown}\n  {caret}^", FilterMistake(text, start, end, reason, tuple(expected)))


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
            raise _unreadable(text, position)
        kind, piece, start = match.lastgroup, match.group(), position
        position = match.end()
        if kind == "space":
            continue
        if kind == "quoted" and piece[0] == "`" and text[position : position + 1] == ".":
            found.append(_quoted_prefix(text, piece, start))
            position = found[-1].end
        elif kind == "quoted":
            found.append(Token(TokenKind.QUOTED, _unquote(piece), start, position, piece[0], key=_unquote(piece)))
        elif kind == "name":
            found.append(_name(text, piece, start))
            position = found[-1].end
        else:
            found.append(Token(TokenKind(kind or ""), piece, start, position))
    found.append(Token(TokenKind.END, "", len(text), len(text)))
    return found


def _name(text: str, piece: str, start: int) -> Token:
    """A name, with a key in quotes that may follow its first dot, and what may follow those."""
    end = start + len(piece)
    prefix, dot, key = piece.partition(".")
    if not dot:
        return Token(TokenKind.NAME, piece, start, end, key=piece)
    if key or end == len(text) or text[end] not in _QUOTES:
        return Token(TokenKind.NAME, piece, start, end, prefix=prefix, key=key)
    match = _TOKEN.match(text, end)
    if match is None:
        raise _unreadable(text, end)
    quoted, end = match.group(), match.end()
    follows = _SUFFIX.match(text, end)
    suffix = follows.group() if follows else ""
    return Token(
        TokenKind.NAME, piece + quoted + suffix, start, end + len(suffix), quoted[0], prefix, _unquote(quoted), suffix
    )


def _quoted_prefix(text: str, piece: str, start: int) -> Token:
    """A name whose first part stands in backticks, as MLflow's own interface writes some."""
    end = start + len(piece) + 1
    match = _TOKEN.match(text, end)
    kind = match.lastgroup if match else ""
    if match is None or kind not in {"name", "quoted"}:
        raise bad_filter(text, end, min(end + 1, len(text)), f"A key must follow {piece}.")
    key = match.group()
    if kind == "name":
        return Token(TokenKind.NAME, f"{piece}.{key}", start, match.end(), prefix=_unquote(piece), key=key)
    return Token(TokenKind.NAME, f"{piece}.{key}", start, match.end(), key[0], _unquote(piece), _unquote(key))


def _unquote(piece: str) -> str:
    return piece[1:-1].replace(piece[0] * 2, piece[0])


def _unreadable(text: str, position: int) -> BadFilter:
    char = text[position]
    if char in _QUOTES:
        return bad_filter(text, position, len(text), f"A quote {char} is opened and never closed.", [char])
    expected = [_WRITE_INSTEAD[char]] if char in _WRITE_INSTEAD else []
    hint = f"Write {expected[0]}." if expected else "Put quotes around text, and backticks around unusual keys."
    return bad_filter(text, position, position + 1, f"Unexpected character {char!r}. {hint}", expected)
