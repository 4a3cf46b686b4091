"""How stages are brought up to date, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from treering.core.errors import TreeringError
from treering.pipelines.stage import Stage
from treering.pipelines.stop import Stop
from treering.versioning.pointers import Output

__all__ = ["CommandFailed", "Done", "How", "Manner", "Prospect", "Puller", "Surroundings"]

How = Literal["unchanged", "pulled", "ran", "cached", "imported", "verified", "planned"]


class Puller(Protocol):
    """Brings data from remotes."""

    def runs(self) -> None:
        """Bring the run cache. What cannot be brought is no error."""

    def outputs(self, wanted: Sequence[tuple[Output, str]]) -> None:
        """Bring the content of outputs, given with their absolute paths, into the cache, as far as it is to be had."""

    def paths(self, paths: Sequence[str]) -> None:
        """Bring what is tracked at absolute paths, or around them, into the working tree, as far as it is to be had."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How stages are brought up to date; the words are those of `ReproOptions`."""

    allow_missing: bool = False
    dry: bool = False
    commit: bool = True
    run_cache: bool = True
    confirm: Callable[[str], bool] | None = None
    puller: Puller | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What commands of stages find.

    Attributes:
        environment: More variables for a stage.
        captured: Whether what they print is told as events. Else it goes where this process prints, and they have
            our terminal. Either way it is logged.
        stop: Asked when all is to end.
        logs: The folder in which logs of stages are kept; the repository's own where none is given.
    """

    environment: Callable[[Stage], Mapping[str, str]] = lambda _stage: {}
    captured: bool = False
    stop: Stop = field(default_factory=Stop)
    logs: Path | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a stage.

    Attributes:
        how: `unchanged` and `pulled` stages were not reproduced; the others were.
        entry: What is locked of it now; None for pointers, and where nothing was locked.
        log: What its commands printed, where any ran.
    """

    how: How
    entry: Mapping[str, Any] | None = None
    log: Path | None = None

    @property
    def is_reproduced(self) -> bool:
        """Whether there was something to do for it."""
        return self.how not in {"unchanged", "pulled"}


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is known of a whole run before its first stage.

    Attributes:
        order: For each dvc.yaml the stages that were not locked before, in the order of the plan: so that the
            lock file gets the same order whichever of them ends first.
        outputs: Absolute paths of all outputs that the cache is to keep.
    """

    order: Mapping[str, Sequence[str]] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()


class CommandFailed(TreeringError):
    """A stage's command ended with another status than 0.

    Attributes:
        exit_code: That status; below 0 for one that a signal ended.
        log: What it printed.
    """

    def __init__(self, message: str, exit_code: int, log: Path) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.log = log
