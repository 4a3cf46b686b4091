"""Numbers that stand for values and rows: equal ones have equal numbers, on every machine and in every process."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np

__all__ = ["MISSING", "Hashes", "hashes_of", "joined", "mixed"]

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
MISSING = np.uint64(0x6D697373696E6721)
"""Stands for a value that is missing."""

_GAP = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(31)
# From here on doubles leave out whole numbers; and half of what eight bytes count to.
_EXACT, _HALF = 2.0**53, 2.0**63
_NEGATIVE, _POSITIVE = np.uint64(0xA5C3_96E1_7D42_0B8F), np.uint64(0x3B71_D85E_C0F4_962D)


def hashes_of(column: Any) -> Hashes:
    """A hash for each value; equal values have equal ones, whole or not."""
    kind = column.dtype.kind
    if kind in "bM":
        return mixed(column.astype(np.int64).view(np.uint64))
    if kind in "iuf":
        return mixed(_bits_of_numbers(column))
    listed = column.tolist()
    try:
        different = dict.fromkeys(listed)
    except TypeError:  # lists in a cell
        listed = list(map(str, listed))
        different = dict.fromkeys(listed)
    known = {value: _of_text(str(value)) for value in different}
    return np.fromiter(map(known.__getitem__, listed), np.uint64, len(listed))


def _bits_of_numbers(column: Any) -> Hashes:
    """The bits of each number as a double; whole ones that doubles cannot tell from their neighbours as themselves."""
    doubles = column.astype(np.float64) + 0.0  # which makes one of the two zeros of the other
    bits: Hashes = doubles.view(np.uint64)
    large = np.abs(doubles) >= _EXACT
    if column.dtype.kind == "f":
        large &= (doubles >= -_HALF) & (doubles < 2 * _HALF)
    if not large.any():
        return bits
    whole = column[large]
    if column.dtype.kind == "f":
        positive = np.where(whole >= 0, whole, 0).astype(np.uint64)
        whole = np.where(whole >= 0, positive, np.where(whole < 0, whole, 0).astype(np.int64).astype(np.uint64))
    # Apart from each other, and from the bits of doubles, as far as eight bytes can tell.
    bits[large] = whole.astype(np.uint64) ^ np.where(doubles[large] < 0, _NEGATIVE, _POSITIVE)
    return bits


def mixed(bits: Hashes) -> Hashes:
    """Evenly spread numbers, one for each of these (the finaliser of SplitMix64: Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = bits + _GAP
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def joined(columns: Iterable[Hashes]) -> Hashes:
    """One number for each row from those of its values, in their order."""
    together: Hashes | None = None
    with np.errstate(over="ignore"):
        for hashes in columns:
            together = hashes if together is None else mixed(together * _FACTOR + hashes)
    return np.empty(0, np.uint64) if together is None else together


def _of_text(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
