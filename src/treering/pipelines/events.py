"""What happens while pipelines run, for those who show it, keep it as runs, or write it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from treering.pipelines.stage import Stage

__all__ = ["Event", "EventKind", "Listener", "ignore_events"]

EventKind = Literal[
    "blocked", "cached", "command", "ended", "failed", "imported", "locked", "output", "pulled", "running", "unchanged",
    "verifying", "warning",
]  # fmt: skip
"""What happened to a stage:

- `unchanged`: nothing was to be done.
- `running`: its commands are about to run; `command`: `text` is the next of them.
- `output`: a command printed `data`; only where what it prints is captured.
- `verifying`: it has no command, or is frozen; it is seen whether its outputs are there.
- `cached`: its outputs are brought from the cache; `pulled`, `imported`: from elsewhere.
- `locked`: `text` is the lock file or pointer that now has its entry; `made` says whether it was made.
- `ended`: it was reproduced, in whatever way.
- `failed`: it was not; `error` says why. `blocked`: it is not even tried, because `text`, another stage, failed.
- `warning`: `text` is to be shown.

Each stage comes to just one of `unchanged`, `pulled`, `ended`, `failed` and `blocked`.
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        kind: What.
        stage: To whom, as it was locked before.
        text: See `EventKind`.
        data: What was printed.
        is_error: Whether that went to stderr.
        seconds: How long the stage took, with `ended`, `failed`, `pulled` and `unchanged`.
        how: With `ended`: whether it "ran", was "cached", "imported", "verified", or, in a dry run, "planned".
        entry: With `ended`: its entry in the lock file. None for pointers and dry runs.
        status: With `failed`: the exit status of its command; 0 where no command failed.
        log: With `running`, `ended` and `failed`: the file with what it printed, where a command ran.
    """

    kind: EventKind
    stage: Stage
    text: str = ""
    data: bytes = b""
    is_error: bool = False
    seconds: float = 0.0
    how: str = ""
    entry: Mapping[str, Any] | None = None
    made: bool = False
    error: BaseException | None = None
    status: int = 0
    log: Path | None = None


class Listener(Protocol):
    """Is told what happens, from several threads where several stages run at once. What it raises ends the stage."""

    def __call__(self, event: Event, /) -> None:
        """Take note of it, quickly."""


def _nothing(_event: Event, /) -> None:
    """Let it happen."""


ignore_events: Listener = _nothing
"""For callers that show nothing."""
