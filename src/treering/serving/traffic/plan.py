"""What an operator decides about the traffic of an endpoint: its variants and their weights, shadows, and a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from treering.core.errors import InvalidInput
from treering.serving.traffic.sticky import shares

__all__ = ["Plan", "Variant"]


class Variant(NamedTuple):
    """One of those that can answer.

    Attributes:
        name: What it is called in headers and weights: `champion`, `v3`.
        model: The name of the model or service.
        version: Its version; empty if it has none.
    """

    name: str
    model: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the requests of an endpoint are divided.

    Attributes:
        variants: At least one; their names differ.
        weights: Of any scale; a variant that is not named here gets none, and can still be asked for by name. Without
            any, the first variant gets everything.
        shadows: Variant to the share of requests, 0 to 1, of which it gets a copy.
        salt: Keys stay with their variants for as long as this stays. Other words make another division.

    Raises:
        InvalidInput: If names are not those of variants, or weights are no weights.
    """

    variants: tuple[Variant, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    shadows: Mapping[str, float] = field(default_factory=dict)
    salt: str = ""

    def __post_init__(self) -> None:
        names = [variant.name for variant in self.variants]
        if not names or len(set(names)) != len(names):
            msg = f"An endpoint needs variants of different names, and was given {names}."
            raise InvalidInput(msg)
        for name in (*self.weights, *self.shadows):
            if name not in names:
                msg = f"There is no variant {name!r}. There are: {', '.join(names)}."
                raise InvalidInput(msg)
        for name, share in self.shadows.items():
            if not 0 <= share <= 1:
                msg = f"The shadow {name!r} cannot get {share!r} of the requests. Give a share from 0 to 1."
                raise InvalidInput(msg)
        if self.weights:
            shares(self.weights)

    def among(self, variants: tuple[Variant, ...]) -> Plan:
        """The same with other variants; of the old ones those that stay keep their weights and shadows."""
        names = {variant.name for variant in variants}
        weights = {name: weight for name, weight in self.all_weights().items() if name in names}
        shadows = {name: share for name, share in self.shadows.items() if name in names}
        return replace(self, variants=variants, weights=weights if any(weights.values()) else {}, shadows=shadows)

    def all_weights(self) -> dict[str, float]:
        """A weight for each variant, in their order."""
        if not self.weights:
            return {variant.name: float(place == 0) for place, variant in enumerate(self.variants)}
        return {variant.name: self.weights.get(variant.name, 0.0) for variant in self.variants}
