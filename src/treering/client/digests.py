"""Fingerprints of arrays, computed as MLflow computes them, so that one dataset has one digest in both.

The first 10,000 values count, and the shape. Numbers are mixed by the finaliser of
SplitMix64, as pandas mixes them; what is no number needs pandas.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from treering.client.frames import FRAMES

__all__ = ["array_digest", "hashed", "short_digest"]

_DIGEST_LENGTH = 8
_MOST_ROWS = 10_000
_WIDEST = 8  # bytes
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST_SHIFT = 31


def array_digest(features: Mapping[str, Any], targets: Mapping[str, Any] | None = None) -> str:
    """The digest of named arrays; the names do not count, only their order does.

    Raises:
        MissingExtra: If an array holds no numbers and pandas is not installed.
    """
    parts: list[bytes] = []
    for arrays in (features, targets or {}):
        for _, array in sorted(arrays.items()):
            parts.append(hashed(array.flatten()))
            parts += [np.int64(size).tobytes() for size in array.shape]
    return short_digest(parts)


def short_digest(parts: Iterable[bytes]) -> str:
    """The first digits of the MD5 of all parts, one behind the other."""
    hashed = hashlib.md5(usedforsecurity=False)
    for part in parts:
        hashed.update(part)
    return hashed.hexdigest()[:_DIGEST_LENGTH]


def hashed(values: np.ndarray[Any, np.dtype[Any]]) -> bytes:
    """Eight bytes for each of the first 10,000 values of a flat array.

    Raises:
        MissingExtra: As `array_digest`.
    """
    values = values[:_MOST_ROWS]
    if values.dtype.kind == "b":
        mixed = values.astype(np.uint64)
    elif values.dtype.kind in "iuf" and values.dtype.itemsize <= _WIDEST:
        mixed = values.view(f"u{values.dtype.itemsize}").astype(np.uint64)
    else:
        return FRAMES.load("pandas").hash_values(values)
    for shift, factor in _STEPS:
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(_LAST_SHIFT)
    return mixed.tobytes()
