"""A column of texts as the different ones and, for each row, which of them it is: counted and compared without a step per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Any

import numpy as np

from treering.storage.tables import Column
from treering.storage.tables.hashing import Hashes, mixed

__all__ = ["Texts", "coded", "is_none", "joined_texts", "text_hashes", "texts_of"]

_LONGEST = 256  # bytes; longer ones are rare, and hashed one by one
_WORD = 8
_SEVEN = bytes(_WORD - 1)
_FACTOR = np.uint64(31)
_ALL = np.uint64(2**64 - 1)
_PER_VALUE = 100  # bytes that a short text takes in memory, about


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts.

    Attributes:
        codes: For each row the place of its text, -1 where there is none.
        different: The texts, each once.
    """

    codes: Column
    different: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Texts:
        """Some rows, which hold no text that is not theirs."""
        return _compact(self.codes[rows], self.different)

    @property
    def nbytes(self) -> int:
        """What it takes in memory, about."""
        return self.codes.nbytes + _PER_VALUE * len(self.different)

    def gaps(self) -> Column:
        """Which rows have none."""
        found: Column = self.codes < 0
        return found

    def counts(self) -> Column:
        """How many rows have each text."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.different))

    def spread(self, of_values: Column, gap: Any) -> Column:
        """For each row what its text has, of something that each text has; and for a row without one `gap`."""
        return np.append(of_values, np.asarray([gap], of_values.dtype))[self.codes]

    def listed(self) -> list[str]:
        """The texts of all rows that have one."""
        return [self.different[code] for code in self.codes.tolist() if code >= 0]


def texts_of(column: Column | Texts) -> Texts:
    """Any column as texts: what is none is written as one."""
    if isinstance(column, Texts):
        return column
    if column.dtype.kind == "O":
        listed = column.tolist()
        if not set(map(type, listed)) <= {str, type(None)}:
            listed = [one if type(one) is str else None if is_none(one) else str(one) for one in listed]
        return _of_list(listed)
    values, codes = np.unique(column, return_inverse=True)
    nothing = {"f": np.isnan, "M": np.isnat}.get(column.dtype.kind)
    gaps = nothing(values) if nothing else np.zeros(len(values), bool)
    codes = np.where(gaps[codes], -1, codes)
    return Texts(codes, [str(value) for value in values[~gaps].tolist()])


def coded(column: Column | Texts) -> Column | Texts:
    """A column of nothing but texts as `Texts`; others as they are."""
    if isinstance(column, Texts) or column.dtype.kind != "O":
        return column
    listed = column.tolist()
    kinds = set(map(type, listed))
    if kinds <= {str, type(None)}:
        return _of_list(listed) if str in kinds else column
    if kinds <= {str, type(None), float} and str in kinds:
        if not all(type(one) is not float or is_none(one) for one in listed):
            return column
        return _of_list([one if type(one) is str else None for one in listed])
    return column


def joined_texts(parts: Sequence[Texts]) -> Texts:
    """One column after the other."""
    places = {
        value: place for place, value in enumerate(dict.fromkeys(chain.from_iterable(one.different for one in parts)))
    }
    codes = [
        part.spread(np.fromiter(map(places.__getitem__, part.different), np.intp, len(part.different)), -1)
        for part in parts
    ]
    return Texts(np.concatenate(codes), list(places)) if codes else Texts(np.empty(0, np.intp), [])


def is_none(value: Any) -> bool:
    """Whether a value of Python stands for a gap."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and value != value  # noqa: PLR0124 -- NaN is what differs from itself


def text_hashes(values: Sequence[str]) -> Hashes:
    """A hash for each text, eight bytes of all of them at a time; not that of `hashes_of`, which is slower."""
    together = "".join(values)
    if together.isascii():
        data = together.encode()
        lengths = np.fromiter(map(len, values), np.int64, len(values))
    else:
        encoded = [value.encode("utf-8", "surrogatepass") for value in values]
        data = b"".join(encoded)
        lengths = np.fromiter(map(len, encoded), np.int64, len(values))
    starts = np.cumsum(lengths) - lengths
    # Every eight bytes of the data as a number, wherever they begin.
    words: Any = np.ndarray((len(data) + 1,), "<u8", data + _SEVEN + b"\0", strides=(1,))
    hashes = mixed(lengths.astype(np.uint64))
    long = np.flatnonzero(lengths > _LONGEST)
    alive = np.flatnonzero((lengths > 0) & (lengths <= _LONGEST))
    done = 0
    while len(alive):
        left = lengths[alive] - done
        word = words[starts[alive] + done].astype(np.uint64)
        unused = np.maximum(_WORD - left, 0).astype(np.uint64) * np.uint64(_WORD)
        word &= _ALL >> unused
        with np.errstate(over="ignore"):
            hashes[alive] = mixed(hashes[alive] * _FACTOR + word)
        done += _WORD
        alive = alive[left > _WORD]
    for place in long.tolist():
        text = data[starts[place] : starts[place] + lengths[place]]
        hashes[place] = int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
    return hashes


def _of_list(listed: list[str | None]) -> Texts:
    places: dict[str | None, int] = {value: place for place, value in enumerate(dict.fromkeys(listed))}
    codes = np.fromiter(map(places.__getitem__, listed), np.intp, len(listed))
    values = list(places)
    if None in places:
        gap = places[None]
        values.pop(gap)
        codes = np.where(codes == gap, -1, codes - (codes > gap))
    return Texts(codes, values)  # type: ignore[arg-type]  # None is out of it


def _compact(codes: Column, values: Sequence[str]) -> Texts:
    used = np.zeros(len(values) + 1, bool)
    used[codes] = True
    used[-1] = False
    if used[:-1].all():
        return Texts(codes, values)
    places = np.cumsum(used) - 1
    places[-1] = -1
    return Texts(places[codes], [values[place] for place in np.flatnonzero(used).tolist()])
