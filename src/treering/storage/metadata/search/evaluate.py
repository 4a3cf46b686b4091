"""Answers a search over items in memory; what the memory driver does, and what the SQL driver is tested against."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from treering.core.errors import InvalidInput
from treering.entities.page import Page, Query
from treering.storage.metadata.search.paging import TEXT_ORDERED, Cursor, digest_of, read_token, write_token
from treering.storage.metadata.search.syntax import (
    COMPARE,
    And,
    Comparison,
    Condition,
    Field,
    Not,
    Operator,
    OrderTerm,
    Scalar,
    Search,
)

__all__ = ["Reader", "answer", "check_size", "compare", "like_pattern", "matches"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    **COMPARE,
    Operator.IN: lambda value, listed: value in listed,
    Operator.NOT_IN: lambda value, listed: value not in listed,
}


class Reader(Protocol[T_contra]):
    """How values are read out of items of one kind."""

    def values(self, item: T_contra, field: Field) -> Sequence[Scalar]:
        """All values that the item has for a field; none where it lacks the key."""
        ...

    def sort_value(self, item: T_contra, term: OrderTerm) -> Scalar | None:
        """The one value that the item is ordered by; an ID as an int."""
        ...


def like_pattern(pattern: str, *, ignore_case: bool) -> re.Pattern[str]:
    """A pattern with `%` and `_` as a regular expression for `fullmatch`; nothing escapes them."""
    pieces = {"%": ".*", "_": "."}
    folded = pattern.lower() if ignore_case else pattern
    return re.compile("".join(pieces.get(char, re.escape(char)) for char in folded), re.DOTALL)


def matches(condition: Condition | None, item: T, reader: Reader[T]) -> bool:
    """Whether `item` is found by `condition`."""
    if condition is None:
        return True
    if isinstance(condition, Comparison):
        return _holds(condition, reader.values(item, condition.field))
    if isinstance(condition, Not):
        return not matches(condition.part, item, reader)
    join = all if isinstance(condition, And) else any
    return join(matches(part, item, reader) for part in condition.parts)


def _holds(comparison: Comparison, values: Sequence[Scalar]) -> bool:
    if comparison.operator is Operator.IS_NULL:
        return not values
    if comparison.operator is Operator.IS_NOT_NULL:
        return bool(values)
    if comparison.operator in {Operator.LIKE, Operator.ILIKE}:
        ignore_case = comparison.operator is Operator.ILIKE
        pattern = like_pattern(str(comparison.value), ignore_case=ignore_case)
        texts = [str(value).lower() if ignore_case else str(value) for value in values]
        return any(pattern.fullmatch(text) for text in texts)
    return any(_COMPARE[comparison.operator](value, comparison.value) for value in values)


def compare(left: Cursor, right: Cursor, order: Sequence[OrderTerm]) -> int:
    """Below 0 where `left` comes first, above 0 where `right` does, 0 where they are equal."""
    for ours, theirs, term in zip(left, right, order, strict=True):
        our_class, their_class = _class(ours), _class(theirs)
        if our_class != their_class:
            return our_class - their_class
        if our_class == 0 and ours != theirs:
            smaller: bool = ours < theirs  # type: ignore[operator]  # values of one term are of one kind
            return 1 if smaller == term.descending else -1
    return 0


def _class(value: Scalar | None) -> int:
    """0 for what can be compared, 1 for NaN, 2 for a missing value."""
    if value is None:
        return 2
    return 1 if isinstance(value, float) and math.isnan(value) else 0


def check_size(query: Query) -> None:
    """Raises InvalidInput for a page of negative size."""
    if query.max_results < 0:
        msg = f"max_results is {query.max_results}; it must not be negative."
        raise InvalidInput(msg)


def answer(items: Iterable[T], search: Search, query: Query, reader: Reader[T], *scope: str) -> Page[T]:
    """One page of the items that `search` finds.

    Args:
        scope: What else distinguishes this search from others, for the page token.

    Raises:
        InvalidInput: If the page token belongs to another search.
    """
    check_size(query)
    digest = digest_of("", query, *scope)
    start = read_token(query.page_token, digest, search.order)

    def cursor(item: T) -> Cursor:
        values = (reader.sort_value(item, term) for term in search.order)
        return tuple(value[:TEXT_ORDERED] if isinstance(value, str) else value for value in values)

    def by_cursor(left: tuple[Cursor, T], right: tuple[Cursor, T]) -> int:
        return compare(left[0], right[0], search.order)

    found = [(cursor(item), item) for item in items if matches(search.condition, item, reader)]
    found.sort(key=functools.cmp_to_key(by_cursor))
    total = len(found) if query.with_total else None
    if start is not None:
        found = [pair for pair in found if compare(pair[0], start, search.order) > 0]
    page = found[: query.max_results]
    more = bool(page) and len(found) > len(page)
    return Page([item for _, item in page], write_token(digest, page[-1][0]) if more else "", total)
