"""Whom workers tell what happens to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from treering.serving.hosting import Answer, Offer

__all__ = ["Board", "Member"]


class Member(Protocol):
    """A worker, wherever it runs."""

    def ask(self, number: int, alone: bool, parts: Sequence[tuple[str, Sequence[Any]]]) -> None:  # noqa: FBT001 -- of the wire
        """Take a group of calls."""

    def stuck(self) -> None:
        """End it: it answers nothing any more."""

    def pass_on(self, stream: int, message: Mapping[str, Any]) -> None:
        """Take a message of ASGI for the host's own application."""


class Board(Protocol):
    """The front, seen from workers. All of it is called in the loop's thread."""

    def up(self, member: Member, offer: Offer) -> object:
        """A worker is ready; what comes back names it from then on."""

    def down(self, desk: object) -> None:
        """A worker has gone."""

    def closing(self, desk: object) -> None:
        """A worker shall get nothing more."""

    def idle(self, desk: object) -> bool:
        """Whether a worker has nothing in hand."""

    def answered(self, desk: object, number: int, seconds: float, answers: Sequence[Answer]) -> None:
        """A worker is done with a group."""

    def offered(self, offer: Offer) -> None:
        """All workers offer this from now on."""

    def event(self, desk: object, stream: int, message: Mapping[str, Any]) -> None:
        """The host's own application says something."""

    def restarted(self) -> None:
        """A worker is replaced."""

    def hopeless(self, why: str) -> None:
        """Workers do not come up any more."""
