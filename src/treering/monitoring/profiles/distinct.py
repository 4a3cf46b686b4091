"""How many different values there were, in bounded memory: the smallest of their hashes say it.

Of n different hashes, evenly spread, the k-th smallest lies at about k/n of the range (Bar-Yossef et al. 2002). Up to k
different values the number is exact.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

__all__ = ["Distinct", "hashes_of", "mixed"]

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
_GAP = np.uint64(0x9E3779B97F4A7C15)


class Distinct:
    """Counts different hashes, and rows that had been there.

    Args:
        most: How many hashes are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._seen = 0  # rows whose hash is below the limit
        self._limit: int | None = None  # hashes from here on are not kept

    def add(self, hashes: Hashes) -> None:
        """Take in some rows."""
        if self._limit is not None:
            hashes = hashes[hashes < np.uint64(self._limit)]
        self._seen += len(hashes)
        together = _different(np.concatenate([self._hashes, hashes]))
        if len(together) > self._most:
            # How often the hashes were seen that fall out is not known; as often as all, on average.
            kept = together[: self._most]
            self._limit = int(together[self._most])
            self._seen = round(self._seen * len(kept) / len(together))
            together = kept
        self._hashes = together

    @property
    def exact(self) -> bool:
        """Whether `count` is no estimate."""
        return self._limit is None

    def count(self) -> int:
        """How many different ones."""
        if self._limit is None:
            return len(self._hashes)
        return round(len(self._hashes) / self._limit * 2**64)

    def repeated(self, rows: int) -> int:
        """How many of so many rows were equal to an earlier one."""
        if self._limit is None:
            return self._seen - len(self._hashes)
        return round((1 - len(self._hashes) / max(self._seen, 1)) * rows)


def hashes_of(column: Any) -> Hashes:
    """A hash for each value; equal values have equal ones, whole or not."""
    kind = column.dtype.kind
    if kind in "bM":
        return mixed(column.astype(np.int64).view(np.uint64))
    if kind in "iu":
        exact = column.astype(np.float64)
        return mixed((exact + 0.0).view(np.uint64)) if (exact == column).all() else mixed(column.astype(np.uint64))
    if kind == "f":
        return mixed((column.astype(np.float64) + 0.0).view(np.uint64))
    listed = column.tolist()
    known = {value: _of_text(str(value)) for value in dict.fromkeys(listed)}
    return np.fromiter(map(known.__getitem__, listed), np.uint64, len(listed))


def mixed(bits: Hashes) -> Hashes:
    """Evenly spread numbers, one for each of these (the finaliser of SplitMix64: Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = bits + _GAP
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _different(hashes: Hashes) -> Hashes:
    """The different ones, ascending; by sorting, which takes numbers far faster than a table of hashes does."""
    hashes = np.sort(hashes)
    first = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=first[1:])
    return hashes[first]


def _of_text(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
