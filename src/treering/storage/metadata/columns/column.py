"""Columns: one value for each place in a block, or none.

All can be read as sorting keys: whole numbers of 64 bits that ascend as the ordering
asks for, with NaN and then missing values behind everything in both directions.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from treering.storage.metadata.feed import FedSummary
from treering.storage.metadata.search.literals import number_in
from treering.storage.metadata.search.paging import TEXT_ORDERED

__all__ = [
    "MISSING",
    "Keys",
    "LongText",
    "MetricColumn",
    "Places",
    "TextColumn",
    "Unanswerable",
    "WholeColumn",
    "float_keys",
    "whole_keys",
]

MISSING = (1 << 63) - 1
"""The sorting key of what is not there."""

_NAN = MISSING - 1
_LONGEST = 1000
# What an entry of a dictionary of texts takes beside its characters.
_ENTRY = 150

Places = npt.NDArray[np.int64]
"""Where in a block."""

Keys = npt.NDArray[np.int64]
"""Sorting keys."""


class Unanswerable(Exception):  # no error: the store behind answers instead
    """The columns do not hold what this search needs."""


def _grown(array: npt.NDArray[Any], capacity: int, empty: object) -> npt.NDArray[Any]:
    """A copy with room for `capacity` values, the new ones `empty`."""
    larger = np.full(capacity, empty, array.dtype)
    larger[: len(array)] = array[:capacity]
    return larger


def float_keys(values: npt.NDArray[np.float64], *, descending: bool) -> Keys:
    """Sorting keys of floats; -0.0 is 0.0."""
    bits = (values + 0.0).view(np.int64)
    keys: Keys = np.where(bits >= 0, bits, bits ^ MISSING)
    if descending:
        keys = ~keys
    keys[np.isnan(values)] = _NAN
    return keys


def whole_keys(values: npt.NDArray[np.int64], present: npt.NDArray[np.bool_], *, descending: bool) -> Keys:
    """Sorting keys of whole numbers. Raises Unanswerable where one is so great that it means something else in them."""
    if len(values) and (values.max() >= _NAN or values.min() <= -_NAN):
        raise Unanswerable
    keys = ~values if descending else values
    return keys if present.all() else np.where(present, keys, MISSING)


class MetricColumn:
    """What is remembered of one metric: the last value, the extremes, how many there were.

    While every series has one point the extremes take no room of their own.
    """

    def __init__(self, capacity: int) -> None:
        self.last = np.zeros(capacity, np.float64)
        self.present = np.zeros(capacity, np.bool_)
        self._extremes: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]] | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        more = 0 if self._extremes is None else 3 * self.last.nbytes
        return self.last.nbytes + self.present.nbytes + more

    def reserve(self, capacity: int) -> None:
        """Make room."""
        self.last = _grown(self.last, capacity, 0.0)
        self.present = _grown(self.present, capacity, empty=False)
        if self._extremes is not None:
            low, high, count = self._extremes
            self._extremes = _grown(low, capacity, np.nan), _grown(high, capacity, np.nan), _grown(count, capacity, 0)

    def clear(self, places: Places) -> None:
        """Nothing is there any more."""
        self.present[places] = False

    def put(self, places: Sequence[int], summaries: Sequence[FedSummary]) -> None:
        """These are there now."""
        counts = np.array([one.count for one in summaries], np.int64)
        if self._extremes is None and (counts != 1).any():
            self._extremes = self.last.copy(), self.last.copy(), self.present.astype(np.int64)
        self.last[places] = [one.value for one in summaries]
        self.present[places] = True
        if self._extremes is not None:
            low, high, count = self._extremes
            low[places] = [np.nan if one.minimum is None else one.minimum for one in summaries]
            high[places] = [np.nan if one.maximum is None else one.maximum for one in summaries]
            count[places] = counts

    def minimum(self) -> npt.NDArray[np.float64]:
        """The smallest values; NaN where there is none."""
        return self.last if self._extremes is None else self._extremes[0]

    def maximum(self) -> npt.NDArray[np.float64]:
        """The greatest values; NaN where there is none."""
        return self.last if self._extremes is None else self._extremes[1]

    def count(self) -> npt.NDArray[np.int64]:
        """How many points there are."""
        return self.present.astype(np.int64) if self._extremes is None else self._extremes[2]


class WholeColumn:
    """Times: whole numbers of 64 bits."""

    def __init__(self, capacity: int) -> None:
        self.values = np.zeros(capacity, np.int64)
        self.present = np.zeros(capacity, np.bool_)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.values.nbytes + self.present.nbytes

    def reserve(self, capacity: int) -> None:
        """Make room."""
        self.values = _grown(self.values, capacity, 0)
        self.present = _grown(self.present, capacity, empty=False)

    def clear(self, places: Places) -> None:
        """Nothing is there any more."""
        self.present[places] = False

    def put(self, places: Sequence[int], values: Sequence[int]) -> None:
        """These are there now."""
        self.values[places] = values
        self.present[places] = True


class LongText(NamedTuple):
    """What is known of a text of which only the beginning is kept.

    Attributes:
        digest: Of the whole text.
        number: What the whole text states.
    """

    digest: bytes
    number: float | None


class TextColumn:
    """Texts by their number in a dictionary.

    Attributes:
        long: Of the texts that were cut, by their codes.
    """

    def __init__(self, capacity: int) -> None:
        self.codes = np.full(capacity, -1, np.int32)
        self.texts: list[str] = []
        self.long: dict[int, LongText] = {}
        self._codes: dict[str, int] = {}
        self._long_codes: dict[bytes, int] = {}
        self._text_size = 0
        self._ranked = 0
        self._heads: list[str] = []
        self._ranks = np.zeros(0, np.int64)
        self._numbers = np.full(1, np.nan)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.codes.nbytes + self._text_size + self._ranks.nbytes + self._numbers.nbytes

    def reserve(self, capacity: int) -> None:
        """Make room."""
        self.codes = _grown(self.codes, capacity, -1)

    def clear(self, places: Places) -> None:
        """Nothing is there any more."""
        self.codes[places] = -1

    def put(self, places: Sequence[int], texts: Sequence[str]) -> None:
        """These are there now; of very long ones only the beginning, which is ordered by."""
        known = self._codes
        codes = []
        for text in texts:
            code = known.get(text)
            codes.append(self._add(text) if code is None else code)
        self.codes[places] = codes

    def _add(self, text: str) -> int:
        code = len(self.texts)
        if len(text) <= _LONGEST:
            self._codes[text] = code
        else:
            digest = _digest(text)
            known = self._long_codes.setdefault(digest, code)
            if known != code:
                return known
            self.long[code] = LongText(digest, number_in(text))
            self._text_size += _ENTRY
            text = text[:TEXT_ORDERED]
        self.texts.append(text)
        self._text_size += len(text) + _ENTRY
        return code

    def code(self, text: str) -> int:
        """The number of `text`; -1 for one that never was here."""
        if len(text) <= _LONGEST:
            return self._codes.get(text, -1)
        return self._long_codes.get(_digest(text), -1)

    def whole(self) -> None:
        """Raises Unanswerable if long texts were cut."""
        if self.long:
            raise Unanswerable

    def equal(self, text: str, count: int) -> npt.NDArray[np.bool_]:
        """Which of the first `count` places hold `text`."""
        code = self.code(text)
        return np.zeros(count, np.bool_) if code < 0 else self.codes[:count] == code

    def where(self, holds: Callable[[str], bool], count: int) -> npt.NDArray[np.bool_]:
        """Which of the first `count` places hold a text that this is true of."""
        # One more, for -1 to find.
        table = np.zeros(len(self.texts) + 1, np.bool_)
        table[:-1] = [holds(text) for text in self.texts]
        return table[self.codes[:count]]

    def numbers(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """The numbers that the texts state, and where there are such."""
        values = self.stated()[self.codes]
        return values, ~np.isnan(values)

    def stated(self) -> npt.NDArray[np.float64]:
        """The number that each of `texts` states, NaN for none; and one NaN more, for -1 to find."""
        known = len(self._numbers) - 1
        if known != len(self.texts):
            new = [
                self.long[code].number if code in self.long else number_in(self.texts[code])
                for code in range(known, len(self.texts))
            ]
            added = np.array([*(np.nan if one is None else one for one in new), np.nan], np.float64)
            self._numbers = np.concatenate((self._numbers[:-1], added))
        return self._numbers

    def text(self, place: int) -> str | None:
        """What is there."""
        code = int(self.codes[place])
        return None if code < 0 else self.texts[code]

    def keys(self, places: Places, bound: str | None, *, descending: bool) -> tuple[Keys, int]:
        """Sorting keys, and the one of `bound`, which comes between two others where it is not among the texts."""
        codes = self.codes[places]
        if self._ranked != len(self.texts) and len(places) * 8 < len(self.texts):
            used, inverse = np.unique(codes, return_inverse=True)
            beginnings = ["" if code < 0 else self.texts[code][:TEXT_ORDERED] for code in used.tolist()]
            heads = sorted(set(beginnings))
            rank = {head: 2 * number for number, head in enumerate(heads)}
            ranks = np.array([rank[head] for head in beginnings], np.int64)[inverse.reshape(-1)]
        else:
            self._rank()
            heads = self._heads
            ranks = self._ranks[codes]
        keys = np.where(codes < 0, MISSING, ~ranks if descending else ranks)
        if bound is None:
            return keys, MISSING
        at = bisect_left(heads, bound)
        rank_of = 2 * at if at < len(heads) and heads[at] == bound else 2 * at - 1
        return keys, ~rank_of if descending else rank_of

    def _rank(self) -> None:
        if self._ranked == len(self.texts) and len(self._ranks):
            return
        beginnings = [text[:TEXT_ORDERED] for text in self.texts]
        self._heads = sorted(set(beginnings))
        rank = {head: 2 * number for number, head in enumerate(self._heads)}
        # One more, for -1 to find.
        self._ranks = np.array([*map(rank.__getitem__, beginnings), 0], np.int64)
        self._ranked = len(self.texts)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
