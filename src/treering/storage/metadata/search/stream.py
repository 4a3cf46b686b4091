"""Walks over the tokens of one text, and complains about the one it stands at."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from treering.core.errors import BadFilter
from treering.storage.metadata.search.lexer import Token, TokenKind, bad_filter, tokens

__all__ = ["TokenStream", "meant"]


class TokenStream:
    """The tokens of `text`, from the first to the end, which never is passed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokens(text)
        self._position = 0

    def peek(self) -> Token:
        """The next token, which stays."""
        return self._tokens[self._position]

    def behind(self) -> Token:
        """The one after the next."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The next token."""
        token = self.peek()
        if token.kind is not TokenKind.END:
            self._position += 1
        return token

    def at_mark(self, mark: str) -> bool:
        """Whether the next token is this sign."""
        return self.peek().kind is TokenKind.MARK and self.peek().text == mark

    def accept(self, word: str) -> bool:
        """Take the next token where it is this keyword or sign."""
        if self.peek().word == word or self.at_mark(word):
            self.take()
            return True
        return False

    def expect(self, *words: str) -> None:
        """Take one of these keywords or signs. Raises BadFilter."""
        if not any(self.accept(word) for word in words):
            raise self.unexpected(self.peek(), words)

    def string(self) -> str:
        """Take a text in quotes. Raises BadFilter."""
        token = self.peek()
        if token.kind is not TokenKind.QUOTED or token.quote == "`":
            example = f"'{token.text}'" if token.kind in {TokenKind.NAME, TokenKind.NUMBER} else "'text'"
            raise self.error(token, f"Expected text in quotes, such as {example}, not {token.shown}.")
        return self.take().text

    def unexpected(self, token: Token, expected: Sequence[str]) -> BadFilter:
        """The error for a token that is none of `expected`."""
        listed = expected[0] if len(expected) == 1 else f"{', '.join(expected[:-1])} or {expected[-1]}"
        suggested = meant(token.text, [word for word in expected if word.isupper()]) if token.word else ""
        words = tuple("" if word == "the end" else word for word in expected)
        return self.error(token, f"Expected {listed}, not {token.shown}.{suggested}", words)

    def error(self, token: Token, reason: str, expected: Sequence[str] = ()) -> BadFilter:
        """The error for `token`."""
        return bad_filter(self.text, token.start, token.end, reason, [word for word in expected if word])


def meant(given: str, known: Iterable[str]) -> str:
    """A question to append to a message where something known is close to what was given; else ""."""
    by_lower = {word.lower(): word for word in known}
    close = difflib.get_close_matches(given.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[close[0]]!r}?" if close else ""
