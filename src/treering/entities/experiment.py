"""An experiment: a named group of runs that share a place for their artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from treering.entities.lifecycle import Lifecycle

__all__ = ["DEFAULT_EXPERIMENT_ID", "DEFAULT_EXPERIMENT_NAME", "Experiment", "ExperimentActivity"]

DEFAULT_EXPERIMENT_ID = "0"
DEFAULT_EXPERIMENT_NAME = "Default"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A named group of runs.

    Attributes:
        experiment_id: A whole number, written as a string.
        artifact_location: The URI below which each run gets a folder.
        creation_time: Milliseconds since the epoch, as is `last_update_time`.
    """

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: Lifecycle
    creation_time: int
    last_update_time: int
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExperimentActivity:
    """How much goes on in an experiment; only active runs count.

    Attributes:
        runs: How many there are.
        running: How many of them run now.
        last_start: When the newest one began, in milliseconds since the epoch; None where there is none.
    """

    experiment_id: str
    runs: int = 0
    running: int = 0
    last_start: int | None = None
