"""Orders places of a block: the first few behind a cursor, without sorting the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import MISSING, Keys, Places, Unanswerable, float_keys, whole_keys
from treering.storage.metadata.columns.numbers import check_field, floats, wholes
from treering.storage.metadata.search.paging import TEXT_ORDERED, Cursor
from treering.storage.metadata.search.syntax import Kind, OrderTerm, Scalar

__all__ = ["behind", "check_order", "cursor_at", "leading", "sort_places"]

_LARGEST = (1 << 63) - 1


def check_order(order: Sequence[OrderTerm]) -> None:
    """Raises Unanswerable for a term that no column holds."""
    for term in order:
        check_field(term.field)
        if term.dataset is not None:
            raise Unanswerable


def leading(block: Block, order: Sequence[OrderTerm], places: Places, count: int) -> Places:
    """The first `count` of `places`, in order. Raises Unanswerable."""
    if not len(places) or count <= 0:
        return places[:0]
    keys, _ = _keys(block, order[0], places, None)

    def keys_of(term: OrderTerm, places: Places) -> Keys:
        return _keys(block, term, places, None)[0]

    if len(places) <= count:
        return sort_places(keys_of, order, places, keys)
    bound = np.partition(keys, count - 1)[count - 1]
    surely = keys < bound
    first = sort_places(keys_of, order, places[surely], keys[surely])
    tied = places[keys == bound]
    rest = tied if len(order) == 1 else leading(block, order[1:], tied, count - len(first))
    return np.concatenate((first, rest[: count - len(first)]))


def sort_places(
    keys_of: Callable[[OrderTerm, Places], Keys], order: Sequence[OrderTerm], places: Places, keys: Keys
) -> Places:
    """All of `places`, whose keys by the first term are `keys`; later ones are asked for only where it leaves it open."""
    by_first = np.argsort(keys, kind="stable")
    places, keys = places[by_first], keys[by_first]
    if len(order) == 1 or len(places) < 2:  # noqa: PLR2004  # one is in order
        return places
    same = keys[1:] == keys[:-1]
    if not same.any():
        return places
    tied = np.zeros(len(places), np.bool_)
    tied[1:] = same
    tied[:-1] |= same
    inner = places[tied]
    groups = [keys_of(term, inner) for term in reversed(order[1:])]
    places[tied] = inner[np.lexsort([*groups, keys[tied]])]
    return places


def behind(block: Block, order: Sequence[OrderTerm], places: Places, cursor: Cursor) -> Places:
    """Those of `places` that come behind `cursor`, in no order. Raises Unanswerable."""
    found = []
    for term, value in zip(order, cursor, strict=True):
        keys, bound = _keys(block, term, places, value)
        found.append(places[keys > bound])
        places = places[keys == bound]
        if not len(places):
            break
    return np.concatenate(found)


def cursor_at(block: Block, order: Sequence[OrderTerm], place: int) -> Cursor:
    """Where the run at `place` stands in the ordering."""
    return tuple(_value(block, term, place) for term in order)


def _value(block: Block, term: OrderTerm, place: int) -> Scalar | None:
    field = term.field
    if field.kind is Kind.TEXT:
        column = block.text(field.entity, field.key)
        text = None if column is None else column.text(place)
        return None if text is None else text[:TEXT_ORDERED]
    if field.kind is Kind.NUMBER:
        numbers = floats(block, field)
        return None if numbers is None or not numbers[1][place] else float(numbers[0][place] + 0.0)
    whole = wholes(block, field)
    return None if whole is None or not whole[1][place] else int(whole[0][place])


def _keys(block: Block, term: OrderTerm, places: Places, value: Scalar | None) -> tuple[Keys, int]:
    """Sorting keys, and the one of `value`. Raises Unanswerable."""
    field, descending = term.field, term.descending
    if field.kind is Kind.TEXT:
        column = block.text(field.entity, field.key)
        if column is None:
            return _nothing(places), MISSING if value is None else -1
        return column.keys(places, None if value is None else str(value), descending=descending)
    if field.kind is Kind.NUMBER:
        bound = MISSING if value is None else int(float_keys(np.array([float(value)]), descending=descending)[0])
        numbers = floats(block, field)
        if numbers is None:
            return _nothing(places), bound
        keys = float_keys(numbers[0][places], descending=descending)
        keys[~numbers[1][places]] = MISSING
        return keys, bound
    if value is not None and (not isinstance(value, int) or abs(value) > _LARGEST):
        raise Unanswerable
    bound = MISSING if value is None else int(~value if descending else value)
    whole = wholes(block, field)
    if whole is None:
        return _nothing(places), bound
    return whole_keys(whole[0][places], whole[1][places], descending=descending), bound


def _nothing(places: Places) -> Keys:
    return np.full(len(places), MISSING)
