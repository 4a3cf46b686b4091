"""Which rows go into which part: at random, stratified, by group, by time or by the hash of a key.

Chance comes from hashes of the seed and the row (or its group or key), not from a generator, so a split is the same on
every machine and with every version of every library. By key, a row stays in its part when others come or go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput
from treering.storage.tables.hashing import MISSING, Hashes, hashes_of, mixed

__all__ = ["SplitOptions", "fractions_of", "split_rows"]

Column = np.ndarray[Any, np.dtype[Any]]
Parts = np.ndarray[Any, np.dtype[np.intp]]
_NAMES = {1: ("all",), 2: ("train", "test"), 3: ("train", "validation", "test")}
_NEARLY = 1e-6


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """How rows are divided.

    Attributes:
        fractions: Part to its share of the rows; they add up to 1.
        stratify: A column of whose values each part has the same shares.
        group: A column; rows with the same value stay together.
        time: A column; what comes later is in a later part.
        key: A column by whose hash the part is chosen.
    """

    fractions: Mapping[str, float]
    stratify: str = ""
    group: str = ""
    time: str = ""
    key: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        values = list(self.fractions.values())
        sound = all(value > 0 for value in values) and abs(sum(values) - 1) <= _NEARLY  # NaN is neither
        if len(values) < 2 or not sound:  # noqa: PLR2004 -- parts
            told = ", ".join(f"{name} {value:g}" for name, value in self.fractions.items())
            msg = f"The fractions are two or more, above 0, and add up to 1; these are {told or 'none'}."
            raise InvalidInput(msg)
        for name in self.fractions:
            if not name or name.startswith(".") or any(sign in name for sign in "/\\\0"):
                msg = f"A part is called by a plain word, such as train, and not {name!r}."
                raise InvalidInput(msg)
        alone = [name for name in ("time", "key") if getattr(self, name)]
        if alone and sum(bool(getattr(self, name)) for name in ("stratify", "group", "time", "key")) > 1:
            msg = f"A split by {alone[0]} cannot also be another one: give one of time, key, or stratify and group."
            raise InvalidInput(msg)

    @property
    def method(self) -> str:
        """What kind of split it is, in a word."""
        if self.stratify and self.group:
            return "stratified by group"
        names = {"time": "time", "key": "key", "group": "group", "stratify": "stratified"}
        return next((word for name, word in names.items() if getattr(self, name)), "random")

    @property
    def columns(self) -> dict[str, str]:
        """Role to column, of the roles that are given."""
        return {role: name for role in ("stratify", "group", "time", "key") if (name := getattr(self, role))}


def fractions_of(given: Any) -> dict[str, float]:
    """Fractions by name: of a mapping itself; of 2 or 3 numbers as train, (validation,) test; 0.2 is 0.8 and 0.2.

    Raises:
        InvalidInput: If they are no numbers, or so many that they need names.
    """
    try:
        if isinstance(given, Mapping):
            return {str(name): float(value) for name, value in given.items()}
        if isinstance(given, int | float):
            return {"train": 1 - float(given), "test": float(given)}
        values = [float(value) for value in given]
    except (TypeError, ValueError) as error:
        msg = f"Fractions are numbers that add up to 1, such as (0.8, 0.2), and not {given!r}."
        raise InvalidInput(msg) from error
    if len(values) not in _NAMES:
        msg = f"Name {len(values)} parts: give a mapping such as {{'train': 0.6, 'tune': 0.2, ...}}."
        raise InvalidInput(msg)
    return dict(zip(_NAMES[len(values)], values, strict=True))


def split_rows(rows: int, columns: Mapping[str, Column], options: SplitOptions) -> Parts:
    """For each row, the place of its part among the fractions.

    Args:
        columns: Those that the options name.

    Raises:
        InvalidInput: If a part would be empty, or a time or key is missing somewhere.
    """
    shares = np.array(list(options.fractions.values()), float)
    if options.key:
        parts = _by_key(columns[options.key], shares, options)
    elif options.time:
        parts = _by_time(columns[options.time], shares, options)
    elif options.group:
        parts = _by_group(columns, shares, options)
    elif options.stratify:
        parts = _stratified(_keys(rows, options.seed), _classes(columns[options.stratify]), shares)
    else:
        parts = _cut(np.argsort(_keys(rows, options.seed), kind="stable"), shares, rows)
    counts = np.bincount(parts, minlength=len(shares))
    for name, count in zip(options.fractions, counts.tolist(), strict=True):
        if not count:
            msg = f"The part {name!r} would be empty: {rows:,} rows are too few for this split."
            raise InvalidInput(msg)
    return parts


def _keys(rows: int, seed: int) -> Hashes:
    """A number for each row; their order is the shuffle."""
    with np.errstate(over="ignore"):
        return mixed(np.arange(rows, dtype=np.uint64) + mixed(np.array([seed], np.int64).view(np.uint64))[0])


def _cut(order: Column, shares: Column, rows: int) -> Parts:
    """Rows in an order, cut at the shares."""
    ends = np.round(np.cumsum(shares) * rows).astype(np.intp)
    parts = np.empty(rows, np.intp)
    parts[order] = np.searchsorted(ends[:-1], np.arange(rows), side="right")
    return parts


def _classes(values: Column) -> Parts:
    """Each value as a small number; what is missing is one of them."""
    return np.unique(_hashed(values), return_inverse=True)[1].astype(np.intp)


def _hashed(values: Column) -> Hashes:
    if values.dtype.kind == "f":
        hashes = hashes_of(values)
        hashes[np.isnan(values)] = MISSING
        return hashes
    return hashes_of(values)


def _stratified(keys: Hashes, classes: Parts, shares: Column) -> Parts:
    """Each class is cut at the shares; the roundings of all classes together come out right, too."""
    parts = np.empty(len(keys), np.intp)
    order = np.lexsort((keys, classes))
    counts = np.bincount(classes)
    start = 0
    owed = np.zeros(len(shares))
    for count in counts.tolist():
        wanted = shares * count + owed
        got = np.maximum(np.floor(wanted), 0).astype(np.intp)
        # What rounding has left goes to those to whom most is owed.
        left = count - int(got.sum())
        for place in np.argsort(-(wanted - got), kind="stable")[: max(left, 0)]:
            got[place] += 1
        while got.sum() > count:
            got[int(np.argmax(got - wanted))] -= 1
        owed = wanted - got
        parts[order[start : start + count]] = np.repeat(np.arange(len(shares)), got)
        start += count
    return parts


def _by_group(columns: Mapping[str, Column], shares: Column, options: SplitOptions) -> Parts:
    """Whole groups, the largest first, each to the part that lacks the most of what it holds."""
    groups = _classes(columns[options.group])
    many = int(groups.max()) + 1 if len(groups) else 0
    if many < len(shares):
        msg = f"The column {options.group!r} has {many:,} groups, which cannot be divided into {len(shares)} parts."
        raise InvalidInput(msg)
    classes = _classes(columns[options.stratify]) if options.stratify else np.zeros(len(groups), np.intp)
    wide = int(classes.max()) + 1
    held = np.bincount(groups * wide + classes, minlength=many * wide).reshape(many, wide).astype(float)
    sizes = held.sum(axis=1)
    chance = _keys(many, options.seed)
    lacking = shares[:, np.newaxis] * held.sum(axis=0)
    scale = np.maximum(held.sum(axis=0), 1)
    chosen = np.empty(many, np.intp)
    for group in np.lexsort((chance, -sizes)).tolist():
        # How far each part is from what it should hold, were this group put into it: the rest stays as it is.
        gain = ((lacking**2 - (lacking - held[group]) ** 2) / (scale * shares[:, np.newaxis])).sum(axis=1)
        chosen[group] = int(np.argmax(gain))
        lacking[chosen[group]] -= held[group]
    parts: Parts = chosen[groups]
    return parts


def _by_time(values: Column, shares: Column, options: SplitOptions) -> Parts:
    """In the order of time; rows of one moment stay together, in the earlier part."""
    if values.dtype.kind == "O":
        texts = values.tolist()
        if any(value is None or value != value for value in texts):  # noqa: PLR0124 -- NaN is what differs from itself
            raise _missing(options.time, "a time")
        values = np.array([str(value) for value in texts])
    elif (values.dtype.kind == "f" and np.isnan(values).any()) or (values.dtype.kind == "M" and np.isnat(values).any()):
        raise _missing(options.time, "a time")
    moments, places = np.unique(values, return_inverse=True)
    counts = np.cumsum(np.bincount(places, minlength=len(moments)))
    ends = np.round(np.cumsum(shares) * len(values))
    # The last moment of a part is the one with which it is nearest to its size.
    cuts = [int(np.argmin(np.abs(counts - end))) for end in ends[:-1]]
    parts: Parts = np.searchsorted(np.array(cuts), places, side="left").astype(np.intp)
    return parts


def _by_key(values: Column, shares: Column, options: SplitOptions) -> Parts:
    hashes = _hashed(values)
    if (values.dtype.kind == "f" and np.isnan(values).any()) or (
        values.dtype.kind == "O" and any(value is None or value != value for value in values.tolist())  # noqa: PLR0124 -- see above
    ):
        raise _missing(options.key, "a key")
    with np.errstate(over="ignore"):
        turned = mixed(hashes + mixed(np.array([options.seed], np.int64).view(np.uint64))[0])
    points = turned.astype(float) / 2.0**64
    parts: Parts = np.searchsorted(np.cumsum(shares)[:-1], points, side="right").astype(np.intp)
    return parts


def _missing(column: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"Some rows have no value in {column!r}, so they have no {what.rsplit(maxsplit=1)[-1]}. Fill it, or leave them out."
    )
