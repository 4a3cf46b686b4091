"""Runs of one or more blocks, one behind the other, as if they were of one.

A place in a sheet is a row, from 0; the blocks must not change while it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from treering.entities.grid import Cell
from treering.entities.run import Run
from treering.storage.metadata.columns.block import Block
from treering.storage.metadata.columns.column import (
    MISSING,
    Keys,
    Places,
    TextColumn,
    Unanswerable,
    float_keys,
    whole_keys,
)
from treering.storage.metadata.columns.numbers import Floats, Wholes, check_field, floats, wholes
from treering.storage.metadata.columns.ordering import sort_places
from treering.storage.metadata.search.paging import TEXT_ORDERED
from treering.storage.metadata.search.readers import RunReader
from treering.storage.metadata.search.syntax import Field, Kind, OrderTerm

__all__ = ["Coded", "Read", "Sheet", "whole_texts"]

Coded = tuple[Places, Sequence[str]]
"""For each row a place in the texts, -1 for none."""

Read = Callable[[Sequence[int]], Mapping[int, Run]]
"""Whole runs by their numbers."""

_READER = RunReader()
_MOST_LONG = 5000


class Sheet:
    """Rows of blocks.

    Args:
        parts: Blocks with the places in them that are rows.
        read: Reads whole runs, for texts of which a block holds the beginning alone.
    """

    def __init__(self, parts: Sequence[tuple[Block, Places]], read: Read) -> None:
        self._parts = parts
        self._read = read
        self._starts = np.cumsum([0, *(len(places) for _, places in parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def split(self, rows: Places | None) -> Iterator[tuple[int, Block, Places, Any]]:
        """For each block that has some of `rows`, or of all: its number, itself, their places in it, and which rows."""
        if len(self._parts) == 1:
            block, places = self._parts[0]
            yield 0, block, places if rows is None else places[rows], slice(None)
            return
        for number, (block, places) in enumerate(self._parts):
            start, end = int(self._starts[number]), int(self._starts[number + 1])
            if rows is None:
                yield number, block, places, slice(start, end)
                continue
            mine = np.flatnonzero((rows >= start) & (rows < end))
            if len(mine):
                yield number, block, places[rows[mine] - start], mine

    def count(self, rows: Places | None) -> int:
        """Of these rows, or of all."""
        return len(self) if rows is None else len(rows)

    def floats(self, field: Field, rows: Places | None = None) -> Floats:
        """Numbers of a field of kind NUMBER, as they are in each of `rows`. Raises Unanswerable."""
        check_field(field)
        values, present = np.full(self.count(rows), np.nan), np.zeros(self.count(rows), np.bool_)
        for _, block, places, where in self.split(rows):
            found = floats(block, field)
            if found is not None:
                values[where], present[where] = found[0][places], found[1][places]
        return values, present

    def wholes(self, field: Field, rows: Places | None = None) -> Wholes:
        """As `floats`, of the kinds of whole numbers."""
        check_field(field)
        values, present = np.zeros(self.count(rows), np.int64), np.zeros(self.count(rows), np.bool_)
        for _, block, places, where in self.split(rows):
            found = wholes(block, field)
            if found is not None:
                values[where], present[where] = found[0][places], found[1][places]
        return values, present

    def numbers(self, fields: Sequence[Field], rows: Places | None = None) -> Floats:
        """The first of `fields` that there is, as floats."""
        values, present = np.full(self.count(rows), np.nan), np.zeros(self.count(rows), np.bool_)
        for field in reversed(fields):
            found, there = self.floats(field, rows) if field.kind is Kind.NUMBER else self.wholes(field, rows)
            if len(fields) == 1:
                return found.astype(np.float64), there
            values, present = np.where(there, found, values), present | there
        return values, present

    def texts(self, field: Field, rows: Places | None = None) -> Coded:
        """Texts of a field of kind TEXT, whole. Raises Unanswerable."""
        check_field(field)
        joint: dict[str, int] = {}
        codes = np.full(self.count(rows), -1, np.int64)
        for _, block, places, where in self.split(rows):
            column = block.text(field.entity, field.key)
            if column is None:
                continue
            mine = column.codes[places]
            texts = whole_texts(block, field, column, places, self._read)
            if len(self._parts) == 1:
                return mine.astype(np.int64), texts
            # One more, for -1 to find.
            table = np.full(len(texts) + 1, -1, np.int64)
            for code in np.unique(mine[mine >= 0]).tolist():
                table[code] = joint.setdefault(texts[code], len(joint))
            codes[where] = table[mine]
        return codes, list(joint)

    def cells(self, fields: Sequence[Field], rows: Places) -> list[Cell]:
        """What a table shows: of the first of `fields` that there is."""
        shown: list[Cell] | None = None
        for field in reversed(fields):
            found = self._cells(field, rows)
            shown = found if shown is None else [
                behind if cell is None else cell for cell, behind in zip(found, shown, strict=True)
            ]  # fmt: skip
        return shown or []

    def _cells(self, field: Field, rows: Places) -> list[Cell]:
        if field.kind is Kind.TEXT:
            codes, texts = self.texts(field, rows)
            return [None if code < 0 else texts[code] for code in codes.tolist()]
        values, present = self.floats(field, rows) if field.kind is Kind.NUMBER else self.wholes(field, rows)
        cells: list[Cell] = values.tolist()
        if present.all():
            return cells
        return [cell if there else None for cell, there in zip(cells, present.tolist(), strict=True)]

    def ordered(self, order: Sequence[OrderTerm], rows: Places) -> Places:
        """`rows` in order. Raises Unanswerable."""
        if not len(rows):
            return rows
        return sort_places(self.sorting_keys, order, rows, self.sorting_keys(order[0], rows))

    def sorting_keys(self, term: OrderTerm, rows: Places) -> Keys:
        """As those of columns. Raises Unanswerable."""
        field, descending = term.field, term.descending
        check_field(field)
        if field.kind is Kind.TEXT:
            return self._text_keys(field, rows, descending=descending)
        if field.kind is Kind.NUMBER:
            values, there = self.floats(field, rows)
            keys = float_keys(values, descending=descending)
            keys[~there] = MISSING
            return keys
        found, present = self.wholes(field, rows)
        return whole_keys(found, present, descending=descending)

    def _text_keys(self, field: Field, rows: Places, *, descending: bool) -> Keys:
        """Of the beginnings, which is all that texts are ordered by."""
        if len(self._parts) == 1:
            block, places = self._parts[0]
            column = block.text(field.entity, field.key)
            if column is None:
                return np.full(len(rows), MISSING)
            return column.keys(places[rows], None, descending=descending)[0]
        joint: dict[str, int] = {}
        codes = np.full(len(rows), -1, np.int64)
        for _, block, places, where in self.split(rows):
            column = block.text(field.entity, field.key)
            if column is not None:
                used, inverse = np.unique(column.codes[places], return_inverse=True)
                heads = [None if code < 0 else column.texts[code][:TEXT_ORDERED] for code in used.tolist()]
                mine = [-1 if head is None else joint.setdefault(head, len(joint)) for head in heads]
                codes[where] = np.array(mine, np.int64)[inverse.reshape(-1)]
        ranks = np.zeros(len(joint) + 1, np.int64)
        for rank, head in enumerate(sorted(joint)):
            ranks[joint[head]] = rank
        keys: Keys = np.where(codes < 0, MISSING, ~ranks[codes] if descending else ranks[codes])
        return keys


def whole_texts(block: Block, field: Field, column: TextColumn, places: Places, read: Read) -> Sequence[str]:
    """The texts of a column, whole as far as they stand at `places`.

    Raises Unanswerable where a run that has one has been changed meanwhile, or where they are too many.
    """
    if not column.long:
        return column.texts
    used, first = np.unique(column.codes[places], return_index=True)
    wanted = {
        code: int(places[at]) for code, at in zip(used.tolist(), first.tolist(), strict=True) if code in column.long
    }
    if len(wanted) > _MOST_LONG:
        raise Unanswerable
    if not wanted:
        return column.texts
    numbers = block.numbers(np.array(list(wanted.values()), np.int64))
    runs = read(numbers)
    texts = list(column.texts)
    for code, number in zip(wanted, numbers, strict=True):
        found = _READER.values(runs[number], field) if number in runs else ()
        if not found or column.code(str(found[0])) != code:
            raise Unanswerable
        texts[code] = str(found[0])
    return texts
