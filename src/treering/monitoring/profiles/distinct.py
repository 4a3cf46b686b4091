"""How many different values there were, in bounded memory: the smallest of their hashes say it.

Of n different hashes, evenly spread, the k-th smallest lies at about k/n of the range (Bar-Yossef et al. 2002). Up to k
different values the number is exact.
"""

from __future__ import annotations

import numpy as np

from treering.storage.tables.hashing import Hashes

__all__ = ["Distinct"]


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
        self._waiting: list[Hashes] = []  # sorting many at once is quicker
        self._many = 0

    def add(self, hashes: Hashes) -> None:
        """Take in some rows."""
        if self._limit is not None:
            hashes = hashes[hashes < np.uint64(self._limit)]
        self._waiting.append(hashes)
        self._many += len(hashes)
        if self._many > self._most:
            self._settle()

    def _settle(self) -> None:
        if not self._waiting:
            return
        self._seen += self._many
        together = _different(np.concatenate([self._hashes, *self._waiting]))
        self._waiting, self._many = [], 0
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
        self._settle()
        return self._limit is None

    def count(self) -> int:
        """How many different ones."""
        self._settle()
        if self._limit is None:
            return len(self._hashes)
        return round(len(self._hashes) / self._limit * 2**64)

    def repeated(self, rows: int) -> int:
        """How many of so many rows were equal to an earlier one."""
        self._settle()
        if self._limit is None:
            return self._seen - len(self._hashes)
        return round((1 - len(self._hashes) / max(self._seen, 1)) * rows)


def _different(hashes: Hashes) -> Hashes:
    """The different ones, ascending; by sorting, which takes numbers far faster than a table of hashes does."""
    hashes = np.sort(hashes)
    first = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=first[1:])
    return hashes[first]
