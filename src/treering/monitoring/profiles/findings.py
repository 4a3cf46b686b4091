"""What somebody should look at before a model is trained, each with what to do about it.

One rule a function: a column's profile in, findings out. The numbers that they go by stand at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from treering.core.page import number
from treering.monitoring.profiles.profile import Association, ColumnProfile, Correlation, Finding, Profile

__all__ = ["findings_of"]

_LEAK = 0.98
_GAPS_TELL = 0.9
_SAME = 0.999
_MANY_MISSING = 0.5
_SOME_MISSING = 0.05
_IDENTIFIER = 0.99
_NEARLY = 0.96
_LEAST_ROWS = 50
_MANY_VALUES = 100
_RARE_CLASS = 0.05
_OUTLIERS = 0.001
_ZEROS = 0.9
_TARGET_CLASSES = 20
_ORDER = {"error": 0, "warning": 1, "note": 2}


def findings_of(profile: Profile) -> tuple[Finding, ...]:
    """All findings, the worst first."""
    found = [finding for column in profile.columns for rule in _OF_COLUMN for finding in rule(column)]
    found += _leaks(profile.associations, profile.target)
    found += _same(profile.correlations, profile.target)
    found += _of_target(profile)
    found += _duplicates(profile)
    return tuple(sorted(found, key=lambda one: (_ORDER[one.level], one.kind, one.columns)))


def _empty(column: ColumnProfile) -> Iterator[Finding]:
    if column.kind == "empty":
        yield _one("warning", "empty", column, "has no value at all. Leave it out.")


def _constant(column: ColumnProfile) -> Iterator[Finding]:
    if column.kind != "empty" and column.distinct == 1:
        gaps = " where it has one" if column.missing else ""
        yield _one(
            "warning", "constant", column, f"always has the same value{gaps}, so a model learns nothing from it."
        )


def _identifier(column: ColumnProfile) -> Iterator[Finding]:
    known = column.known
    # What is not counted exactly is known within some hundredths.
    if known < _LEAST_ROWS or column.distinct < (_IDENTIFIER if column.distinct_exact else _NEARLY) * known:
        return
    if column.kind == "text" or column.whole:
        text = "has another value in almost every row, as an identifier has. A model that is given it learns rows by heart."
        yield _one("warning", "identifier", column, text)


def _missing(column: ColumnProfile) -> Iterator[Finding]:
    if column.kind == "empty" or not column.rows:
        return
    share = column.missing / column.rows
    if share > _MANY_MISSING:
        yield _one(
            "warning", "missing", column, f"is missing in {share:.1%} of the rows. Find out why, or leave it out."
        )
    elif share > _SOME_MISSING:
        yield _one("note", "missing", column, f"is missing in {share:.1%} of the rows.")


def _invalid(column: ColumnProfile) -> Iterator[Finding]:
    if column.invalid:
        shown = ", ".join(repr(text) for text in column.invalid_examples[:3])
        yield _one(
            "warning", "invalid", column,
            f"is a column of numbers, but {column.invalid:,} values are none, such as {shown}. Say what they stand for.",
        )  # fmt: skip
    if column.infinite:
        yield _one("warning", "infinite", column, f"has {column.infinite:,} infinite values.")


def _many_values(column: ColumnProfile) -> Iterator[Finding]:
    if column.kind == "text" and _MANY_VALUES < column.distinct < _IDENTIFIER * max(column.known, 1):
        text = f"has {column.distinct:,} different values, many of them rare. Group them, or encode them otherwise than one by one."
        yield _one("note", "many_values", column, text)


def _spellings(column: ColumnProfile) -> Iterator[Finding]:
    met: dict[str, str] = {}
    alike = []
    for value in column.values if column.kind == "text" else ():
        plain = " ".join(value.casefold().split())
        if plain in met:
            alike.append((met[plain], value))
        met.setdefault(plain, value)
    if alike:
        shown = "; ".join(f"{one!r} and {other!r}" for one, other in alike[:3])
        yield _one("warning", "spelling", column, f"writes one value in two ways: {shown}.")


def _outliers(column: ColumnProfile) -> Iterator[Finding]:
    far = column.outliers_low + column.outliers_high
    if column.fences and far > max(_OUTLIERS * column.known, 0):
        low, high = column.fences
        yield _one(
            "note", "outliers", column,
            f"has {far:,} values far from the others (below {number(low)} or above {number(high)}).",
        )  # fmt: skip


def _zeros(column: ColumnProfile) -> Iterator[Finding]:
    if column.kind == "number" and column.distinct > 2 and column.zeros > _ZEROS * column.known:  # noqa: PLR2004 -- 0 and 1 are a truth value
        yield _one("note", "zeros", column, f"is zero in {column.zeros / column.known:.1%} of the rows.")


_OF_COLUMN: Sequence[Callable[[ColumnProfile], Iterator[Finding]]] = (
    _empty, _constant, _identifier, _missing, _invalid, _many_values, _spellings, _outliers, _zeros,
)  # fmt: skip


def _leaks(associations: Sequence[Association], target: str) -> Iterator[Finding]:
    for one in associations:
        if one.value >= _LEAK:
            text = (
                f"{one.column} all but tells {target} ({_measure(one)} {one.value:.3f}). Is it known when"
                " a prediction is asked for? If not, it leaks the answer: leave it out."
            )
            yield Finding("error", "leak", text, (one.column,))
        elif one.gaps >= _GAPS_TELL:
            text = (
                f"Whether {one.column} has a value all but tells {target} (Cramér's V {one.gaps:.3f}): it may be"
                " filled in only after the answer is known."
            )
            yield Finding("error", "leak", text, (one.column,))


def _same(correlations: Sequence[Correlation], target: str) -> Iterator[Finding]:
    for one in correlations:
        if abs(one.pearson) >= _SAME and target not in {one.first, one.second}:
            text = f"{one.first} and {one.second} say the same (correlation {one.pearson:.4f}). One of them is enough."
            yield Finding("note", "same", text, (one.first, one.second))


def _of_target(profile: Profile) -> Iterator[Finding]:
    if not profile.target:
        return
    column = profile.column(profile.target)
    if column.missing:
        text = f"has no value in {column.missing:,} rows, from which nothing can be learned. Leave them out."
        yield _one("error", "target_missing", column, text)
    # The edges of a number with few values are these.
    counts = column.value_counts if column.values else column.counts[1:] if column.by_value else ()
    known = column.known
    if counts and known and len(counts) <= _TARGET_CLASSES and 0 < min(counts) < _RARE_CLASS * known:
        text = (
            f"has a class with {min(counts) / known:.1%} of the rows ({min(counts):,}). Split the data with"
            " stratify, and do not judge a model by its accuracy."
        )
        yield _one("warning", "imbalance", column, text)


def _duplicates(profile: Profile) -> Iterator[Finding]:
    if profile.duplicates > 0:
        text = (
            f"{profile.duplicates:,} rows are equal to an earlier one ({profile.duplicates / profile.rows:.1%})."
            " In two parts of a split they would make a model look better than it is."
        )
        yield Finding("warning", "duplicates", text)


def _one(level: str, kind: str, column: ColumnProfile, text: str) -> Finding:
    return Finding(level, kind, f"{column.name} {text}", (column.name,))


def _measure(one: Association) -> str:
    return "rank correlation" if one.measure == "spearman" else "Cramér's V"
