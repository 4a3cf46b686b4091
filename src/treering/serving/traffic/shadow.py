"""Variants that get copies of requests and whose answers no client sees; and whether two answers say the same.

A copy is sent after the client has been answered, where there is room for it. It is dropped otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from treering.serving.traffic.plan import Plan, Variant
from treering.serving.traffic.tally import Tally

__all__ = ["LARGEST", "Copies", "agree"]

LARGEST = 64 << 10
"""Bodies above this many bytes are only compared byte by byte."""

# What tells the variants apart, and not what they predict.
_OWN = frozenset({"id", "model_name", "model_version", "parameters"})


class _Copied:
    __slots__ = ("agreed", "compared", "dropped", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self.compared = 0
        self.agreed = 0
        self.dropped = 0


class Copies:
    """The shadows of one endpoint, and what is known of them."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._shares: list[tuple[float, Variant]] = []
        self._known: dict[str, _Copied] = {}

    def change(self, plan: Plan) -> None:
        """Copy as this plan says from now on."""
        self._shares = [(plan.shadows[one.name], one) for one in plan.variants if plan.shadows.get(one.name)]
        self._known = {one.name: self._known.get(one.name) or _Copied() for _, one in self._shares}

    def due(self) -> Sequence[Variant]:
        """Those that get a copy of one request."""
        if not self._shares:
            return ()
        return [variant for share, variant in self._shares if self._chance() < share]

    def observe(self, variant: str, status: int, seconds: float, agrees: bool | None) -> None:  # noqa: FBT001 -- as it was asked
        """Count a shadow's answer."""
        if (known := self._known.get(variant)) is None:
            return
        known.tally.add(status, seconds)
        if agrees is not None:
            known.compared += 1
            known.agreed += agrees

    def drop(self, variant: str) -> None:
        """Count a copy that was not sent."""
        if (known := self._known.get(variant)) is not None:
            known.dropped += 1

    def told(self) -> Mapping[str, Any]:
        """For people and programs."""
        shares = {variant.name: share for share, variant in self._shares}
        return {
            name: {
                "share": shares[name],
                **{
                    key: value
                    for key, value in known.tally.told().items()
                    if key not in {"picked", "rewarded", "reward"}
                },
                "dropped": known.dropped,
                "compared": known.compared,
                "agreement": known.agreed / known.compared if known.compared else None,
            }
            for name, known in self._known.items()
        }


def agree(main: bytes, shadow: bytes, tolerance: float = 1e-6) -> bool | None:
    """Whether two answers predict the same.

    Numbers may differ by `tolerance`, relative to the larger or absolute; names and versions of models and ids of
    requests are not compared.

    Returns:
        None if that cannot be told: bodies that differ and are no JSON, or are too long to look into.
    """
    if main == shadow:
        return True
    if max(len(main), len(shadow)) > LARGEST:
        return None
    try:
        return _same(_predicted(msgspec.json.decode(main)), _predicted(msgspec.json.decode(shadow)), tolerance)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _predicted(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: value for name, value in answer.items() if name not in _OWN}
    return answer


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b, tolerance) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name], tolerance) for name in one)
    return bool(one == other)
