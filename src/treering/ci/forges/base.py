"""What a forge has to be able to do, and what is told of it on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Forge", "OpenForge", "Posted", "Review"]


@dataclass(frozen=True, slots=True)
class Review:
    """Which pull or merge request is meant.

    Attributes:
        repository: As the forge names it; "" for that of the job.
        number: 0 for that of the job.
    """

    repository: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Posted:
    """A comment that stands now.

    Attributes:
        new: Whether it was made; else one that stood there was changed.
    """

    url: str
    new: bool


class Forge(Protocol):
    """One pull or merge request of a forge."""

    @property
    def longest(self) -> int:
        """How many characters a comment may have."""
        ...

    def upsert(self, marker: str, body: str) -> Posted:
        """Change the token's own comment that begins with `marker`, or make one.

        Raises:
            PermissionDenied: If the token may not.
            NotFound: If there is no such pull request.
            Unavailable: If the forge cannot be reached.
        """
        ...


class OpenForge(Protocol):
    """Finds out from a job's variables which request is meant."""

    def __call__(self, environ: Mapping[str, str], review: Review) -> Forge:
        """Raises InvalidInput if it cannot be found out, or there is no token."""
        ...
