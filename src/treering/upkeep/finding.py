"""What an examination looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.core.settings import Settings

__all__ = ["Case", "Examined", "Finding", "listed"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        what: A sentence that names the thing.
        why: How that may have come, or what follows from it.
        next: What to do about it: a command, or a sentence.
        fixed: What was done about it; "" where nothing was, and it is still wrong.
    """

    what: str
    why: str
    next: str
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """One part of an installation.

    Attributes:
        summary: What was seen there, in a few words.
        skipped: Why it was not looked at; "" where it was.
    """

    part: str
    summary: str = ""
    findings: Sequence[Finding] = ()
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be examined.

    Attributes:
        uri: The store's database, or its server's URL.
        home: The folder whose journals, and whose artifacts, belong to it.
        fix: Whether to put right what can be without risk.
        dead_after: Milliseconds without a sign of life after which a run that no program has open counts as dead.
        least_free: Bytes that each disk should have free.
    """

    settings: Settings
    uri: str
    home: Path
    fix: bool = False
    dead_after: int = 86_400_000
    least_free: int = 1 << 30

    @property
    def is_server(self) -> bool:
        """Whether the store is behind a server."""
        return self.uri.startswith(("http://", "https://"))


def listed(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
