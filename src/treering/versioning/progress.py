"""How far a verb has come: whoever wants to show it gives the verb a function."""

from __future__ import annotations

from typing import Protocol

__all__ = ["NO_PROGRESS", "Progress"]


class Progress(Protocol):
    """Called now and then while a verb works, perhaps from several threads; it returns quickly and raises nothing."""

    def __call__(self, what: str, done: int, total: int | None, /) -> None:
        """Show it.

        Args:
            what: What is being done, in a word or two: `Hashing`, `Pushing`. Another word begins another bar.
            done: How many things, such as files, are done.
            total: Of how many; None as long as that is not known.
        """


def _nothing(_what: str, _done: int, _total: int | None, /) -> None:
    """Show nothing."""


NO_PROGRESS: Progress = _nothing
"""For callers that show nothing."""
