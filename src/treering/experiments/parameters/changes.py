"""What makes the difference between two trees of values: the ways at which something has to be written anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

__all__ = ["GONE", "NEW", "Change", "changes", "same"]

GONE: Final = object()
"""Stands for what is not there any more."""

NEW: Final = object()
"""Stands for what was not there before."""


class Change(NamedTuple):
    """One place.

    Attributes:
        way: Keys of mappings and positions in lists.
        old: What stood there, or `NEW`.
        new: What shall stand there, or `GONE`.
    """

    way: tuple[Any, ...]
    old: Any
    new: Any


def changes(old: Any, new: Any, way: tuple[Any, ...] = ()) -> Iterator[Change]:
    """The deepest places at which the trees differ; lists of different lengths differ as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key in new:
                yield from changes(value, new[key], (*way, key))
            else:
                yield Change((*way, key), value, GONE)
        for key, value in new.items():
            if key not in old:
                yield Change((*way, key), NEW, value)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from changes(before, after, (*way, at))
    elif not same(old, new):
        yield Change(way, old, new)


def same(one: Any, other: Any) -> bool:
    """Equal, also in type: 1, 1.0 and True are three values. NaN is equal to itself."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (bool(one == other) or (one != one and other != other))  # noqa: PLR0124 - NaN
