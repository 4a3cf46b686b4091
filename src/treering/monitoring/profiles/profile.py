"""A profile: a table as counts of its columns, which can be added to those of more rows, kept as JSON and compared.

Numbers are counted between edges that a sample of the first rows set, texts by the most frequent values of that sample;
another table is counted in the same way when it is profiled against this one.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from treering.core.errors import DamagedData, InvalidInput

__all__ = [
    "FORMAT",
    "Association",
    "ColumnProfile",
    "Correlation",
    "Finding",
    "Profile",
    "from_json",
    "merge",
    "to_json",
]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column.

    Attributes:
        kind: `number`, `text`, `boolean`, `time` (microseconds since the epoch) or `empty`.
        rows: How many rows there are, with and without a value.
        missing: Rows without a value.
        infinite: Of numbers, those that are infinite or beyond 1e150; they count as neither missing nor as a number.
        invalid: In a column of numbers, texts that are none; `invalid_examples` are some.
        distinct: How many different values; exact up to 16,384 if `distinct_exact`.
        mean: Of the finite numbers; `spread` is their sum of squared deviations from it (so that profiles can be added).
        edges: Borders of the bins of a number or time, ascending.
        counts: Rows below the first edge, in each bin, and from the last edge on; nothing for texts.
        values: The values that are counted one by one, of texts of at most a thousand characters and truth values; `value_counts` are their rows, and
            `other` the rows with a value that is not among them.
        quantiles: (share, value) pairs, from a sample.
        outliers_low: Numbers below `fences[0]`, which is three times the middle half's width below it;
            `outliers_high` likewise.
        shortest: Of texts the least number of characters; `longest` the greatest.
        whole: Whether all numbers are whole.
    """

    name: str
    kind: str
    rows: int = 0
    missing: int = 0
    infinite: int = 0
    invalid: int = 0
    invalid_examples: tuple[str, ...] = ()
    distinct: int = 0
    distinct_exact: bool = True
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    spread: float = 0.0
    zeros: int = 0
    negatives: int = 0
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    value_counts: tuple[int, ...] = ()
    other: int = 0
    quantiles: tuple[tuple[float, float], ...] = ()
    fences: tuple[float, float] | None = None
    outliers_low: int = 0
    outliers_high: int = 0
    shortest: int = 0
    longest: int = 0
    whole: bool = False

    @property
    def known(self) -> int:
        """Rows with a value that can be used."""
        return self.rows - self.missing - self.infinite - self.invalid

    @property
    def by_value(self) -> bool:
        """Whether the edges are the values themselves, as of a number with few of them that was counted by its own edges."""
        ends = (self.edges[0], self.edges[-1]) if self.edges else (None, None)
        return bool(self.edges) and self.distinct == len(self.edges) and (self.minimum, self.maximum) == ends

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the numbers."""
        return math.sqrt(self.spread / (self.known - 1)) if self.kind == "number" and self.known > 1 else None


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two columns of numbers go together, from a sample: along a line (Pearson), and in order (Spearman)."""

    first: str
    second: str
    pearson: float
    spearman: float


