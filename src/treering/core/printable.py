"""Text from anybody, as it may be shown to people in a terminal, a log or a page."""

from __future__ import annotations

__all__ = ["printable"]

# They join and part letters and emoji, and do nothing else.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


def printable(text: str, *, lines: bool = False) -> str:
    """`text` without what would steer a terminal, begin a line of its own or turn the order of letters round.

    White space becomes a blank, and what has no shape U+FFFD.

    Args:
        lines: Whether line breaks stay.
    """
    if text.isprintable():
        return text
    kept = f"{_JOINERS}\n" if lines else _JOINERS
    return "".join(
        char if char.isprintable() or char in kept else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )
