"""What moves the traffic of an endpoint by itself: a canary, a bandit. Told the time and the counts, says the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from treering.serving.traffic.tally import Tally

__all__ = ["Event", "Steering", "Turn"]


class Event(NamedTuple):
    """Something that happened to the traffic of an endpoint.

    Attributes:
        at: Seconds since the epoch.
        kind: `split_changed`, `variants_changed`, `canary_started`, `canary_stepped`, `canary_promoted`, `canary_rolled_back`,
            `canary_aborted`, `bandit_started`, `bandit_stopped`, `mismatch_found`.
        variant: The one that it is about; empty if it is about all.
        reason: A sentence for people.
        details: The figures behind it, as plain values.
    """

    at: float
    endpoint: str
    kind: str
    variant: str
    reason: str
    details: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows from a look at the counts.

    Attributes:
        weights: The new ones; None leaves them.
        kind: Of the event to tell; empty tells nothing.
        over: Whether the steering has done its work; the weights stay as they are then.
    """

    weights: Mapping[str, float] | None = None
    kind: str = ""
    variant: str = ""
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    over: bool = False


class Steering(Protocol):
    """A state machine without a clock."""

    kind: str

    def tick(self, now: float, tallies: Mapping[str, Tally]) -> Turn:
        """Look at the counts; called about once a second, and never concurrently."""

    def aborted(self) -> Mapping[str, float] | None:
        """The weights if it is ended before its time; None leaves them."""

    def told(self) -> Mapping[str, Any]:
        """Its state, as plain values."""
