"""Divides requests over variants by weight: by chance, or by a key that stays with its variant.

A key goes to the variant with the smallest -ln(u)/weight, where u is a hash of the key and
the variant's name (weighted rendezvous hashing: Schindelhauer and Schomaker, 2005). That
needs no memory and no order, so that all servers agree, also after a restart; and when
weights change, a key only ever moves to a variant whose weight rose relative to its own:
going from 10 % to 20 % brings new keys in and sends none back.
"""

from __future__ import annotations

import hashlib
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import accumulate

from treering.core.errors import InvalidInput

__all__ = ["Split", "shares"]

_DIGEST = 8
_SCALE = 1.0 / (1 << 64)


class Split:
    """Weights that were decided upon; immutable, safe to use from any thread.

    Args:
        weights: Variant to weight, of any scale; 0 takes no traffic.
        salt: Keys of different experiments are divided independently of each other.
        chance: A number in [0, 1), for requests without a key.

    Raises:
        InvalidInput: If a weight is negative or not finite, or none is above 0.
    """

    __slots__ = ("_bounds", "_chance", "_hashes", "_names", "weights")

    def __init__(self, weights: Mapping[str, float], salt: str, chance: Callable[[], float] = random.random) -> None:
        self.weights = shares(weights)
        """The shares of traffic; they add up to 1."""
        live = [(name, share) for name, share in self.weights.items() if share > 0]
        self._names = [name for name, _ in live]
        # The last bound is left out: rounding cannot make it miss a number just below 1.
        self._bounds = list(accumulate(share for _, share in live))[:-1]
        self._chance = chance
        self._hashes = [(_seeded(salt, name), -1.0 / share, name) for name, share in live]

    def anyone(self) -> str:
        """A variant by chance."""
        return self._names[bisect_right(self._bounds, self._chance())]

    def of(self, key: bytes) -> str:
        """The variant that this key belongs to."""
        best, chosen = math.inf, self._names[0]
        for seeded, factor, name in self._hashes:
            hasher = seeded.copy()
            hasher.update(key)
            # One more than the digest: the logarithm of 0 would be no number.
            score = factor * math.log((int.from_bytes(hasher.digest(), "big") + 1) * _SCALE)
            if score < best:
                best, chosen = score, name
        return chosen

    def only(self) -> str | None:
        """The variant that takes everything, if one does."""
        return self._names[0] if len(self._names) == 1 else None


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights of any scale as shares that add up to 1, in the same order.

    Raises:
        InvalidInput: If a weight is negative or not finite, or none is above 0.
    """
    for name, weight in weights.items():
        if not 0 <= weight < math.inf:
            msg = f"The weight of {name!r} is {weight!r}. Give a number of 0 or more, such as 10."
            raise InvalidInput(msg)
    total = math.fsum(weights.values())
    if not 0 < total < math.inf:
        msg = "No variant has a weight above 0, so that nothing would answer. Give at least one of them traffic."
        raise InvalidInput(msg)
    return {name: weight / total for name, weight in weights.items()}


def _seeded(salt: str, name: str) -> hashlib.blake2b:
    # The zero bytes keep `a` + `bc` apart from `ab` + `c`.
    return hashlib.blake2b(f"{salt}\0{name}\0".encode(), digest_size=_DIGEST)
