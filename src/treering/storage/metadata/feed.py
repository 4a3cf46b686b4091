"""What a database must offer so that columns of its runs can be kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from treering.entities.run import Run

__all__ = ["FedRun", "FedSummary", "RunFeed", "Stamp"]


class Stamp(NamedTuple):
    """How often the runs of an experiment changed, and how often some were taken away for good."""

    version: int
    purged: int


class FedSummary(Protocol):
    """What is remembered of one metric."""

    @property
    def value(self) -> float:
        """The last one."""
        ...

    @property
    def minimum(self) -> float | None:
        """The smallest; None while all are NaN. So `maximum`."""
        ...

    @property
    def maximum(self) -> float | None:
        """The greatest."""
        ...

    @property
    def count(self) -> int:
        """Of the points."""
        ...


class FedRun(NamedTuple):
    """A run as far as it can be searched.

    `number` names it in its database and is never used again; `version` is the
    experiment's as of the run's last change.
    """

    number: int
    version: int
    run_id: str
    run_name: str
    status: str
    artifact_uri: str
    user_id: str
    start_time: int
    end_time: int | None
    active: bool
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, FedSummary]


class RunFeed(Protocol):
    """Runs by experiment, as they are now and as they change.

    Versions become visible in their order: who has seen a version of an experiment
    finds every later change with `changed`, whoever makes it.
    """

    def stamps(self, experiment_ids: Sequence[str]) -> Mapping[str, Stamp]:
        """The counters of those that exist; costs next to nothing."""
        ...

    def changed(self, experiment_id: str, since: int) -> Iterator[Sequence[FedRun]]:
        """Runs with a greater version than `since`, all of them as of one moment; -1 gives all runs.

        Raises DamagedData. The iterator must be used up or closed.
        """
        ...

    def numbers(self, experiment_id: str) -> Sequence[int]:
        """Those of all its runs."""
        ...

    def count(self, experiment_id: str) -> int:
        """How many runs it has, deleted ones among them."""
        ...

    def runs(self, numbers: Sequence[int]) -> Mapping[int, Run]:
        """These runs by their numbers, as they are now; those that are gone are left out. Raises DamagedData."""
        ...
