"""What can be said about traffic before the server starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["TrafficOptions"]


@dataclass(frozen=True, slots=True)
class TrafficOptions:
    """How requests are divided, and who may change that.

    Attributes:
        weights: Endpoint to variant to weight; where nothing is said, the first version gets everything.
        shadows: Endpoint to variant to the share of requests that it gets copies of.
        key_header: Whose value stays with its variant.
        token: What a request that changes traffic has to bear; empty: they are taken from this machine alone.
        window: Seconds after its answer in which a reward counts.
        missing: What an answer is worth for which none came in that time; None leaves such answers out.
    """

    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shadows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    key_header: str = "x-treering-key"
    token: str = ""
    window: float = 3600.0
    missing: float | None = None