@dataclass(frozen=True, slots=True)
class Association:
    """How much a column tells of the target, from a sample.

    Attributes:
        value: 0 for nothing, 1 for all.
        measure: `spearman`, or `cramer` where one of the two is no number.
        gaps: The same of whether the column has a value at all.
    """

    column: str
    value: float
    measure: str
    gaps: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that somebody should look at.

    Attributes:
        level: `error` for what would spoil a model, `warning` for what may, `note` for the rest.
        kind: Such as `leak`, `constant`, `identifier`, `missing`; programs go by it.
        columns: Which columns it is about; none for the table.
        text: A sentence for people, with what to do.
    """

    level: str
    kind: str
    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a table looks like.

    Attributes:
        name: What the table is called.
        rows: How many it has.
        duplicates: Rows that are equal to an earlier one; an estimate beyond a million different rows.
        sampled: From how many rows correlations, associations, quantiles and edges are taken.
        target: The column that is to be predicted; "" where nobody said.
        created: Milliseconds since the epoch.
    """

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicates: int = 0
    sampled: int = 0
    target: str = ""
    correlations: tuple[Correlation, ...] = ()
    associations: tuple[Association, ...] = ()
    findings: tuple[Finding, ...] = ()
    created: int = 0

    def column(self, name: str) -> ColumnProfile:
        """The column of that name.

        Raises:
            InvalidInput: If there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        msg = f"{self.name!r} has no column {name!r}. It has {', '.join(one.name for one in self.columns)}."
        raise InvalidInput(msg)


def to_json(profile: Profile) -> str:
    """The profile as a text: the same profile always gives the same one."""
    fields = {"format": FORMAT, **msgspec.to_builtins(profile)}
    text = json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
    # Halves of characters, as names of files may have, are none in UTF-8.
    return text.encode("utf-8", "replace").decode()


def from_json(text: str | bytes, where: str = "The profile") -> Profile:
    """The profile of which `to_json` made the text.

    Raises:
        DamagedData: The text is no profile, or one of a format that is not known here.
    """
    try:
        fields = msgspec.json.decode(text)
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            msg = f"{where} is no profile of format {FORMAT}. Profile the data again to write one."
            raise DamagedData(msg)
        return msgspec.convert(fields, Profile)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = f"{where} is no profile: {error}. Profile the data again to write one."
        raise DamagedData(msg) from error


def merge(first: Profile, second: Profile) -> Profile:
    """The profile of the rows of both, which have to have been counted in the same way.

    What comes from a sample (quantiles, correlations, associations, findings) is the first one's; different values and
    duplicates are at least as many as told, since what both have in common is not known.

    Raises:
        InvalidInput: If the columns, or the ways they were counted, differ.
    """
    names = [column.name for column in first.columns]
    if names != [column.name for column in second.columns]:
        msg = f"{first.name!r} and {second.name!r} have different columns, so their counts cannot be added."
        raise InvalidInput(msg)
    columns = tuple(map(_added, first.columns, second.columns))
    return replace(
        first,
        rows=first.rows + second.rows,
        columns=columns,
        duplicates=first.duplicates + second.duplicates,
        created=max(first.created, second.created),
    )


def _added(one: ColumnProfile, other: ColumnProfile) -> ColumnProfile:
    if (one.kind, one.edges, one.values) != (other.kind, other.edges, other.values):
        msg = f"The column {one.name!r} was counted in two ways. Profile the second table against the first profile."
        raise InvalidInput(msg)
    n, m = one.known, other.known
    mean, spread = one.mean, one.spread + other.spread
    if one.mean is not None and other.mean is not None:
        apart = other.mean - one.mean
        mean = one.mean + apart * m / (n + m)
        spread += apart * apart * n * m / (n + m)
    elif mean is None:
        mean = other.mean
    return replace(
        one,
        **{
            name: getattr(one, name) + getattr(other, name)
            for name in (
                "rows",
                "missing",
                "infinite",
                "invalid",
                "zeros",
                "negatives",
                "other",
                "outliers_low",
                "outliers_high",
            )
        },
        invalid_examples=(*one.invalid_examples, *other.invalid_examples)[:5],
        distinct=max(one.distinct, other.distinct),
        distinct_exact=False,
        minimum=_least(one.minimum, other.minimum),
        maximum=_most(one.maximum, other.maximum),
        mean=mean,
        spread=spread,
        counts=_sum(one.counts, other.counts),
        value_counts=_sum(one.value_counts, other.value_counts),
        shortest=min(one.shortest or other.shortest, other.shortest or one.shortest),
        longest=max(one.longest, other.longest),
        whole=one.whole and other.whole,
    )


def _sum(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple((np.array(one, np.int64) + np.array(other, np.int64)).tolist())


def _least(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)


def _most(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
